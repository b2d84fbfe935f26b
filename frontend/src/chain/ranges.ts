import { inRanges, type RangeSize, rangeSize } from "@wattline/common/node";
import type { Client } from "viem";

/** What the node behind each client gives at once. */
const sizes = new WeakMap<Client, RangeSize>();

/**
 * Reads the blocks `from` to `to`, oldest first, in ranges as large as the node allows.
 * @param read Reads one range; both ends are included.
 * @throws What `read` throws for a single block, or for a reason that smaller ranges don't change; the signal's reason.
 */
export async function readInRanges<T>(
  client: Client,
  from: bigint,
  to: bigint,
  read: (from: bigint, to: bigint) => Promise<readonly T[]>,
  signal?: AbortSignal,
): Promise<T[]> {
  const size = sizes.get(client) ?? rangeSize();
  sizes.set(client, size);
  const found: T[] = [];
  const ranges = inRanges(
    Number(from),
    Number(to),
    (first, last) => read(BigInt(first), BigInt(last)),
    { size, signal },
  );
  for await (const { answer } of ranges) for (const one of answer) found.push(one);
  return found;
}
