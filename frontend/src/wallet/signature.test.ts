import { expect } from "chai";
import { concat, type Hex, hashMessage, numberToHex, parseSignature, slice } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { canonicalSignature } from "./signature.ts";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const account = privateKeyToAccount(`0x${"1".padStart(64, "0")}`);
const word = (value: bigint): Hex => numberToHex(value, { size: 32 });

/** The forms in which wallets give one signature. */
function formsOf(signature: Hex): Record<string, Hex> {
  const { r, s, yParity } = parseSignature(signature);
  const tail = (v: number) => numberToHex(v, { size: 1 });
  const high = word(ORDER - BigInt(s));
  return {
    "v of 27 or 28": signature,
    "v of 0 or 1": concat([r, s, tail(yParity)]),
    "v with a chain id": concat([r, s, tail(37 + yParity)]),
    "64 bytes": concat([r, word(BigInt(s) | (BigInt(yParity) << 255n))]),
    "a high s": concat([r, high, tail(28 - yParity)]),
    "a high s and v of 0 or 1": concat([r, high, tail(1 - yParity)]),
    "capital letters": `0x${signature.slice(2).toUpperCase()}`,
  };
}

describe("Signatures of wallets", () => {
  it("come out the same, however the wallet writes them", async () => {
    for (const text of ["one", "two", "three", "four"]) {
      const digest = hashMessage(text);
      const signature = await account.sign({ hash: digest });
      for (const [form, written] of Object.entries(formsOf(signature))) {
        const found = await canonicalSignature(written, digest, account.address);
        expect(found.toLowerCase(), form).to.equal(signature);
      }
    }
  });

  it("stay as they are when a contract wallet has made them", async () => {
    const digest = hashMessage("one");
    const other = privateKeyToAccount(`0x${"2".padStart(64, "0")}`);
    const signature = await other.sign({ hash: digest });
    const forms = formsOf(signature);
    const written = [
      ...Object.values(forms),
      // A Safe marks the kind of each owner's signature in v.
      concat([slice(signature, 0, 64), "0x1f"]),
      concat([signature, signature]),
      "0x" as const,
    ];
    for (const one of written) {
      expect(await canonicalSignature(one, digest, account.address)).to.equal(one);
    }
  });
});
