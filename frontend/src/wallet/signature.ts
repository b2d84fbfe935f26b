import {
  type Address,
  type Hex,
  hashTypedData,
  hexToNumber,
  isAddressEqual,
  serializeSignature,
  size,
  slice,
  type TypedDataDefinition,
} from "viem";
import { recoverAddress } from "viem/utils";

/** The order of secp256k1 (SEC 2, 2.4.1). */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
/** Bit 255 of the second word holds the parity in a compact signature (ERC-2098). */
const PARITY_BIT = 1n << 255n;

/**
 * A signature as contracts and relays take it: r, a low s, and v of 27 or 28. Wallets also give v as 0 or 1, or with a
 * chain id in it (EIP-155), 64 bytes (ERC-2098), or a high s.
 * @returns The signature as it is when it is not one of `account`'s own key: a contract wallet gives its bytes a meaning of
 * its own (ERC-1271).
 */
export async function canonicalSignature(
  signature: Hex,
  digest: Hex,
  account: Address,
): Promise<Hex> {
  const canonical = canonicalOf(signature);
  if (canonical === undefined || canonical === signature.toLowerCase()) return signature;
  const signer = await recoverAddress({ hash: digest, signature: canonical }).catch(
    () => undefined,
  );
  return signer !== undefined && isAddressEqual(signer, account) ? canonical : signature;
}

/** As {@link canonicalSignature}, of typed data (EIP-712). */
export const canonicalOfTypedData = (
  signature: Hex,
  data: TypedDataDefinition,
  account: Address,
): Promise<Hex> => canonicalSignature(signature, hashTypedData(data), account);

/** The same signature in its one form; undefined when it has another length or another v. */
function canonicalOf(signature: Hex): Hex | undefined {
  const length = size(signature);
  if (length !== 64 && length !== 65) return undefined;
  const r = slice(signature, 0, 32);
  const second = BigInt(slice(signature, 32, 64));
  const parity =
    length === 64 ? Number(second >> 255n) : parityOf(hexToNumber(slice(signature, 64)));
  if (parity === undefined) return undefined;
  const s = length === 64 ? second & (PARITY_BIT - 1n) : second;
  const isHigh = s > ORDER / 2n;
  return serializeSignature({
    r,
    s: `0x${(isHigh ? ORDER - s : s).toString(16).padStart(64, "0")}`,
    yParity: isHigh ? 1 - parity : parity,
  });
}

/** Whether the point of a signature has an odd y: 0 or 1; undefined when `v` does not say so. */
function parityOf(v: number): number | undefined {
  if (v === 0 || v === 1) return v;
  if (v === 27 || v === 28) return v - 27;
  return v >= 35 ? (v - 35) % 2 : undefined;
}
