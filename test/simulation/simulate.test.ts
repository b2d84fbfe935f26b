import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { readProfilesFile } from "../../scripts/community/profilesFile.ts";

const run = promisify(execFile);
const REAL_HOMES = "../shared/data/citylearn-2022/homes.csv";

interface Household {
  readonly name: string;
  readonly exportedWh: string;
  readonly importedWh: string;
  readonly soldWh: string;
  readonly boughtWh: string;
  readonly billBefore: string;
  readonly billAfter: string;
}

interface Summary {
  readonly slots: number;
  readonly readings: number;
  readonly reportedWh: string;
  readonly mintedWh: string;
  readonly tradedWh: string;
  readonly tradeableWh: string;
  readonly trades: number;
  readonly gasUsed: string;
  readonly households: readonly Household[];
  readonly checks: { readonly escrowSolvent: boolean; readonly energyConserved: boolean };
}

const sum = (values: readonly string[]): bigint =>
  values.reduce((total, value) => total + BigInt(value), 0n);

describe("npm run simulate", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "wattline-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function simulate(...args: string[]): Promise<Summary> {
    const out = path.join(folder, "out.json");
    await run(process.execPath, ["scripts/simulate.ts", ...args, "--json", out]);
    const summary: Summary = JSON.parse(readFileSync(out, "utf8"));
    return summary;
  }

  /** Runs it and returns what it said when it refused. */
  async function refusal(...args: string[]): Promise<string> {
    try {
      await run(process.execPath, ["scripts/simulate.ts", ...args]);
    } catch (error) {
      if (error instanceof Error && "stderr" in error) return String(error.stderr).trim();
      throw error;
    }
    throw new Error("It did not refuse.");
  }

  function expectSound(summary: Summary): void {
    const { households } = summary;
    expect(summary.checks).to.deep.equal({ escrowSolvent: true, energyConserved: true });
    expect(BigInt(summary.reportedWh)).to.equal(sum(households.map((home) => home.exportedWh)));
    expect(summary.mintedWh).to.equal(summary.reportedWh);
    expect(BigInt(summary.tradedWh)).to.equal(sum(households.map((home) => home.soldWh)));
    expect(BigInt(summary.tradedWh)).to.equal(sum(households.map((home) => home.boughtWh)));
    // Every neighbour takes what it can, so all that can be traded is.
    expect(summary.tradedWh).to.equal(summary.tradeableWh);
    expect(BigInt(summary.tradedWh) > 0n).to.equal(true);
    // Between the tariffs nobody is worse off than with the grid alone, but for a rounded base unit per trade.
    for (const home of households) {
      const slack = BigInt(summary.trades + summary.readings);
      expect(BigInt(home.billAfter) <= BigInt(home.billBefore) + slack, home.name).to.equal(true);
    }
  }

  it("plays a day of the built-in community", async function () {
    this.timeout(120_000);
    const summary = await simulate("--seed", "3");
    expect(summary.slots).to.equal(96);
    expectSound(summary);
  });

  it("repeats itself to the unit", async function () {
    this.timeout(120_000);
    expect(await simulate("--from", "2026-04-01")).to.deep.equal(
      await simulate("--from", "2026-04-01"),
    );
  });

  (existsSync(REAL_HOMES) ? it : it.skip)(
    "plays a day of 17 real homes, three without their roof (needs the file of real homes beside the project)",
    async function () {
      this.timeout(240_000);
      const consumers = ["home10", "home11", "home12"];
      const from = "2016-08-05";
      const summary = await simulate(
        "--profiles",
        REAL_HOMES,
        "--from",
        from,
        "--consumers",
        consumers.join(","),
      );
      expect(summary.slots).to.equal(96);
      expect(summary.households).to.have.length(17);
      expectSound(summary);
      const series = readProfilesFile(REAL_HOMES, { from, days: 1, consumers });
      for (const [index, home] of series.households.entries()) {
        const shown = summary.households[index];
        expect(shown?.exportedWh).to.equal(sum(home.exportedWh.map(String)).toString());
        expect(shown?.importedWh).to.equal(sum(home.importedWh.map(String)).toString());
        if (consumers.includes(home.name)) expect(shown?.exportedWh).to.equal("0");
      }
    },
  );

  describe("refuses before it sends anything", () => {
    it("a bad cell, by file, line and column, and leaves no output file", async () => {
      const file = path.join(folder, "homes.csv");
      writeFileSync(
        file,
        "start,a_load_wh,a_pv_wh\n2026-01-01T00:00,10,0\n2026-01-01T01:00,-5,0\n2026-01-01T02:00,1,1\n",
      );
      const before = readdirSync(folder);
      const said = await refusal(
        "--profiles",
        file,
        "--from",
        "2026-01-01",
        "--json",
        path.join(folder, "x.json"),
      );
      expect(said)
        .to.match(/homes\.csv.*3.*a_load_wh/s)
        .and.to.contain("-5");
      expect(readdirSync(folder)).to.deep.equal(before);
    });

    it("options it does not know, and values that are none", async () => {
      expect(await refusal("--colour", "blue")).to.contain("--colour");
      expect(await refusal("--days", "0")).to.contain("--days");
      expect(await refusal("--days", "one")).to.contain('"one"');
      expect(await refusal("--retail", "-1")).to.contain("--retail");
      expect(await refusal("--feed-in", "0.4", "--retail", "0.3")).to.contain("feed-in tariff");
      expect(await refusal("--from", "yesterday")).to.contain("yesterday");
      expect(await refusal("--consumers", "home1")).to.contain("--profiles");
    }).timeout(60_000);

    it("a chain that is not there", async () => {
      expect(await refusal("--rpc", "http://127.0.0.1:1")).to.contain(
        "No node answers at http://127.0.0.1:1",
      );
    }).timeout(60_000);
  });
});
