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
  stringToHex,
} from "viem";

/** The curves of device keys: Ethereum's own, and the one of secure elements (NIST P-256). */
export const CURVES = ["secp256k1", "p256"] as const;
export type Curve = (typeof CURVES)[number];

/** A P-256 signature includes the public key, since it can't be recovered: r, s, x, y of 32 bytes each. */
const P256_SIGNATURE_BYTES = 128;
const [SCALARS_BYTES, WORD_BYTES] = [64, 32];

/** The order of P-256. Source: FIPS 186-5 with SP 800-186, section 3.2.1.3. */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/**
 * A device's address: the Ethereum address of a secp256k1 key; for a P-256 key the last 20 bytes of
 * keccak256("P256", x, y), as `Meters` derives it.
 * @param privateKey 32 bytes.
 */
export function deviceAddress(curve: Curve, privateKey: Hex): Address {
  return curve === "p256"
    ? addressOfP256(coordinatesOf(P256.getPublicKey({ privateKey })))
    : lastBytes(coordinatesOf(Secp256k1.getPublicKey({ privateKey })));
}

/**
 * Signs an EIP-712 digest: 65 bytes (r, s, v) by a secp256k1 key, 128 bytes (r, s, x, y) with the low s by a P-256 key.
 */
export function signAsDevice(curve: Curve, privateKey: Hex, digest: Hex): Hex {
  if (curve === "secp256k1") {
    return Signature.toHex(Secp256k1.sign({ payload: digest, privateKey }));
  }
  const { r, s } = P256.sign({ payload: digest, privateKey, hash: false });
  return concat([word(r), word(lowS(s)), coordinatesOf(P256.getPublicKey({ privateKey }))]);
}

/**
 * Converts a secure element's output, x, y and r, s with any s, to the form of {@link signAsDevice}.
 * @param coordinates x and y, 64 bytes.
 * @param signature r and s, 64 bytes.
 */
export const p256Signature = (coordinates: Hex, signature: Hex): Hex =>
  concat([
    slice(signature, 0, WORD_BYTES),
    word(lowS(BigInt(slice(signature, WORD_BYTES)))),
    coordinates,
  ]);

/** Whether the key with the address `meter` signed the digest, on either curve. */
export async function isSignedByDevice(
  meter: Address,
  digest: Hex,
  signature: Hex,
): Promise<boolean> {
  if (size(signature) !== P256_SIGNATURE_BYTES) {
    const signer = await recoverAddress({ hash: digest, signature }).catch(() => undefined);
    return signer !== undefined && isAddressEqual(signer, meter);
  }
  const coordinates = slice(signature, SCALARS_BYTES);
  const [r, s] = [0, 32].map((start) => BigInt(slice(signature, start, start + WORD_BYTES)));
  if (r === undefined || s === undefined) return false;
  if (!isAddressEqual(addressOfP256(coordinates), meter)) return false;
  try {
    const publicKey = PublicKey.fromHex(concat(["0x04", coordinates]));
    // Only the low s is valid.
    return P256.verify({ payload: digest, publicKey, signature: { r, s }, hash: false });
  } catch {
    // Not a point on the curve.
    return false;
  }
}

/** The prefix separates the addresses of the two curves. */
const addressOfP256 = (coordinates: Hex): Address =>
  lastBytes(concat([stringToHex("P256"), coordinates]));

const lastBytes = (preimage: Hex): Address => getAddress(slice(keccak256(preimage), 12));

const coordinatesOf = (key: PublicKey.PublicKey): Hex =>
  PublicKey.toHex(key, { includePrefix: false });

const word = (value: bigint): Hex => `0x${value.toString(16).padStart(64, "0")}`;

/** Both s and order - s would verify; only the lower one is accepted, so that a signature has one form. */
const lowS = (s: bigint): bigint => (s > P256_ORDER / 2n ? P256_ORDER - s : s);
