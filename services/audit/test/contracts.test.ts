import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Finding } from "@wattline/sdk";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { FRAUDS } from "./support/frauds.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const hardhat = join(
  dirname(createRequire(import.meta.url).resolve("hardhat/package.json")),
  "dist/src/cli.js",
);
const run = promisify(execFile);
/** Packages of this repository that play and audit a history. */
const PACKAGES = ["sdk", "services/audit", "services/common", "services/community"];

/** Gives a copy of the repository the modules that are installed here, and its own packages. */
function linkModules(folder: string): void {
  const [installed, modules] = [join(root, "node_modules"), join(folder, "node_modules")];
  mkdirSync(join(modules, "@wattline"), { recursive: true });
  for (const name of readdirSync(installed)) {
    if (name !== "@wattline") symlinkSync(join(installed, name), join(modules, name));
  }
  for (const each of PACKAGES) {
    symlinkSync(join(folder, each), join(modules, "@wattline", basename(each)));
  }
}

/** The honest code with all frauds in it. */
function defraud(): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  for (const { file, from, to } of FRAUDS) {
    const parts = (sources.get(file) ?? readFileSync(join(root, file), "utf8")).split(from);
    if (parts.length !== 2)
      throw new Error(`${file} has ${parts.length - 1} places like "${from}".`);
    sources.set(file, parts.join(to));
  }
  return sources;
}

describe("Contracts that cheat", () => {
  it("are made of code that is still there", () => {
    expect(defraud().size).to.equal(3);
  });

  // They are compiled once more.
  const describeWhenDeep = process.env.WATTLINE_DEEP === undefined ? describe.skip : describe;
  describeWhenDeep("are found out (minutes to compile: in npm run test:deep)", function () {
    this.timeout(900_000);
    let folder: string;
    let story: {
      readonly findings: readonly Finding[];
      readonly committed: Record<string, string>;
    };

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "wattline-frauds-"));
      const parts = [
        "contracts",
        "hardhat.config.ts",
        "package.json",
        "ignition",
        "scripts",
        ...PACKAGES,
      ];
      for (const part of parts) {
        cpSync(join(root, part), join(folder, part), { recursive: true });
      }
      linkModules(folder);
      for (const [file, source] of defraud()) writeFileSync(join(folder, file), source);
      await run(process.execPath, [hardhat, "build"], { cwd: folder });
      const out = join(folder, "story.json");
      await run(process.execPath, ["services/audit/test/support/cheat.ts", out], {
        cwd: folder,
      });
      story = JSON.parse(readFileSync(out, "utf8"));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    for (const { what, check } of FRAUDS) {
      it(`${what}: ${check}`, () => {
        const transactions = story.findings
          .filter((finding) => finding.check === check)
          .map(({ transaction }) => transaction);
        expect(transactions).to.include(story.committed[check]);
      });
    }
  });
});
