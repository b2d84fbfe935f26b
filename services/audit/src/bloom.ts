import { type Hex, hexToBytes, keccak256 } from "viem";

/** Whether a block's bloom filter (yellow paper, 4.4.3) knows a log's address or topic. */
export function bloomHas(bloom: Hex, value: Hex): boolean {
  const bits = hexToBytes(bloom);
  const hash = hexToBytes(keccak256(value));
  return [0, 2, 4].every((at) => {
    const bit = (((hash[at] ?? 0) << 8) | (hash[at + 1] ?? 0)) & 2047;
    return (((bits[255 - (bit >> 3)] ?? 0) >> (bit & 7)) & 1) === 1;
  });
}

/** Some chains leave the filter empty. */
export const isBloomUsed = (bloom: Hex): boolean =>
  bloom.length === 514 && /[1-9a-f]/i.test(bloom.slice(2));
