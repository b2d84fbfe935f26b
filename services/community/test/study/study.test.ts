import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { buildContracts } from "../../src/simulation/chain.ts";
import { figuresOf } from "../../src/study/figures.ts";
import { studyJson } from "../../src/study/json.ts";
import { readStudyOptions, type StudyOptions } from "../../src/study/options.ts";
import { studyPage } from "../../src/study/page.ts";
import { runStudy, type Study } from "../../src/study/run.ts";
import { playWeek, sampledWeeks, UnequalError } from "../../src/study/weeks.ts";

const DAYS = 2;
const NIGHT_PRICE = "0.20";
const EVENING_PRICE = "0.50";
const running = new AbortController().signal;

/** Two roofs and a home without; the evenings are dear. Values that leave remainders when they are shared. */
function homesFile(): string {
  const lines = [
    "start,north_load_wh,north_pv_wh,south_load_wh,south_pv_wh,flat_load_wh,retail_price_usd_per_kwh",
  ];
  for (let hour = 0; hour < 24 * DAYS; hour++) {
    const ofDay = hour % 24;
    const sun = ofDay > 8 && ofDay < 17 ? 1 : 0;
    const start = new Date(Date.UTC(2025, 5, 1, hour)).toISOString().slice(0, 16);
    const price = ofDay >= 17 && ofDay < 21 ? EVENING_PRICE : NIGHT_PRICE;
    lines.push(
      `${start},${301 + 7 * ofDay},${sun * (1_503 + hour)},${203 + 3 * hour},${sun * 2_009},${611 + 11 * ofDay},${price}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

describe("npm run study", () => {
  let folder = "";
  let file = "";
  let plain: Study;
  let battered: Study;
  let joined: Study;

  before(async function () {
    this.timeout(240_000);
    folder = mkdtempSync(path.join(tmpdir(), "wattline-study-"));
    file = path.join(folder, "homes.csv");
    writeFileSync(file, homesFile());
    await buildContracts();
    plain = await studyOf("--weeks", "1");
    battered = await studyOf("--weeks", "1", "--batteries", "--battery", "3,2,90");
    joined = await studyOf("--weeks", "1", "--microgrids", "2");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function optionsOf(...args: string[]): Promise<StudyOptions> {
    const options = await readStudyOptions([
      "--profiles",
      file,
      "--out",
      path.join(folder, "out"),
      ...args,
    ]);
    if (options === "help") throw new Error("Options expected.");
    return options;
  }

  const studyOf = async (...args: string[]) => runStudy(await optionsOf(...args), running);

  it("comes to the same as a chain, with and without batteries, and over a tie line", () => {
    for (const { weeks, year } of [plain, battered, joined]) {
      expect(weeks).to.have.length(1);
      expect(weeks[0]?.tradedWh).to.equal(year.tradedWh);
      expect(year.tradedWh > 0n).to.equal(true);
      expect(weeks[0]?.compared).to.be.greaterThan(3 * 96 * DAYS * 2);
    }
  });

  it("names home and slot where a chain comes to something else", async function () {
    this.timeout(120_000);
    const { year, options } = plain;
    const [first, ...others] = year.homes;
    if (first === undefined) throw new Error("A home expected.");
    const at = first.trades.soldWh.findIndex((wh) => wh > 0n);
    const soldWh = first.trades.soldWh.map((wh, slot) => (slot === at ? wh - 1n : wh));
    const changed = {
      ...year,
      homes: [{ ...first, trades: { ...first.trades, soldWh } }, ...others],
    };
    const error = await playWeek(changed, options.tariffs, [0, year.communities[0].slots], {
      signal: running,
    }).catch((each: unknown) => each);
    expect(error).to.be.instanceOf(UnequalError);
    expect(`${error}`).to.match(
      /north sold in slot \d+ \(2025-06-01T.*: \d+ in the study, \d+ on the chain/,
    );
  });

  it("trades all that can be, and reaches the optimum without batteries", () => {
    const figures = figuresOf(plain);
    expect(plain.year.tradedWh).to.equal(plain.year.tradeableWh);
    expect(figures.valueMillis).to.equal(figures.bestValueMillis);
    expect(figures.valueMillis > 0n).to.equal(true);
  });

  it("sends over a tie line what one community has left and the other lacks", () => {
    const { year } = joined;
    const [north, south, flat] = year.homes;
    expect([north, south, flat].map((home) => home?.microgrid)).to.deep.equal([1, 1, 2]);
    // The flat has no neighbour of its own: all that it buys comes over the line, which loses some.
    expect((flat?.found.total.boughtWh ?? 0n) > 0n).to.equal(true);
    expect(year.arrivedWh < year.tradedWh).to.equal(true);
    expect(figuresOf(joined).valueShare).to.be.within(0.98, 1);
  });

  it("leaves no home worse off in any slot by a trade, nor over the time with a battery", () => {
    for (const study of [plain, battered, joined]) {
      const { worseSlots, worseHomes } = figuresOf(study);
      expect(worseSlots).to.equal(0);
      expect(worseHomes).to.deep.equal([]);
    }
  });

  it("saves more with batteries, and not more than with foresight", () => {
    const [without, with_] = [figuresOf(plain), figuresOf(battered)];
    expect(with_.togetherMillis < without.togetherMillis).to.equal(true);
    expect(with_.valueMillis <= with_.bestValueMillis).to.equal(true);
    // What a battery takes and does not give is lost or still held.
    const { takenWh, givenWh } = battered.year;
    expect(100n * givenWh <= 90n * takenWh).to.equal(true);
  });

  it("keeps money: what homes pay in all is what the grid gets", () => {
    const { year, optimum } = battered;
    const sum = (values: readonly bigint[]) => values.reduce((all, each) => all + each, 0n);
    expect(sum(year.homes.map(({ togetherMillis }) => togetherMillis))).to.equal(
      sum(optimum.togetherMillis),
    );
  });

  it("shows everything in a page that needs nothing else", () => {
    const page = studyPage(battered);
    for (const { name } of battered.year.homes) expect(page).to.contain(`<td>${name}</td>`);
    for (const name of ["OP Mainnet", "Base", "Arbitrum One", "Against perfect foresight"]) {
      expect(page).to.contain(name);
    }
    expect(page).to.not.match(/<script|<link|src=|@import|NaN|Infinity|undefined/);
    const data = JSON.parse(studyJson(battered));
    expect(data.homes).to.have.length(3);
    expect(data.figures.valueMillis).to.equal(String(figuresOf(battered).valueMillis));
    expect(data.bondsLost).to.deep.equal([]);
  });

  it("gets worse for the community with a smaller spread or fewer roofs", () => {
    const { spread, roofs } = plain.sensitivity;
    const gains = spread.map(({ aloneMillis, togetherMillis }) => aloneMillis - togetherMillis);
    expect(gains).to.deep.equal([...gains].sort((a, b) => (a < b ? -1 : 1)));
    const bills = roofs.map(({ togetherMillis }) => togetherMillis);
    expect(bills).to.deep.equal([...bills].sort((a, b) => (a > b ? -1 : 1)));
    expect(roofs.at(-1)?.togetherMillis).to.equal(figuresOf(plain).togetherMillis);
    expect(spread[2]?.togetherMillis).to.equal(figuresOf(plain).togetherMillis);
  });

  it("spreads sampled weeks over the time", () => {
    const perWeek = 7 * 24;
    expect(sampledWeeks(52 * perWeek, 3600, 2)).to.deep.equal([
      [13 * perWeek, 14 * perWeek],
      [39 * perWeek, 40 * perWeek],
    ]);
    expect(sampledWeeks(48, 3600, 3)).to.deep.equal([[0, 48]]);
    expect(sampledWeeks(52 * perWeek, 3600, 0)).to.deep.equal([]);
  });

  it("says what is wrong with its options", async () => {
    const refused = async (...args: string[]) =>
      `${await readStudyOptions(args).catch((error: unknown) => error)}`;
    expect(await refused("--out", folder)).to.contain("--profiles names the homes");
    expect(await refused("--profiles", file)).to.contain("--out names the folder");
    const both = ["--profiles", file, "--out", folder];
    expect(await refused(...both, "--battery", "3,2,90")).to.contain("it needs --batteries");
    expect(await refused(...both, "--batteries", "--battery", "3,2,0")).to.contain('not "3,2,0"');
    expect(await refused(...both, "--days", "0")).to.contain("--days must be at least 1");
    expect(await refused(...both, "--l1-gas", "x")).to.contain("--l1-gas must be a number");
    expect(await refused("--profiles", file, "--out", file)).to.contain("is a file; name a folder");
  });

  it("stops when it is told to", async () => {
    const reason = new Error("Enough.");
    const error = await runStudy(await optionsOf("--batteries"), AbortSignal.abort(reason)).catch(
      (each: unknown) => each,
    );
    expect(error).to.equal(reason);
  });
});
