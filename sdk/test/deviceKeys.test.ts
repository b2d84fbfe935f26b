import { generateKeyPairSync, sign as nodeSign, verify as nodeVerify } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { concat, type Hex, keccak256, size, slice, stringToHex, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import {
  CURVES,
  deviceAddress,
  isSignedByDevice,
  p256Signature,
  signAsDevice,
} from "../src/deviceKeys.ts";

const key = (text: string): Hex => keccak256(toHex(text));

describe("A device key", () => {
  it("on secp256k1 is an Ethereum account", async () => {
    const account = privateKeyToAccount(key("roof"));
    const digest = key("reading");
    expect(deviceAddress("secp256k1", key("roof"))).to.equal(account.address);
    expect(signAsDevice("secp256k1", key("roof"), digest)).to.equal(
      await account.sign({ hash: digest }),
    );
  });

  it("on either curve is valid for its own digest only", async () => {
    for (const curve of CURVES) {
      const meter = deviceAddress(curve, key("roof"));
      const signature = signAsDevice(curve, key("roof"), key("reading"));
      expect(await isSignedByDevice(meter, key("reading"), signature)).to.equal(true);
      expect(await isSignedByDevice(meter, key("another"), signature)).to.equal(false);
      const other = deviceAddress(curve, key("neighbour"));
      expect(await isSignedByDevice(other, key("reading"), signature)).to.equal(false);
    }
  });

  it("on P-256 signs as others on that curve do, whichever s they choose", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const jwk = publicKey.export({ format: "jwk" });
    const coordinates = concat(
      [jwk.x ?? "", jwk.y ?? ""].map((part) => toHex(Buffer.from(part, "base64url"))),
    );
    // Node signs the SHA-256 of a message: that is the digest here.
    const message = Buffer.from("a reading");
    const digest = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", message)));
    const options = { dsaEncoding: "ieee-p1363" } as const;
    for (let i = 0; i < 8; i++) {
      const made = toHex(nodeSign("sha256", message, { key: privateKey, ...options }));
      const signature = p256Signature(coordinates, made);
      expect(size(signature)).to.equal(128);
      const meter = `0x${keccak256(concat([stringToHex("P256"), coordinates])).slice(26)}` as const;
      expect(await isSignedByDevice(meter, digest, signature)).to.equal(true);
      const plain = Buffer.from(slice(signature, 0, 64).slice(2), "hex");
      expect(nodeVerify("sha256", message, { key: publicKey, ...options }, plain)).to.equal(true);
    }
  });

  it("refuses a high s, a point off the curve, and bytes of any kind", async () => {
    const meter = deviceAddress("p256", key("roof"));
    const signature = signAsDevice("p256", key("roof"), key("reading"));
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const high = order - BigInt(slice(signature, 32, 64));
    const twin = concat([slice(signature, 0, 32), toHex(high, { size: 32 }), slice(signature, 64)]);
    expect(await isSignedByDevice(meter, key("reading"), twin)).to.equal(false);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 128, maxLength: 128 }), async (bytes) => {
        expect(await isSignedByDevice(meter, key("reading"), toHex(bytes))).to.equal(false);
      }),
    );
  });
});
