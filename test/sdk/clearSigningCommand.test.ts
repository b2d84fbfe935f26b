import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { OptionsError } from "@wattline/common/options";
import { clearSigningFiles } from "@wattline/sdk";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { getAddress } from "viem";
import { readOptions } from "../../scripts/clearSigning/options.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const address = (byte: string) => getAddress(`0x${byte.repeat(20)}`);
const EURO = address("e0");
const deployment = {
  chainId: 31_337,
  marketplace: address("a1"),
  microgrids: address("a5"),
  meters: address("a2"),
  energy: address("a3"),
  board: address("a4"),
  fromBlock: 0,
};
const files = clearSigningFiles(deployment, { address: EURO, symbol: "EUR", decimals: 6 });

describe("`npm run clear-signing`", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "clear-signing-"));
    writeFileSync(path.join(folder, "deployment.json"), JSON.stringify(deployment));
    writeFileSync(path.join(folder, "broken.json"), JSON.stringify({ ...deployment, board: "?" }));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const run = (...args: string[]) =>
    spawnSync(process.execPath, [path.join(ROOT, "scripts/clearSigning.ts"), ...args], {
      cwd: folder,
      encoding: "utf8",
    });
  const inFolder = (arg: string) => (arg.endsWith(".json") ? path.join(folder, arg) : arg);
  const currency = `${EURO},EUR,6`;

  it("writes the files as the sdk makes them", () => {
    const args = ["--deployment", "deployment.json", "--currency", currency, "--out", "a/b"];
    const { status, stderr } = run(...args);
    expect(stderr).to.equal("");
    expect(status).to.equal(0);
    const out = path.join(folder, "a/b");
    expect(readdirSync(out)).to.have.members([...files.keys()]);
    for (const [name, file] of files) {
      expect(JSON.parse(readFileSync(path.join(out, name), "utf8"))).to.deep.equal(file);
    }
  });

  it("writes nothing and says what is wrong", () => {
    const good = ["--deployment", "deployment.json", "--out", "none"];
    for (const [args, word] of [
      [good, "--currency is missing"],
      [[...good, "--currency", "EUR,6"], 'not "EUR,6"'],
      [[...good, "--currency", `${EURO},EUR,six`], 'not "six"'],
      [[...good, "--currency", currency, "--microgrids", "0"], 'not "0"'],
      [["--deployment", "gone.json", "--currency", currency, "--out", "none"], "gone.json"],
      [["--deployment", "broken.json", "--currency", currency, "--out", "none"], "board"],
      [[...good, "--colour", "red"], "--colour"],
    ] as const) {
      expect(() => readOptions(args.map(inFolder))).to.throw(OptionsError, word);
    }
    const { status, stderr } = run(...good);
    expect(status).to.equal(1);
    expect(stderr).to.match(/^--currency is missing\.\n/);
    expect(readdirSync(folder)).not.to.include("none");
  });
});
