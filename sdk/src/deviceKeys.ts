import * as P256 from "ox/P256";
import * as PublicKey from "ox/PublicKey";
import * as Secp256k1 from "ox/Secp256k1";
import * as Signature from "ox/Signature";
import {
  type Address,
  concat,
  getAddress,
  type Hex,
  isAddressEqual,
  keccak256,
  recoverAddress,
  size,
  slice,
} from "viem";

/** The curves of the keys inside meters: Ethereum's own, and the one that secure elements have (NIST P-256). */
export const CURVES = ["secp256k1", "p256"] as const;
export type Curve = (typeof CURVES)[number];

/** A signature by a P-256 key brings the key along: x, y, r, s of 32 bytes each. */
const P256_SIGNATURE_BYTES = 128;
const [COORDINATES_BYTES, WORD_BYTES] = [64, 32];

/** The order of P-256. Source: FIPS 186-5 with SP 800-186, section 3.2.1.3. */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/**
 * The address by which a device is known: of either curve the last 20 bytes of keccak256(x, y).
 * @param privateKey 32 bytes.
 */
export function deviceAddress(curve: Curve, privateKey: Hex): Address {
  const library = curve === "p256" ? P256 : Secp256k1;
  return addressOf(coordinatesOf(library.getPublicKey({ privateKey })));
}

/** Signs an EIP-712 digest: 65 bytes (r, s, v) by a secp256k1 key, 128 bytes (x, y, r, s) with the low s by a P-256 key. */
export function signAsDevice(curve: Curve, privateKey: Hex, digest: Hex): Hex {
  if (curve === "secp256k1") {
    return Signature.toHex(Secp256k1.sign({ payload: digest, privateKey }));
  }
  const { r, s } = P256.sign({ payload: digest, privateKey, hash: false });
  return concat([coordinatesOf(P256.getPublicKey({ privateKey })), word(r), word(lowS(s))]);
}

/**
 * Makes the form of {@link signAsDevice} of what a secure element gives: x, y and r, s, with whichever s.
 * @param coordinates x and y, 64 bytes.
 * @param signature r and s, 64 bytes.
 */
export const p256Signature = (coordinates: Hex, signature: Hex): Hex =>
  concat([
    coordinates,
    slice(signature, 0, WORD_BYTES),
    word(lowS(BigInt(slice(signature, WORD_BYTES)))),
  ]);

/** Whether the key that `meter` is the address of has signed the digest, on whichever curve it is. */
export async function isSignedByDevice(
  meter: Address,
  digest: Hex,
  signature: Hex,
): Promise<boolean> {
  if (size(signature) !== P256_SIGNATURE_BYTES) {
    const signer = await recoverAddress({ hash: digest, signature }).catch(() => undefined);
    return signer !== undefined && isAddressEqual(signer, meter);
  }
  const coordinates = slice(signature, 0, COORDINATES_BYTES);
  const [r, s] = [64, 96].map((start) => BigInt(slice(signature, start, start + WORD_BYTES)));
  if (r === undefined || s === undefined) return false;
  if (!isAddressEqual(addressOf(coordinates), meter)) return false;
  try {
    const publicKey = PublicKey.fromHex(concat(["0x04", coordinates]));
    // It takes the low s only.
    return P256.verify({ payload: digest, publicKey, signature: { r, s }, hash: false });
  } catch {
    // Not a point of the curve.
    return false;
  }
}

const addressOf = (coordinates: Hex): Address => getAddress(slice(keccak256(coordinates), 12));

const coordinatesOf = (key: PublicKey.PublicKey): Hex =>
  PublicKey.toHex(key, { includePrefix: false });

const word = (value: bigint): Hex => `0x${value.toString(16).padStart(64, "0")}`;

/** Both s and order - s are good: only the lower one is taken, so that a signature has one form. */
const lowS = (s: bigint): bigint => (s > P256_ORDER / 2n ? P256_ORDER - s : s);
