import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { type Address, type Hash, isAddress, type PublicClient } from "viem";

/** A transaction that Ignition was sending when the node was lost: its journal does not say whether it went out. */
export interface LostTransaction {
  /** What it deploys, by Ignition's name. */
  readonly futureId: string;
  readonly sender: Address;
  readonly nonce: number;
}

/** The number of Hardhat's error of that name, which Ignition throws before it continues a deployment. */
const TRANSACTION_LOST = 10_410;

/** The lost transaction of which an error tells; undefined for any other error. */
export function lostIn(error: unknown): LostTransaction | undefined {
  if (!(error instanceof Error && "number" in error && "messageArguments" in error))
    return undefined;
  if (error.number !== TRANSACTION_LOST || !isLost(error.messageArguments)) return undefined;
  const { futureId, sender, nonce } = error.messageArguments;
  return { futureId, sender, nonce };
}

const isLost = (facts: unknown): facts is LostTransaction =>
  typeof facts === "object" &&
  facts !== null &&
  "futureId" in facts &&
  typeof facts.futureId === "string" &&
  "nonce" in facts &&
  typeof facts.nonce === "number" &&
  "sender" in facts &&
  typeof facts.sender === "string" &&
  isAddress(facts.sender, { strict: false });

/**
 * Tells Ignition what became of a lost transaction, so that it can continue: the hash if it was mined, else that it has to be sent.
 * If it is mined later all the same, nothing is deployed twice, since the new one has the same nonce.
 * @param fromBlock A block before the deployment.
 */
export async function resolveLost(
  hre: HardhatRuntimeEnvironment,
  reader: PublicClient,
  deploymentId: string,
  lost: LostTransaction,
  fromBlock: bigint,
): Promise<void> {
  const txHash = await hashOf(reader, lost, fromBlock);
  const ignition = (task: string) => hre.tasks.getTask(["ignition", task]);
  if (txHash === undefined) {
    await ignition("wipe").run({ deploymentId, futureId: lost.futureId });
  } else {
    await ignition("track-tx").run({ deploymentId, txHash });
  }
}

/** The hash of a mined transaction, by its sender and nonce; undefined when it is not mined. */
async function hashOf(
  reader: PublicClient,
  { sender, nonce }: LostTransaction,
  fromBlock: bigint,
): Promise<Hash | undefined> {
  const isMinedAt = async (blockNumber: bigint): Promise<boolean> =>
    (await reader.getTransactionCount({ address: sender, blockNumber })) > nonce;
  let [before, at] = [fromBlock, await reader.getBlockNumber()];
  if (!(await isMinedAt(at))) return undefined;
  while (at - before > 1n) {
    const middle = (before + at) / 2n;
    if (await isMinedAt(middle)) at = middle;
    else before = middle;
  }
  const { transactions } = await reader.getBlock({ blockNumber: at, includeTransactions: true });
  const found = transactions.find(
    (each) => each.from.toLowerCase() === sender.toLowerCase() && each.nonce === nonce,
  );
  if (found === undefined) {
    throw new Error(`The node does not tell the transaction ${nonce} of ${sender} in block ${at}.`);
  }
  return found.hash;
}
