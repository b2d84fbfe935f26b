import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import {
  buildContracts,
  jsonOf,
  openChain,
  play,
  readOptions,
} from "@wattline/community/simulation";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { startAnvil } from "../../../../scripts/simulate/anvil.ts";
import { generateCommunity } from "../../src/profiles/generate.ts";
import { readProfilesFile } from "../../src/profiles/profilesFile.ts";
import { ISLAND_RATION_WH } from "../../src/simulation/tariffs.ts";

const run = promisify(execFile);
const REAL_HOMES = "../shared/data/citylearn-2022/homes.csv";

interface Household {
  readonly name: string;
  readonly microgrid: number;
  readonly exportedWh: string;
  readonly importedWh: string;
  readonly soldWh: string;
  readonly soldToGridWh: string;
  readonly boughtWh: string;
  readonly unservedWh: string;
  readonly earnedOverFeedInMillis: string;
  readonly savedAgainstRetailMillis: string;
  readonly billBeforeMillis: string;
  readonly billAfterMillis: string;
}

interface Summary {
  readonly market: string;
  readonly slots: number;
  readonly readings: number;
  readonly reportedWh: string;
  readonly mintedWh: string;
  readonly lostWh: string;
  readonly tradedWh: string;
  readonly tradeableWh: string;
  readonly notNeededWh: string;
  readonly tradeableShare: string;
  readonly trades: number;
  readonly averagePricePerKwh: string;
  readonly volumeWeightedPricePerKwh: string;
  readonly unservedCriticalWh: string;
  readonly shortfallWh: string;
  readonly bondPaidMillis: string;
  readonly gasUsed: string;
  readonly households: readonly Household[];
  readonly checks: { readonly escrowSolvent: boolean; readonly energyConserved: boolean };
}

const sum = (values: readonly string[]): bigint =>
  values.reduce((total, value) => total + BigInt(value), 0n);

describe("npm run simulate", function () {
  this.timeout(600_000);
  let folder = "";
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "wattline-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** By the command itself. */
  async function simulateByCommand(...args: string[]): Promise<Summary> {
    const out = path.join(folder, "out.json");
    await run(process.execPath, ["scripts/simulate.ts", ...args, "--json", out]);
    const summary: Summary = JSON.parse(readFileSync(out, "utf8"));
    return summary;
  }

  /** Planned, by what the command calls, which spares the start of a process. */
  async function plan(...args: string[]): Promise<Summary> {
    const options = await readOptions(["--planned", ...args]);
    if (options === "help") throw new Error("Nobody asked for help.");
    const [{ firstSlot, slotSeconds }] = options.communities;
    await buildContracts();
    const chain = await openChain(options.rpc, firstSlot * slotSeconds);
    try {
      const { summary } = await play(chain, options, new AbortController().signal);
      const shown: Summary = JSON.parse(jsonOf(summary));
      return shown;
    } finally {
      await chain.close();
    }
  }

  /** Runs the command and returns what it said when it refused. */
  async function refusal(...args: string[]): Promise<string> {
    try {
      await run(process.execPath, ["scripts/simulate.ts", ...args]);
    } catch (error) {
      if (error instanceof Error && "stderr" in error) return String(error.stderr).trim();
      throw error;
    }
    throw new Error("It did not refuse.");
  }

  /** What is said when options are refused. */
  const wrong = (...args: string[]): Promise<string> =>
    readOptions(args).then(
      () => {
        throw new Error("It did not refuse.");
      },
      (error: Error) => error.message,
    );

  /** What holds after every run: nothing is lost but on the tie line, and what one neighbour sold another bought. */
  function expectSound(summary: Summary): void {
    const { households } = summary;
    const lostWh = BigInt(summary.lostWh);
    expect(summary.checks).to.deep.equal({ escrowSolvent: true, energyConserved: true });
    expect(BigInt(summary.reportedWh)).to.equal(sum(households.map((home) => home.exportedWh)));
    expect(BigInt(summary.mintedWh) + lostWh).to.equal(BigInt(summary.reportedWh));
    expect(BigInt(summary.tradedWh)).to.equal(sum(households.map((home) => home.soldWh)));
    expect(BigInt(summary.tradedWh)).to.equal(
      sum(households.map((home) => home.boughtWh)) + lostWh,
    );
    expect(BigInt(summary.tradedWh) > 0n).to.equal(true);
    const usedWh = BigInt(summary.tradedWh) - BigInt(summary.notNeededWh);
    expect(usedWh <= BigInt(summary.tradeableWh)).to.equal(true);
    const share = Number(usedWh) / Number(summary.tradeableWh);
    expect(Number(summary.tradeableShare)).to.be.within(share - 0.0001, share);
    expect(summary.volumeWeightedPricePerKwh).to.equal(summary.averagePricePerKwh);
  }

  /** Between the tariffs nobody is worse off than with the grid alone, to the thousandth. */
  function expectNobodyWorseOff({ households }: Summary): void {
    for (const { name, billBeforeMillis, billAfterMillis } of households) {
      expect(BigInt(billAfterMillis) <= BigInt(billBeforeMillis), name).to.equal(true);
    }
  }

  /** Every neighbour takes what it can, so all that can be traded is. */
  function expectAllTraded(summary: Summary): void {
    expect(summary.tradedWh).to.equal(summary.tradeableWh);
    expect(summary.tradeableShare).to.equal("1.0000");
    expectNobodyWorseOff(summary);
  }

  it("plays a day of the built-in community, and again to the same units", async () => {
    const summary = await simulateByCommand("--planned", "--seed", "3");
    expect(summary.slots).to.equal(96);
    expect(summary.market).to.equal("accept");
    expectSound(summary);
    expectAllTraded(summary);
    for (const key of ["lostWh", "unservedCriticalWh", "shortfallWh", "bondPaidMillis"] as const) {
      expect(summary[key], key).to.equal("0");
    }
    expect(await plan("--seed", "3")).to.deep.equal(summary);
  });

  (existsSync(REAL_HOMES) ? it : it.skip)(
    "plays a day of 17 real homes, three without their roof (needs the file of real homes beside the project)",
    async () => {
      const consumers = ["home10", "home11", "home12"];
      const from = "2016-08-05";
      const summary = await plan(
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
      expectAllTraded(summary);
      const series = readProfilesFile(REAL_HOMES, { from, days: 1, consumers });
      for (const [index, home] of series.households.entries()) {
        const shown = summary.households[index];
        expect(shown?.exportedWh).to.equal(sum(home.exportedWh.map(String)).toString());
        expect(shown?.importedWh).to.equal(sum(home.importedWh.map(String)).toString());
        if (consumers.includes(home.name)) expect(shown?.exportedWh).to.equal("0");
      }
    },
  );

  it("clears limits in batches, at the community price", async () => {
    const summary = await plan("--market", "settle");
    expect(summary.market).to.equal("settle");
    expectSound(summary);
    expectAllTraded(summary);
    // The middle between the tariffs, whatever anybody's limit.
    expect(summary.averagePricePerKwh).to.equal("200000");
    const earned = sum(summary.households.map((home) => home.earnedOverFeedInMillis));
    expect(earned).to.equal(120_000n * BigInt(summary.tradedWh));
    expect(sum(summary.households.map((home) => home.savedAgainstRetailMillis))).to.equal(earned);
  });

  it("is played by the homes' agents, and by the auctioneer or by people who accept, also while the retail tariff changes by the hour and through an outage that begins and ends within a block", async () => {
    const file = path.join(folder, "hourly.csv");
    const rows = Array.from({ length: 24 }, (_, hour) => {
      const start = `2026-06-21T${`${hour}`.padStart(2, "0")}:00`;
      const roofs = hour >= 10 && hour <= 16 ? "0,2000,0,1000" : "0,0,0,0";
      return `${start},${roofs},1000,1200,55,${hour % 2 === 0 ? "0.30" : "0.40"}`;
    });
    const header =
      "start,a_load_wh,a_pv_wh,b_load_wh,b_pv_wh,c_load_wh,d_load_wh,e_load_wh,retail_price_eur_per_kwh";
    writeFileSync(file, [header, ...rows].join("\n"));
    const outage = ["--outage", "2026-06-21T12:00..2026-06-21T15:00"];
    const byMarket = (market: string) =>
      simulateByCommand("--profiles", file, "--market", market, ...outage);
    const summary = await byMarket("settle");
    expect(summary.market).to.equal("settle");
    expectSound(summary);
    // In three of seven hours c, the critical load, has all it needs, d its ration, and nobody buys what is left.
    const rationWh = 4n * ISLAND_RATION_WH;
    const [usualWh, islandedWh] = [1_000n + 1_200n + 55n, 1_000n + rationWh + 55n];
    const [cheapWh, dearWh] = [2n * usualWh + 2n * islandedWh, 2n * usualWh + islandedWh];
    const tradedWh = cheapWh + dearWh;
    expect(summary.tradedWh).to.equal(`${tradedWh}`);
    expect(summary.averagePricePerKwh).to.equal(
      `${(cheapWh * 190_000n + dearWh * 240_000n) / tradedWh}`,
    );
    // By each hour's schedule.
    const toGrid = sum(summary.households.map((home) => home.soldToGridWh));
    expect(toGrid).to.equal(4n * (3_000n - usualWh));
    expect(summary.unservedCriticalWh).to.equal("0");
    const unserved = sum(summary.households.map((home) => home.unservedWh));
    expect(unserved).to.equal(3n * (1_200n - rationWh));

    const accepted = await byMarket("accept");
    expectSound(accepted);
    const { tradedWh: sameWh, unservedCriticalWh } = summary;
    expect(accepted).to.include({ market: "accept", tradedWh: sameWh, unservedCriticalWh });
    // Both sellers posted a price of their own, and the cheaper one sells out first.
    const [a, b] = accepted.households.map(({ soldWh }) => BigInt(soldWh));
    expect(new Set([a, b])).not.to.include(0n);
    expect(accepted.averagePricePerKwh).not.to.equal(summary.averagePricePerKwh);
  });

  it("is played by agents to the end of data that end within a block", async () => {
    const file = path.join(folder, "evening.csv");
    const rows = Array.from({ length: 24 }, (_, hour) => {
      const start = `2026-06-21T${`${hour}`.padStart(2, "0")}:00`;
      return `${start},0,${hour >= 20 ? 2000 : 0},1000`;
    });
    writeFileSync(file, ["start,a_load_wh,a_pv_wh,b_load_wh", ...rows].join("\n"));
    const options = await readOptions(["--profiles", file, "--market", "forward"]);
    if (options === "help") throw new Error("Nobody asked for help.");
    // A day of a place two hours ahead: its hours 16 to 22 UTC are six slots of a block of eight.
    const [first] = options.communities;
    const earlier = { ...first, firstSlot: first.firstSlot - 2 };
    const startsAt = earlier.firstSlot * earlier.slotSeconds;
    const anvil = await startAnvil(startsAt);
    try {
      const chain = await openChain(anvil.rpcUrl, startsAt);
      const { signal } = new AbortController();
      const { summary } = await play(chain, { ...options, communities: [earlier] }, signal);
      await chain.close();
      expect(summary.reportedWh).to.equal(8_000n);
      expect(summary.tradedWh).to.equal(4_000n);
      expect(summary.households[0]?.soldToGridWh).to.equal(4_000n);
    } finally {
      anvil.stop();
    }
  });

  it("goes by the community price of each hour", async () => {
    // The built-in towns lie an hour ahead of UTC: from 12:00 to 13:00 there it is 11:00 to 12:00 UTC.
    const priced = await plan("--market", "settle", "--price", "0-12=0.10,12-13=0.40,13-24=0.30");
    expectSound(priced);
    // At noon buyers are asked for more than the retailer charges: nobody trades.
    expect(BigInt(priced.tradedWh) < BigInt(priced.tradeableWh)).to.equal(true);
    expectNobodyWorseOff(priced);
    const price = Number(priced.averagePricePerKwh);
    expect(price).to.be.above(100_000).and.below(300_000);
  });

  it("sells forward what homes are sure of, pays a bond for shortfalls, and trades the rest on the spot", async () => {
    const summary = await plan("--market", "forward", "--days", "4");
    expect(summary.market).to.equal("forward");
    expectSound(summary);
    expect(Number(summary.tradeableShare)).to.be.at.least(0.99);
    // Agents are sure of something from the third day on; the sky is another each day.
    const shortfallWh = BigInt(summary.shortfallWh);
    expect(shortfallWh > 0n).to.equal(true);
    expect(shortfallWh * 20n < BigInt(summary.tradedWh)).to.equal(true);
    expect(BigInt(summary.bondPaidMillis)).to.equal(50_000n * shortfallWh);
  });

  for (const market of ["accept", "settle", "forward"]) {
    it(`joins two communities by a tie line: ${market}`, async () => {
      const summary = await plan("--microgrids", "2", "--market", market);
      expectSound(summary);
      expectNobodyWorseOff(summary);
      expect(new Set(summary.households.map((home) => home.microgrid))).to.deep.equal(
        new Set([1, 2]),
      );
      expect(Number(summary.tradeableShare)).to.be.above(0.99);
      expect(BigInt(summary.lostWh) > 0n).to.equal(true);
      for (const microgrid of [1, 2]) {
        const own = summary.households.filter((home) => home.microgrid === microgrid);
        const soldWh = sum(own.map((home) => home.soldWh));
        const boughtWh = sum(own.map((home) => home.boughtWh));
        expect(soldWh, `microgrid ${microgrid} trades beyond itself`).not.to.equal(boughtWh);
      }
    });
  }

  describe("in an outage", () => {
    const from = "2026-06-21";
    const [first, end] = [37, 82];
    const outage = `${from}T09:15..${from}T20:30`;
    const { households } = generateCommunity({ seed: 1, from, days: 1 });
    const shelter = households.find(({ name }) => name === "Shelter");
    const exportedIn = (slot: number) =>
      households.reduce((total, home) => total + (home.exportedWh[slot] ?? 0n), 0n);
    const slotsOf = (keep: (slot: number) => boolean) =>
      Array.from({ length: 96 }, (_, i) => i).filter(keep);
    const dark = slotsOf((slot) => slot >= first && slot < end);
    /** What the Shelter needs and no roof gives. */
    const missingWh = dark
      .map((slot) => (shelter?.importedWh[slot] ?? 0n) - exportedIn(slot))
      .reduce((total, wh) => (wh > 0n ? total + wh : total), 0n);

    function expectShelterFirst(summary: Summary): void {
      expect(missingWh > 0n).to.equal(true);
      expect(BigInt(summary.unservedCriticalWh)).to.equal(missingWh);
      const own = summary.households.filter(({ microgrid }) => microgrid === 1);
      expect(own.find(({ name }) => name === "Shelter")?.unservedWh).to.equal(
        summary.unservedCriticalWh,
      );
      expect(sum(own.map((home) => home.unservedWh)) > missingWh).to.equal(true);
      const others = summary.households.filter(({ microgrid }) => microgrid !== 1);
      expect(sum(others.map((home) => home.unservedWh))).to.equal(0n);
      // The grid has bought nothing that was exported meanwhile.
      const lit = slotsOf((slot) => !dark.includes(slot));
      const mostWh = lit.map(exportedIn).reduce((total, wh) => total + wh, 0n);
      expect(sum(own.map((home) => home.soldToGridWh)) <= mostWh).to.equal(true);
    }

    for (const market of ["accept", "settle", "forward"]) {
      it(`serves critical loads first: ${market}`, async () => {
        const summary = await plan("--market", market, "--outage", outage);
        expectSound(summary);
        expectShelterFirst(summary);
      });
    }

    it("trades nothing over the tie line", async () => {
      const wholeDay = `${from}T00:00..${from}T23:45`;
      const summary = await plan("--microgrids", "2", "--outage", wholeDay);
      expectSound(summary);
      expect(summary.lostWh).to.equal("0");
      for (const microgrid of [1, 2]) {
        const own = summary.households.filter((home) => home.microgrid === microgrid);
        expect(sum(own.map((home) => home.soldWh))).to.equal(sum(own.map((home) => home.boughtWh)));
      }
      const island = summary.households.filter((home) => home.microgrid === 1);
      expect(sum(island.map((home) => home.soldToGridWh))).to.equal(0n);
    });
  });

  it("plays hours at or below the feed-in tariff: neighbours don't trade, and bills count the true price", async () => {
    const pricesOf = (hour: number) => (hour === 12 ? "-0.50" : hour === 13 ? "0.05" : "0.30");
    const rows = Array.from({ length: 24 }, (_, hour) => {
      const start = `2026-06-21T${`${hour}`.padStart(2, "0")}:00`;
      return `${start},0,${hour >= 11 && hour <= 14 ? 2000 : 0},1000,${pricesOf(hour)}`;
    });
    const file = path.join(folder, "dynamic.csv");
    writeFileSync(
      file,
      ["start,a_load_wh,a_pv_wh,b_load_wh,retail_price_eur_per_kwh", ...rows].join("\n"),
    );
    const byAgents = () => simulateByCommand("--profiles", file);
    const planned = (market: string) => () => plan("--profiles", file, "--market", market);
    for (const play of [byAgents, ...["accept", "settle", "forward"].map(planned)]) {
      const summary = await play();
      expectSound(summary);
      const [seller, buyer] = summary.households;
      // Of four hours with a surplus two are worth trading in.
      expect(summary.tradeableWh).to.equal("2000");
      expect(summary.tradedWh).to.equal("2000");
      expect(BigInt(seller?.soldToGridWh ?? 0)).to.equal(8000n - BigInt(summary.tradedWh));
      // 22 kWh at 0.30, one at 0.05, one at -0.50.
      expect(buyer?.billBeforeMillis).to.equal("6150000000");
    }
    const never = readFileSync(file, "utf8").replaceAll(/,-?[\d.]+$/gm, ",-0.10");
    writeFileSync(file, never);
    const idle = await plan("--profiles", file);
    expect(idle.checks).to.deep.equal({ escrowSolvent: true, energyConserved: true });
    expect(idle).to.include({ tradedWh: "0", tradeableWh: "0" });
    expect(idle.households[1]?.billAfterMillis).to.equal("-2400000000");
  });

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

    it("unknown options and invalid values", async () => {
      expect(await wrong("--colour", "blue")).to.contain("--colour");
      expect(await wrong("--days", "0")).to.contain("--days");
      expect(await wrong("--days", "one")).to.contain('"one"');
      expect(await wrong("--retail", "-1")).to.contain("--retail");
      expect(await wrong("--feed-in", "0.4", "--retail", "0.3")).to.contain("feed-in tariff");
      expect(await wrong("--price", "0-12=0.1")).to.contain("no price at 12:00");
      expect(await wrong("--price", "0-12=0.1,11-24=0.2")).to.contain("two prices at 11:00");
      expect(await wrong("--price", "0-24:0.1=x")).to.contain("no run of hours");
      for (const from of ["yesterday", "2026-06-21T10:15"]) {
        expect(await wrong("--from", from)).to.contain(`--from ${from}`);
      }
      expect(await wrong("--consumers", "home1")).to.contain("--profiles");
    });

    it("impossible markets, communities and outages", async () => {
      const day = "2026-06-21";
      const refused: [string[], string][] = [
        [["--market", "barter"], '--market takes accept or settle or forward, not "barter"'],
        [["--microgrids", "3"], '--microgrids takes 1 or 2, not "3"'],
        [["--outage", "tonight"], '"tonight"'],
        [["--outage", `${day}T10:00`], "two times"],
        [["--outage", `${day}T12:00..${day}T10:00`], "after it starts"],
        [["--outage", `${day}T10:05..${day}T12:00`], "every 15 minutes"],
        [["--outage", `${day}T22:00..2026-06-22T02:00`], `${day}T00:00 to 2026-06-22T00:00`],
      ];
      const said = await Promise.all(refused.map(([args]) => wrong(...args)));
      for (const [index, [, reason]] of refused.entries()) expect(said[index]).to.contain(reason);
    });

    it("to split a single home in two communities", async () => {
      const file = path.join(folder, "one.csv");
      const hours = Array.from(
        { length: 24 },
        (_, hour) => `2026-01-01T${`${hour}`.padStart(2, "0")}:00,10,20`,
      );
      writeFileSync(file, ["start,a_load_wh,a_pv_wh", ...hours, ""].join("\n"));
      const said = await wrong("--profiles", file, "--from", "2026-01-01", "--microgrids", "2");
      expect(said).to.contain("one.csv").and.contain("only one");
    });

    it("a chain that is not there", async () => {
      expect(await refusal("--rpc", "http://127.0.0.1:1")).to.contain(
        "No node answers at http://127.0.0.1:1",
      );
    });
  });
});
