import type { Hex, PublicClient } from "viem";

/** The chain was reorganised while it was being read. */
export class MovedError extends Error {}

/**
 * Logs are read by the numbers of their blocks: they belong to a block, and to those before it, only if that stands when they
 * are read.
 * @throws MovedError when the block was replaced; what the node throws
 */
export async function requireStanding(
  client: PublicClient,
  { number, hash }: { readonly number: number; readonly hash: Hex },
): Promise<void> {
  const block = await client.getBlock({ blockNumber: BigInt(number) });
  if (block.hash === hash) return;
  throw new MovedError(`Block ${number} was replaced while the chain was being read.`);
}
