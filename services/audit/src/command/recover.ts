import { recover as recoverKey } from "tiny-secp256k1";
import { type Address, getAddress, type Hex, hexToBytes, keccak256, slice } from "viem";

/** Half of the curve's order: a signature with a higher s is none to the contracts. */
const MOST_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** The address whose key made a signature of 64 (ERC-2098) or 65 bytes, by a compiled curve; undefined when it is none. */
export function recoverAddress(digest: Hex, signature: Hex): Address | undefined {
  const bytes = hexToBytes(signature);
  if (bytes.length !== 64 && bytes.length !== 65) return undefined;
  const compact = bytes.slice(0, 64);
  let parity: number;
  if (bytes.length === 64) {
    parity = (compact[32] ?? 0) >> 7;
    compact[32] = (compact[32] ?? 0) & 0x7f;
  } else parity = (bytes[64] ?? 0) - 27;
  if (parity !== 0 && parity !== 1) return undefined;
  let s = 0n;
  for (const byte of compact.subarray(32)) s = (s << 8n) | BigInt(byte);
  if (s === 0n || s > MOST_S) return undefined;
  try {
    const key = recoverKey(hexToBytes(digest), compact, parity);
    if (key === null) return undefined;
    return getAddress(slice(keccak256(key.subarray(1)), 12));
  } catch {
    // A point that is not on the curve.
    return undefined;
  }
}
