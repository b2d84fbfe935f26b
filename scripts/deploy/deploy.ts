import path from "node:path";
import { writeWhole } from "@wattline/common/files";
import type { PublicClient } from "viem";
import { wattlineBeside } from "../../ignition/modules/Wattline.ts";
import {
  type Beginning,
  beginningIn,
  beginningOn,
  firstBlockOf,
  isAll,
  keepBeginning,
} from "./beginning.ts";
import { type Addresses, addressesOf, deploymentOf, SALT } from "./contracts.ts";
import { costLines } from "./cost.ts";
import { lostIn, resolveLost } from "./lostTransaction.ts";
import { expectChain, type Target, targetOf } from "./network.ts";
import type { DeployOptions } from "./options.ts";
import { forgetAttempt, overtakenBy } from "./overtaken.ts";
import { rehearse } from "./rehearsal.ts";
import { verifyAll } from "./verification.ts";

/** What a run says, and whether all of it was done. */
export interface Told {
  readonly lines: readonly string[];
  readonly isDone: boolean;
}

/**
 * Deploys Wattline as the options say, or only reckons what that takes.
 * @throws OptionsError when the node is of another chain; what Hardhat throws when the node fails: the same command then
 * goes on from where it was.
 */
export async function deploy(options: DeployOptions): Promise<Told> {
  const target = await targetOf(options);
  const { name, chainId, hre } = target;
  await hre.tasks.getTask("build").run({ noTests: true, quiet: true });
  const rehearsal = await rehearse(hre, target.chainType);
  const { addresses } = rehearsal;
  if (options.isDryRun) {
    const gasPriceWei = options.gasPriceWei ?? (await (await target.reader()).getGasPrice());
    return { lines: costLines(rehearsal, gasPriceWei, options), isDone: true };
  }

  const reader = await target.reader();
  await expectChain(reader, target);
  const fromBlock = await deployTo(target, reader, addresses);
  const file = path.join(options.out, `${chainId}.json`);
  const deployment = deploymentOf(addresses, chainId, fromBlock);
  writeWhole(file, `${JSON.stringify(deployment, undefined, 2)}\n`);
  const lines = [`Wattline is on ${name}, chain ${chainId}, at the addresses in ${file}.`];
  if (!options.verifies) return { lines, isDone: true };

  const failures = await verifyAll(target, addresses);
  if (failures.length === 0) {
    return { lines: [...lines, "All sources are verified."], isDone: true };
  }
  const retry = "These are not verified; the same command tries again:";
  return { lines: [...lines, retry, ...failures.map((each) => `  ${each}`)], isDone: false };
}

/**
 * Deploys what is not there yet.
 * @returns A block before all contracts.
 */
async function deployTo(
  { chainId, hre }: Target,
  reader: PublicClient,
  expected: Addresses,
): Promise<number> {
  const id = `chain-${chainId}`;
  const folder = path.join(hre.config.paths.ignition, "deployments", id);
  let begun = beginningIn(folder) ?? (await beginningOn(reader, expected));
  if (isAll(begun)) return firstBlockOf(begun);
  keepBeginning(folder, begun);
  const connection = await hre.network.create();
  const deployBeside = async ({ others }: Beginning): Promise<Addresses> => {
    const there = Object.fromEntries(others.map((name) => [name, expected[name]]));
    const deployed = await connection.ignition.deploy(wattlineBeside(there), {
      strategy: "create2",
      strategyConfig: { salt: SALT },
      deploymentId: id,
      displayUi: process.stdout.isTTY,
    });
    return addressesOf(deployed);
  };
  // A transaction that is resolved is not lost again, and others can create only so many contracts: this ends.
  const deployAll = (): Promise<Addresses> =>
    deployBeside(begun).catch(async (error: unknown) => {
      const lost = lostIn(error);
      if (lost !== undefined) {
        await resolveLost(hre, reader, id, lost, BigInt(begun.block));
        return deployAll();
      }
      const overtaken = await overtakenBy(error, folder, begun, reader, expected);
      if (overtaken.length === 0) throw error;
      for (const name of overtaken) await forgetAttempt(hre, id, name);
      begun = { ...begun, others: [...begun.others, ...overtaken] };
      keepBeginning(folder, begun);
      return deployAll();
    });
  try {
    const addresses = await deployAll();
    const wrong = Object.entries(addresses).find(
      ([contract, address]) => new Map(Object.entries(expected)).get(contract) !== address,
    );
    if (wrong !== undefined) {
      throw new Error(
        `${wrong.join(" is at ")}, where it would not be on other chains: it was begun with other code. Remove ${folder} to begin anew.`,
      );
    }
  } finally {
    await connection.close();
  }
  return firstBlockOf(begun);
}
