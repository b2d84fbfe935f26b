import { type Hex, hexToBytes, keccak256 } from "viem";

/* A block's bloom filter (yellow paper, 4.4.3): three bits of 2048 for each address and topic of its logs. */

/** Where a value has its bits. */
export type BloomBits = readonly number[];

/** The bits of a log's address or topic. */
export function bloomBitsOf(value: Hex): BloomBits {
  const hash = hexToBytes(keccak256(value));
  return [0, 2, 4].map((at) => (((hash[at] ?? 0) << 8) | (hash[at + 1] ?? 0)) & 2047);
}

/** Whether a filter has all of some bits. */
export const hasBits = (bloom: Hex, bits: BloomBits): boolean =>
  bits.every((bit) => {
    // The first hexadecimal digit holds the four highest bits.
    const digit = Number.parseInt(bloom.charAt(2 + 511 - (bit >> 2)), 16);
    return ((digit >> (bit & 3)) & 1) === 1;
  });

/** Whether a block's filter knows a log's address or topic. */
export const bloomHas = (bloom: Hex, value: Hex): boolean => hasBits(bloom, bloomBitsOf(value));

/** Some chains leave the filter empty. */
export const isBloomUsed = (bloom: Hex): boolean =>
  bloom.length === 514 && /[1-9a-f]/i.test(bloom.slice(2));

/** A filter with more digits in use than this says "perhaps" to nearly everything. */
const MOST_DIGITS = 256;

/** Whether a filter is empty enough that its "perhaps" is worth a look at all receipts of its block. */
export const isTelling = (bloom: Hex): boolean =>
  bloom.slice(2).replaceAll("0", "").length <= MOST_DIGITS;
