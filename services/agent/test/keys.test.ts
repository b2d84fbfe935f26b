import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { openSigner, readKeystore, writeKeystore } from "@wattline/common/keys";
import { deviceAddress, isSignedByDevice, signAsDevice } from "@wattline/sdk/deviceKeys";
import { expect } from "chai";
import { Wallet } from "ethers";
import { afterEach, beforeEach, describe, it } from "mocha";
import { keccak256, toHex } from "viem";
import { Household } from "./support/folder.ts";

const DIGEST = keccak256(toHex("a reading"));

let household: Household;
beforeEach(() => {
  household = new Household();
});
afterEach(() => household.remove());

const read = (name = "device") =>
  readKeystore(household.place(`${name}.json`), household.place(`${name}.password`));

describe("A key file", () => {
  it("of either curve holds the key, readable by its owner only", async () => {
    for (const curve of ["secp256k1", "p256"] as const) {
      const written = await household.key(curve, curve);
      expect(read(curve)).to.deep.equal(written);
      expect(statSync(household.place(`${curve}.json`)).mode & 0o777).to.equal(0o600);
    }
  });

  it("on Ethereum's curve opens in other programs, and theirs opens here", async () => {
    // They spend 128 MB and a second on it.
    const { privateKey } = await household.key("device");
    const text = readFileSync(household.place("device.json"), "utf8");
    const wallet = Wallet.fromEncryptedJsonSync(text, "open sesame");
    expect(wallet.privateKey).to.equal(privateKey);

    const theirs = new Wallet(privateKey).encryptSync("open sesame");
    writeFileSync(household.place("theirs.json"), JSON.stringify(JSON.parse(theirs)), {
      mode: 0o600,
    });
    writeFileSync(household.place("theirs.password"), "open sesame", { mode: 0o600 });
    expect(read("theirs").privateKey).to.equal(privateKey);
  });

  it("takes 4 MB of memory and a tenth of a second for each password that is tried", async () => {
    const key = keccak256(toHex("a key"));
    const file = household.place("costly.json");
    await writeKeystore(file, "secp256k1", key, "open sesame");
    const { crypto } = JSON.parse(readFileSync(file, "utf8"));
    expect(crypto.kdfparams).to.include({ n: 4_096, r: 8, p: 6 });
  });

  it("that others may read is refused, with the command that mends it", async () => {
    await household.key("device");
    chmodSync(household.place("device.json"), 0o644);
    expect(() => read()).to.throw(`chmod 600 "${household.place("device.json")}"`);
  });

  it("is refused with a wrong password, when it is none, and never overwritten", async () => {
    await household.key("device");
    writeFileSync(household.place("device.password"), "sesame", { mode: 0o600 });
    expect(() => read()).to.throw("the password in");
    const text = readFileSync(household.place("device.json"), "utf8");
    for (const [n, why] of [
      [4_095, "a power of two"],
      [2 ** 21, "1 GiB at most"],
    ] as const) {
      const dear = text.replace(/"n":\d+/, `"n":${n}`);
      writeFileSync(household.place("device.json"), dear, { mode: 0o600 });
      expect(() => read()).to.throw(why);
    }
    writeFileSync(household.place("device.json"), "{}", { mode: 0o600 });
    expect(() => read()).to.throw("is no key file");
    let error: unknown;
    await household.key("device").catch((reason: unknown) => {
      error = reason;
    });
    expect(String(error)).to.contain("never overwritten");
  });
});

describe("A command that signs", () => {
  const key = keccak256(toHex("chip"));
  const address = deviceAddress("p256", key);

  it("is given the digest, and what it prints is checked", async () => {
    const signature = signAsDevice("p256", key, DIGEST);
    const script = household.place("chip.mjs");
    writeFileSync(
      script,
      `console.log(process.argv.at(-1) === "${DIGEST}" ? "${signature}" : "no")`,
    );
    const signer = openSigner({ command: [process.execPath, script, "--slot", "9a"], address });
    expect(await isSignedByDevice(address, DIGEST, await signer.sign(DIGEST))).to.equal(true);
    let error: unknown;
    await signer.sign(keccak256("0x01")).catch((reason: unknown) => {
      error = reason;
    });
    expect(String(error)).to.contain('printed "no"; expected a signature by');
  });
});
