import type { Hex } from "viem";

/** Calldata with one bit more in the word that begins at this byte. */
export function withBit(data: string, at: number, bit: bigint): Hex {
  const from = 2 + 2 * at;
  const word = BigInt(`0x${data.slice(from, from + 64)}`) | (1n << bit);
  return `0x${data.slice(2, from)}${word.toString(16).padStart(64, "0")}${data.slice(from + 64)}`;
}
