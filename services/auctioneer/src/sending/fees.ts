import type { PublicClient } from "viem";

/** What a transaction offers for gas, in wei. */
export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** A node takes a replacement only when both fees are at least a tenth higher (an eighth at some). */
const RAISE_PERCENT = 125n;

const LEAST_TIP = 1n;

/** Fees that suffice now and while the base fee doubles. */
export async function currentFees(client: PublicClient): Promise<Fees> {
  const [{ baseFeePerGas }, tip] = await Promise.all([
    client.getBlock(),
    client.estimateMaxPriorityFeePerGas(),
  ]);
  const maxPriorityFeePerGas = tip > LEAST_TIP ? tip : LEAST_TIP;
  return {
    maxFeePerGas: 2n * (baseFeePerGas ?? 0n) + maxPriorityFeePerGas,
    maxPriorityFeePerGas,
  };
}

/** Fees of a replacement: raised as nodes demand it, and not below what suffices now. */
export function raised(before: Fees, now: Fees): Fees {
  const raise = (fee: bigint, current: bigint): bigint => {
    const higher = (fee * RAISE_PERCENT + 99n) / 100n;
    return higher > current ? higher : current;
  };
  return {
    maxFeePerGas: raise(before.maxFeePerGas, now.maxFeePerGas),
    maxPriorityFeePerGas: raise(before.maxPriorityFeePerGas, now.maxPriorityFeePerGas),
  };
}
