import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { writeWhole } from "@wattline/common/files";
import type { PublicClient } from "viem";
import { CREATED, type Created } from "../../ignition/modules/Wattline.ts";
import type { Addresses } from "./contracts.ts";

/** What a deployment begins with. When it goes on Ignition has to be told the same, so it is kept beside its journal. */
export interface Beginning {
  /** A block before everything that this deployment sends. */
  readonly block: number;
  /** What others have created. Whoever does: the contracts are the same, and nobody has a power over them. */
  readonly others: readonly Created[];
}

/** A block before all contracts. What others have created could be there from the chain's beginning. */
export const firstBlockOf = ({ block, others }: Beginning): number =>
  others.length === 0 ? block : 0;

const fileIn = (folder: string) => path.join(folder, "beginning.txt");
const isCreated = (name: string): name is Created => name in CREATED;

/** The beginning of the deployment in a folder of Ignition's; undefined when there is none. */
export function beginningIn(folder: string): Beginning | undefined {
  if (!existsSync(fileIn(folder))) return undefined;
  const [block, ...names] = readFileSync(fileIn(folder), "utf8").split(" ");
  return { block: Number(block), others: names.filter(isCreated) };
}

export const keepBeginning = (folder: string, { block, others }: Beginning): void =>
  writeWhole(fileIn(folder), [block, ...others].join(" "));

/** The beginning of a deployment on a chain as it is now. */
export async function beginningOn(reader: PublicClient, expected: Addresses): Promise<Beginning> {
  const block = Number(await reader.getBlockNumber());
  return { block, others: await createdOn(reader, expected) };
}

/** What transactions create, as far as it is on the chain. */
export async function createdOn(
  reader: PublicClient,
  expected: Addresses,
): Promise<readonly Created[]> {
  const created = Object.keys(CREATED).filter(isCreated);
  const codes = await Promise.all(
    created.map((name) => reader.getCode({ address: expected[name] })),
  );
  return created.filter((_, index) => codes[index] !== undefined);
}

/** Whether there is nothing left to deploy. */
export const isAll = ({ others }: Beginning): boolean =>
  others.length === Object.keys(CREATED).length;
