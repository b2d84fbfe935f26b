import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { type PlantedBug, plantedBugs } from "../solidity/planted.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const hardhat = join(
  dirname(createRequire(import.meta.url).resolve("hardhat/package.json")),
  "dist/src/cli.js",
);

/** The sources with a bug in them; throws when the sound code is not there, once. */
function plant({ file, from, to }: PlantedBug, sound: string): string {
  const parts = sound.split(from);
  if (parts.length !== 2) {
    throw new Error(`${file} has ${parts.length - 1} places like "${from}": mend planted.ts.`);
  }
  return parts.join(to);
}

/** Runs Hardhat in `folder`, and returns what it prints, also when it fails. */
const runHardhat = (folder: string, ...args: string[]): Promise<string> =>
  new Promise((resolve) => {
    // As often as in `npm test`: the bugs are to be found there.
    const { WATTLINE_DEEP: _, ...env } = process.env;
    execFile(process.execPath, [hardhat, ...args], { cwd: folder, env }, (_error, out, errors) =>
      resolve(out + errors),
    );
  });

/** A copy of what the invariant tests need of the project; other tests, and contracts for them, cost compilation. */
function copyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), "wattline-planted-"));
  const filter = (path: string) =>
    !/contracts\/test\/(?!TestEuro)\w+\.sol$/.test(path) &&
    (!path.endsWith(".t.sol") || path.endsWith("Invariants.t.sol"));
  const parts = ["contracts", "hardhat.config.ts", "ignition", "package.json", "scripts/setup"];
  for (const part of [...parts, "test/solidity"]) {
    cpSync(join(root, part), join(folder, part), { recursive: true, filter });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** What the invariant tests print with this bug, and only it, in the project in `folder`. */
async function testWith(bug: PlantedBug, folder: string): Promise<string> {
  const file = join(folder, bug.file);
  const sound = readFileSync(file, "utf8");
  writeFileSync(file, plant(bug, sound));
  try {
    const built = await runHardhat(folder, "build");
    expect(built).to.contain("Compiled");
    return await runHardhat(folder, "test", "solidity", "--no-compile");
  } finally {
    writeFileSync(file, sound);
  }
}

describe("Planted bugs", () => {
  it("break every promise, in code that is still there", () => {
    expect(plantedBugs.map((bug) => bug.promise)).to.deep.equal(
      plantedBugs.map((_, index) => index + 1),
    );
    for (const bug of plantedBugs) {
      expect(plant(bug, readFileSync(join(root, bug.file), "utf8"))).to.contain(bug.to);
    }
  });

  // Each needs contracts compiled once more.
  const describeWhenDeep = process.env.WATTLINE_DEEP === undefined ? describe.skip : describe;
  describeWhenDeep(
    "are found by the invariants (minutes to compile: in npm run test:deep)",
    function () {
      this.timeout(900_000);
      let folder: string;
      before(() => {
        folder = copyProject();
      });
      after(() => rmSync(folder, { recursive: true }));

      for (const bug of plantedBugs) {
        it(`(${bug.promise}) ${bug.what}`, async () => {
          const output = await testWith(bug, folder);

          const failures = output.slice(output.indexOf("failing"));
          expect(failures, output).to.contain("invariant_promisesAreKept");
          expect(failures, output).to.contain(`Error: (${bug.promise})`);
        });
      }
    },
  );
});
