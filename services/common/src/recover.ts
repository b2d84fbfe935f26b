import { recover as recoverKey } from "tiny-secp256k1";
import { type Address, bytesToHex, type Hex, hexToBytes } from "viem";
import { publicKeyToAddress } from "viem/accounts";

/** Half the curve's order: a valid signature has the lower s, so that it has one form only. */
const HIGHEST_S = hexToBytes("0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");

/**
 * The signer of a 64-byte (ERC-2098) or 65-byte signature, by the contracts' rule; undefined when it is invalid:
 * another length, a high s, a recovery byte other than 27 and 28, not a point on the curve.
 */
export function recoverAddress(digest: Hex, signature: Hex): Address | undefined {
  const bytes = hexToBytes(signature);
  const parity = parityOf(bytes);
  if (parity === undefined) return undefined;
  const plain = bytes.slice(0, 64);
  if (bytes.length === 64) plain[32] = (plain[32] ?? 0) & 0x7f;
  if (Buffer.compare(plain.subarray(32), HIGHEST_S) > 0) return undefined;
  try {
    const key = recoverKey(hexToBytes(digest), plain, parity, false);
    return key === null ? undefined : publicKeyToAddress(bytesToHex(key));
  } catch {
    // r or s is zero or exceeds the curve's order.
    return undefined;
  }
}

function parityOf(signature: Uint8Array): 0 | 1 | undefined {
  if (signature.length === 64) return ((signature[32] ?? 0) >> 7) & 1 ? 1 : 0;
  if (signature.length !== 65) return undefined;
  return signature[64] === 27 ? 0 : signature[64] === 28 ? 1 : undefined;
}
