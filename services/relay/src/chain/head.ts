import type { PublicClient } from "viem";
import type { Head } from "./snapshot.ts";

/** A block as orders are judged at it. @throws what the RPC throws, above all when there is no such block */
export async function headAt(
  client: PublicClient,
  block: number | "latest" | Pick<Head, "hash">,
): Promise<Head> {
  const { number, hash, timestamp } = await client.getBlock(
    typeof block === "object"
      ? { blockHash: block.hash }
      : block === "latest"
        ? { blockTag: block }
        : { blockNumber: BigInt(block) },
  );
  if (number === null || hash === null) throw new Error("The node has given a pending block.");
  return { number: Number(number), hash, time: Number(timestamp) };
}
