import { p256 } from "@noble/curves/p256";
import {
  type Address,
  concat,
  getAddress,
  type Hex,
  hexToBytes,
  keccak256,
  slice,
  toHex,
} from "viem";

/** A device with a P-256 key, as secure elements have one. */
export interface SecureElement {
  readonly address: Address;
  readonly x: Hex;
  readonly y: Hex;
  /** The signature of a digest as a meter sends it: r, s, x, y. */
  sign(digest: string): Hex;
  /** The same with n - s in the place of s, which the curve takes for as good. */
  signHigh(digest: string): Hex;
}

/** A secure element whose key follows from its name. */
export function secureElement(name: string): SecureElement {
  const secret = hexToBytes(keccak256(toHex(name)));
  const point = toHex(p256.getPublicKey(secret, false));
  const [x, y] = [slice(point, 1, 33), slice(point, 33)];
  const address = getAddress(slice(keccak256(concat([toHex("P256"), x, y])), 12));
  const signed = (digest: string) => p256.sign(digest.slice(2), secret, { lowS: true });
  const packed = (r: bigint, s: bigint): Hex =>
    concat([toHex(r, { size: 32 }), toHex(s, { size: 32 }), x, y]);
  return {
    address,
    x,
    y,
    sign: (digest) => {
      const { r, s } = signed(digest);
      return packed(r, s);
    },
    signHigh: (digest) => {
      const { r, s } = signed(digest);
      return packed(r, p256.CURVE.n - s);
    },
  };
}
