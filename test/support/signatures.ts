import {
  type Hex,
  isHex,
  numberToHex,
  parseSignature,
  serializeCompactSignature,
  serializeSignature,
  signatureToCompactSignature,
} from "viem";

const SECP256K1_N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** A string from ethers as viem wants it. */
export function hex(value: string): Hex {
  if (!isHex(value)) throw new TypeError(`${value} is not hexadecimal.`);
  return value;
}

/** The same signature in 64 bytes (ERC-2098). */
export const compact = (signature: Hex): Hex =>
  serializeCompactSignature(signatureToCompactSignature(parseSignature(signature)));

/** The other signature that the same key could have made: mathematically as good, and refused for that. */
export function withHighS(signature: Hex): Hex {
  const { r, s, yParity } = parseSignature(signature);
  const mirrored = numberToHex(SECP256K1_N - BigInt(s), { size: 32 });
  return serializeSignature({ r, s: mirrored, yParity: 1 - yParity });
}
