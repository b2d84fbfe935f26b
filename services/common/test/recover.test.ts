import { expect } from "chai";
import { describe, it } from "mocha";
import {
  concat,
  type Hex,
  hexToBigInt,
  keccak256,
  numberToHex,
  parseSignature,
  serializeCompactSignature,
  signatureToCompactSignature,
  toHex,
} from "viem";
import { privateKeyToAddress, sign } from "viem/accounts";
import { recoverAddress } from "../src/recover.ts";

const ORDER_OF_CURVE = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe("A signature's key", () => {
  it("is found by the contracts' rule: one form of each signature, in 64 or 65 bytes", async () => {
    for (let n = 0; n < 20; n++) {
      const privateKey = keccak256(toHex(`key ${n}`));
      const digest = keccak256(toHex(`digest ${n}`));
      const signer = privateKeyToAddress(privateKey);
      const signature = await sign({ hash: digest, privateKey, to: "hex" });
      expect(recoverAddress(digest, signature)).to.equal(signer);
      const parts = parseSignature(signature);
      const compact = serializeCompactSignature(signatureToCompactSignature(parts));
      expect(recoverAddress(digest, compact)).to.equal(signer);

      const { r, s, yParity } = parts;
      const otherS = numberToHex(ORDER_OF_CURVE - hexToBigInt(s), { size: 32 });
      const twin = concat([r, otherS, toHex(28 - yParity)]);
      expect(recoverAddress(digest, twin), "with the higher s").to.equal(undefined);
      expect(recoverAddress(digest, concat([r, s, toHex(yParity)])), "v of 0 or 1").to.equal(
        undefined,
      );
      expect(recoverAddress(digest, `${signature}00`), "too long").to.equal(undefined);
    }
  });

  it("is none for numbers of no curve", () => {
    const digest = keccak256("0x");
    const zero = numberToHex(0n, { size: 32 });
    const most = numberToHex(2n ** 256n - 1n, { size: 32 });
    const none: readonly Hex[] = ["0x", concat([zero, zero, "0x1b"]), concat([most, zero, "0x1b"])];
    for (const signature of none) {
      expect(recoverAddress(digest, signature)).to.equal(undefined);
    }
  });
});
