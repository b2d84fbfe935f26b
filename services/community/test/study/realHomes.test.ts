import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { after, describe, it } from "mocha";
import { type Figures, figuresOf } from "../../src/study/figures.ts";
import { readStudyOptions } from "../../src/study/options.ts";
import { runStudy } from "../../src/study/run.ts";

const FILE = fileURLToPath(
  new URL("../../../../../shared/data/citylearn-2022/homes.csv", import.meta.url),
);
const isThere = existsSync(FILE);
const reason = isThere ? "" : " (needs the file of real homes beside the project)";
const isDeep = process.env.WATTLINE_DEEP === "1";

/** Without --days, the whole year. */
describe(`A study of 17 real homes${reason}`, () => {
  const out = mkdtempSync(path.join(tmpdir(), "wattline-study-"));
  after(() => rmSync(out, { recursive: true, force: true }));

  async function figures(...args: string[]): Promise<Figures> {
    const options = await readStudyOptions([
      ...["--profiles", FILE, "--out", out, "--weeks", "0"],
      ...args,
    ]);
    if (options === "help") throw new Error("Options expected.");
    return figuresOf(await runStudy(options, new AbortController().signal));
  }

  (isThere ? it : it.skip)("trades all that can be, and reaches the optimum", async function () {
    this.timeout(600_000);
    const { tradedShare, valueShare, worseSlots, worseHomes, billsDown } = await figures(
      ...(isDeep ? [] : ["--days", "14"]),
    );
    expect(tradedShare).to.be.at.least(0.999);
    expect(valueShare).to.be.at.least(0.98);
    expect(billsDown).to.be.at.least(0.05);
    expect([worseSlots, worseHomes]).to.deep.equal([0, []]);
  });

  (isThere && isDeep ? it : it.skip)(
    "reaches nine tenths of the optimum with batteries, and nobody is worse off than alone",
    async function () {
      this.timeout(3_600_000);
      const { valueShare, worseSlots, worseHomes } = await figures("--batteries");
      expect(valueShare).to.be.at.least(0.9);
      expect([worseSlots, worseHomes]).to.deep.equal([0, []]);
    },
  );
});
