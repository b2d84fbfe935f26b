import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { PublicClient } from "viem";
import { CREATED, type Created } from "../../ignition/modules/Wattline.ts";
import { type Beginning, createdOn } from "./beginning.ts";
import type { Addresses } from "./contracts.ts";

/** Hardhat's errors when a transaction of Ignition's has failed, and when Ignition knows nothing of what it shall forget. */
const [DEPLOYMENT_FAILED, NOTHING_TO_WIPE] = [10_120, 10_601];

const hasNumber = (error: unknown, number: number): boolean =>
  error instanceof Error && "number" in error && error.number === number;

const idOf = (name: Created) => `Wattline#${CREATED[name]}`;

/**
 * What others have created since a deployment began, where that is why it has failed: nobody can create a contract a second
 * time.
 * @param folder Ignition's, of this deployment.
 */
export async function overtakenBy(
  error: unknown,
  folder: string,
  begun: Beginning,
  reader: PublicClient,
  expected: Addresses,
): Promise<readonly Created[]> {
  if (!hasNumber(error, DEPLOYMENT_FAILED)) return [];
  const file = path.join(folder, "deployed_addresses.json");
  const own: object = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  const created = await createdOn(reader, expected);
  return created.filter((name) => !begun.others.includes(name) && !(idOf(name) in own));
}

/** Has Ignition forget that it has tried to create a contract. */
export async function forgetAttempt(
  hre: HardhatRuntimeEnvironment,
  deploymentId: string,
  name: Created,
): Promise<void> {
  try {
    const wipe = hre.tasks.getTask(["ignition", "wipe"]);
    await wipe.run({ deploymentId, futureId: idOf(name) });
  } catch (error) {
    if (!hasNumber(error, NOTHING_TO_WIPE)) throw error;
  }
}
