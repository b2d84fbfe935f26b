import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import fc from "fast-check";
import { after, before, describe, it } from "mocha";
import { ProfilesFileError } from "../../src/profiles/profilesError.ts";
import { type ProfilesFileOptions, readProfilesFile } from "../../src/profiles/profilesFile.ts";
import type { HouseholdSeries } from "../../src/profiles/series.ts";

const DAY = "2017-01-10";
const FILE = "profiles.csv";
const REAL = fileURLToPath(
  new URL("../../../../../shared/data/citylearn-2022/homes.csv", import.meta.url),
);

const sum = (wh: readonly bigint[]): bigint => wh.reduce((all, one) => all + one, 0n);

/** The start of step n of a file that begins at a day's midnight. */
const startOf = (step: number, stepMinutes: number): string =>
  new Date(Date.parse(`${DAY}T00:00Z`) + step * stepMinutes * 60_000).toISOString().slice(0, 16);

/** A file of one day, each row made by its number. */
function day(header: string, stepMinutes: number, row: (step: number) => string): string {
  const rows = Array.from(
    { length: 1440 / stepMinutes },
    (_, step) => `${startOf(step, stepMinutes)},${row(step)}`,
  );
  return `${[`start,${header}`, ...rows].join("\n")}\n`;
}

describe("a profiles file", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "wattline-profiles-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  function read(text: string, options: Partial<ProfilesFileOptions> = {}) {
    const file = join(folder, FILE);
    writeFileSync(file, text);
    return readProfilesFile(file, { from: DAY, days: 1, ...options });
  }

  function refusal(text: string, options: Partial<ProfilesFileOptions> = {}): ProfilesFileError {
    try {
      read(text, options);
    } catch (error) {
      if (error instanceof ProfilesFileError) return error;
      throw error;
    }
    throw new Error("the file was read without complaint");
  }

  it("becomes a community of its homes, in its order", () => {
    const text = day(
      "Zoë_load_wh,Zoë_pv_wh,b_load_wh,note,retail_price_usd_per_kwh",
      60,
      (step) => `${step === 12 ? 101 : 400},${step === 12 ? 506 : 0},7,anything,0.31`,
    );
    const series = read(text);
    expect(series).to.include({ name: "profiles", slotSeconds: 900, slots: 96 });
    expect(series.firstSlot).to.equal(Date.parse(`${DAY}T00:00Z`) / 900_000);
    expect(series.place).to.deep.equal({ latitudeTenths: 0, longitudeTenths: 0 });
    const [zoe, b] = series.households;
    expect(zoe).to.include({ name: "Zoë", capacityW: 600 });
    expect(zoe?.exportedWh.slice(47, 53)).to.deep.equal([0n, 101n, 101n, 101n, 102n, 0n]);
    expect(zoe?.importedWh.slice(47, 53)).to.deep.equal([100n, 0n, 0n, 0n, 0n, 100n]);
    expect(zoe?.loadWh.slice(48, 52)).to.deep.equal([25n, 25n, 25n, 26n]);
    expect(b).to.include({ name: "b", capacityW: 0 });
    expect(b?.importedWh.slice(0, 4)).to.deep.equal([1n, 2n, 2n, 2n]);
    expect(series.retailPerKwh).to.deep.equal(Array(96).fill(310_000n));
  });

  it("keeps every Wh of every step, in no slot both in and out, within the nameplate", () => {
    const wh = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 20_000 }));
    fc.assert(
      fc.property(
        fc.constantFrom(5, 15, 30, 60),
        fc.array(fc.tuple(wh, wh), { minLength: 24, maxLength: 24 }),
        fc.boolean(),
        (stepMinutes, flows, consumes) => {
          const flow = (step: number) => flows[step % 24] ?? [0, 0];
          const text = day("a_load_wh,a_pv_wh", stepMinutes, (step) => flow(step).join(","));
          const series = read(text, { consumers: consumes ? ["a"] : [] });
          expect(series.slotSeconds).to.equal(Math.min(stepMinutes, 15) * 60);
          const home = series.households[0];
          if (home === undefined) throw new Error("the home is missing");
          const slotsPerStep = (stepMinutes * 60) / series.slotSeconds;
          for (let step = 0; step < 1440 / stepMinutes; step++) {
            const [load, roof] = flow(step);
            const produced = consumes ? 0 : roof;
            const whole = (of: readonly bigint[]) =>
              Number(sum(of.slice(step * slotsPerStep, (step + 1) * slotsPerStep)));
            expect(whole(home.loadWh)).to.equal(load);
            expect(whole(home.producedWh)).to.equal(produced);
            expect(whole(home.exportedWh)).to.equal(Math.max(produced - load, 0));
            expect(whole(home.importedWh)).to.equal(Math.max(load - produced, 0));
          }
          expectBalanced(home, series.slotSeconds);
          const most = consumes ? 0 : Math.max(...flows.map(([, roof]) => roof));
          const averageW = (most * 60) / stepMinutes;
          expect(home.capacityW % 100).to.equal(0);
          expect(home.capacityW).to.be.within(averageW, averageW + 99.999);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("takes the nameplate from the whole file, whatever day is asked for", () => {
    const rows = Array.from({ length: 48 }, (_, hour) => {
      const start = startOf(hour, 60);
      return `${start},10,${hour === 36 ? 3333 : 0}`;
    });
    const series = read(["start,a_load_wh,a_pv_wh", ...rows].join("\n"));
    expect(series.households[0]?.capacityW).to.equal(3400);
    expect(sum(series.households[0]?.producedWh ?? [])).to.equal(0n);
  });

  it("may have a byte order mark, Windows line ends, seconds, and a space for the T", () => {
    const plain = day("a_load_wh", 60, (step) => `${step}`);
    const windows = `\uFEFF${plain.replaceAll("\n", "\r\n").replaceAll(/T(\d\d:\d\d)/g, " $1:00")}`;
    expect(read(windows)).to.deep.equal(read(plain));
  });

  const hours = (header: string, row: string): string => day(header, 60, () => row);

  it("is read in any usual dress: separators, quotes, encodings, trailing separators, units, currencies", () => {
    const plain = read(hours("Jörg_load_wh,Jörg_pv_wh,retail_price_usd_per_kwh", "1500,20,0.31"));
    const dressed: readonly string[] = [
      hours("Jörg_load_wh,Jörg_pv_wh,retail_price_usd_per_kwh", "1500,20,0.31").replaceAll(
        ",",
        ";",
      ),
      hours("Jörg_load_wh,Jörg_pv_wh,retail_price_usd_per_kwh", "1500,20,0.31").replaceAll(
        ",",
        "\t",
      ),
      hours('Jörg_load_wh,Jörg_pv_wh,"retail_price_usd_per_kwh"', '"1500",20,"0,31"'),
      hours("Jörg_load_wh,Jörg_pv_wh,retail_price_usd_per_kwh,,", "1500,20,0.31,,").concat(
        ",,,,,\n",
      ),
      hours("Jörg_load_kwh,Jörg_pv_kwh,retail_price_eur_per_kwh", "1.5,0.020,0.31"),
    ];
    for (const text of dressed) expect(read(text)).to.deep.equal(plain);
    const text = hours("Jörg_load_wh,Jörg_pv_wh,retail_price_usd_per_kwh", "1500,20,0.31");
    for (const bytes of [Buffer.from(text, "latin1"), Buffer.from(`\uFEFF${text}`, "utf16le")]) {
      const file = join(folder, FILE);
      writeFileSync(file, bytes);
      expect(readProfilesFile(file, { from: DAY, days: 1 })).to.deep.equal(plain);
    }
  });

  it("may name its columns in any case and with brackets, and its prices in cents or per MWh", () => {
    const plain = read(
      hours("Jörg M_load_wh,Jörg M_pv_wh,retail_price_usd_per_kwh", "1500,20,-0.0125"),
    );
    for (const [header, row] of [
      ["Jörg M_LOAD_KWH,Jörg M PV [kWh],Price [ct/kWh]", "1.5,0.020,-1.25"],
      ["Jörg M load (W),Jörg M_pv_kW,tariff_eur_per_mwh", "1500,0.020,-12.5"],
      ["Jörg M_load_wh,Jörg M_pv_wh,retail price €/kWh", '"1,500.0",20,-0.0125'],
      ["Jörg M_load_wh,Jörg M_pv_wh,retail_price_chf_per_kwh", "1'500.0,20.0,-0.01250"],
    ] as const) {
      expect(read(hours(header, row)), header).to.deep.equal(plain);
    }
  });

  it("may write its days in any order that can be told, with an offset, blank lines and a line above", () => {
    const plain = day("a_load_wh", 60, (step) => `${step}`);
    const wanted = read(plain);
    const [header = "", ...rows] = plain.trimEnd().split("\n");
    const dressed = [
      plain.replaceAll(`${DAY}T`, "10.01.2017 "),
      plain.replaceAll(/T(\d\d:\d\d)/g, "T$1+02:00"),
      plain.replaceAll(/T(\d\d:\d\d)/g, "T$1:00.000Z"),
      `Export of the town\n\n${header}\n\n${rows.join("\n\n")}`,
      `sep=;\r\n${plain.replaceAll(",", ";").replaceAll("\n", "\r\n")}`,
    ];
    for (const text of dressed) expect(read(text), text.slice(0, 60)).to.deep.equal(wanted);
  });

  it("may have fractions of a Wh: their running sum is rounded, so that none is lost", () => {
    const tenths = fc.array(fc.integer({ min: 0, max: 99_999 }), { minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(tenths, fc.constantFrom("wh", "kwh"), (values, unit) => {
        const cell = (step: number) =>
          ((values[step] ?? 0) / (unit === "wh" ? 10 : 10_000)).toFixed(unit === "wh" ? 1 : 4);
        const [home] = read(day(`a_load_${unit}`, 60, cell)).households;
        const total = values.reduce((all, one) => all + one, 0);
        expect(Number(sum(home?.loadWh ?? []))).to.equal(Math.round(total / 10));
      }),
      { numRuns: 20 },
    );
  });

  it("with a 24:00 names its steps by their end", () => {
    const rows = Array.from(
      { length: 24 },
      (_, hour) => `${DAY}T${String(hour + 1).padStart(2, "0")}:00,${hour}`,
    );
    const byEnd = read(["start,a_load_wh", ...rows].join("\n"));
    expect(byEnd).to.deep.equal(read(day("a_load_wh", 60, (step) => `${step}`)));
  });

  it("may have steps of ten minutes, in slots of five, and of one or three, added up", () => {
    for (const [minutes, slotSeconds] of [
      [10, 300],
      [20, 300],
      [1, 300],
      [3, 900],
    ] as const) {
      const series = read(day("a_load_wh,a_pv_wh", minutes, (step) => `${step % 7},${step % 3}`));
      expect(series.slotSeconds).to.equal(slotSeconds);
      const [home] = series.households;
      if (!home) throw new Error("the home is missing");
      const load = Array.from({ length: 1440 / minutes }, (_, step) => step % 7);
      expect(Number(sum(home.loadWh))).to.equal(load.reduce((all, one) => all + one, 0));
      expectBalanced(home, slotSeconds);
    }
  });

  it("says what it leaves out and what is implausible, and refuses a roof that capacity is at most", () => {
    const warnings: string[] = [];
    const spike = (wh: string): string =>
      day("a_load_wh,a_pv_wh,note", 15, (step) => `1,${step === 49 ? wh : 0},x`);
    read(spike("2000000"), { onWarning: (message) => warnings.push(message) });
    expect(warnings).to.have.lengthOf(2);
    expect(warnings[0]).to.contain("column note is ignored");
    expect(warnings[1]).to.contain("line 51, column a_pv_wh").and.contain("8000 kW");
    const { message, line, column } = refusal(spike("2147483647"));
    expect([line, column]).to.deep.equal([51, "a_pv_wh"]);
    expect(message).to.contain("capacity is at most");
    expect(refusal(hours("a_load_wh", '"1')).message).to.contain("each quote closed");
  });

  it("may have prices at zero and below", () => {
    const text = day(
      "a_load_wh,retail_price_eur_per_kwh",
      60,
      (step) => `1,${["0", "-0.05"][step % 2]}`,
    );
    expect(
      read(text)
        .retailPerKwh?.filter((_, slot) => slot % 4 === 0)
        .slice(0, 2),
    ).to.deep.equal([0n, -50_000n]);
  });

  it("may be given a name and a place", () => {
    const place = { latitudeTenths: 341, longitudeTenths: 26 };
    const series = read(
      day("a_load_wh", 60, () => "1"),
      { name: "Fontana", place },
    );
    expect(series).to.deep.include({ name: "Fontana", place });
    expect(series).not.to.have.property("retailPerKwh");
  });

  it("gives prices to the millionth, from their digits", () => {
    const prices = ["0", "1", "0.1", "0.30000000", "0.123456", "123456.000001"];
    const text = day("a_load_wh,retail_price_usd_per_kwh", 60, (step) => `1,${prices[step % 6]}`);
    const hourly = read(text).retailPerKwh?.filter((_, slot) => slot % 4 === 0);
    expect(hourly?.slice(0, 6)).to.deep.equal([
      0n,
      1_000_000n,
      100_000n,
      300_000n,
      123_456n,
      123_456_000_001n,
    ]);
  });

  describe("that is wrong is refused by line and column:", () => {
    const header = "a_load_wh,a_pv_wh,retail_price_usd_per_kwh";
    const good = day(header, 60, () => "500,20,0.3");
    const swap = (line: number, text: string): string => {
      const lines = good.split("\n");
      lines[line - 1] = text;
      return lines.join("\n");
    };

    const cases: readonly [string, string, number, string, string][] = [
      ["an empty cell", swap(4, `${startOf(2, 60)},,20,0.3`), 4, "a_load_wh", "is empty"],
      ["a negative cell", swap(5, `${startOf(3, 60)},1,-2,0.3`), 5, "a_pv_wh", "-2 is negative"],
      [
        "a price of millions",
        swap(2, `${startOf(0, 60)},1,0,1000001`),
        2,
        "retail_price_usd_per_kwh",
        "over a million",
      ],
      ["a dash for a value", swap(2, `${startOf(0, 60)},-,0,0.3`), 2, "a_load_wh", '"-" is not'],
      ["NaN", swap(2, `${startOf(0, 60)},1,NaN,0.3`), 2, "a_pv_wh", '"NaN" is not'],
      ["a sum at the end", `${good}Sum,12000,480,\n`, 26, "start", '"Sum" is not'],
      [
        "a thousand or a fraction",
        day("a_load_wh", 60, () => '"1,234"'),
        2,
        "a_load_wh",
        "a thousand or a fraction",
      ],
      [
        "a day or a month",
        day("a_load_wh", 60, () => "1").replaceAll(`${DAY}T`, "01/10/2017 "),
        2,
        "start",
        "day or month",
      ],
      [
        "an offset in some rows",
        swap(9, `${startOf(7, 60)}Z,1,0,0.3`),
        9,
        "start",
        "in all or none",
      ],
      ["a word", swap(2, `${startOf(0, 60)},lots,0,0.3`), 2, "a_load_wh", '"lots" is not'],
      ["an exponent", swap(2, `${startOf(0, 60)},1e3,0,0.3`), 2, "a_load_wh", '"1e3" is not'],
      [
        "more than a lane",
        swap(2, `${startOf(0, 60)},2147483648,0,0.3`),
        2,
        "a_load_wh",
        "at most",
      ],
      ["an empty price", swap(9, `${startOf(7, 60)},1,0,`), 9, "retail_price_usd_per_kwh", "empty"],
      [
        "too fine a price",
        swap(9, `${startOf(7, 60)},1,0,0.1234567`),
        9,
        "retail_price_usd_per_kwh",
        "finer",
      ],
      ["a short line", swap(6, `${startOf(4, 60)},1`), 6, "a_pv_wh", "2 cells, the header 4"],
      ["a long line", swap(6, `${startOf(4, 60)},1,2,3,4`), 6, "5", "5 cells, the header 4"],
      ["a blank line for a row", swap(6, ""), 7, "start", "T04:00 should come next"],
      ["a unit that is none", swap(1, "start,a_load_wh,a_pv_gwh,b"), 1, "a_pv_gwh", "name it NAME"],
      ["a price by another name", swap(1, "start,a_load_wh,a_pv_wh,price"), 1, "price", "name it"],
      ["two units of one thing", swap(1, "start,a_load_wh,a_load_kwh,b"), 1, "a_load_kwh", "same"],
      ["a start that is none", swap(3, "2017-02-30T01:00,1,0,0.3"), 3, "start", "2017-02-30"],
      ["a start in words", swap(3, "tomorrow,1,0,0.3"), 3, "start", '"tomorrow"'],
      ["an hour 24", swap(3, "2017-01-10T24:00,1,0,0.3"), 3, "start", "2017-01-11T00:00 follows"],
      ["a gap", swap(7, `${startOf(6, 60)},1,0,0.3`), 7, "start", "T05:00 should come next"],
      ["a repeat", swap(7, `${startOf(4, 60)},1,0,0.3`), 7, "start", "times must increase"],
      ["a way back", swap(3, "2017-01-09T23:00,1,0,0.3"), 3, "start", "times must increase"],
      ["no start", swap(1, "begin,a_load_wh,a_pv_wh,b"), 1, "start", "is missing"],
      ["no load", swap(1, "start,b_load_wh,a_pv_wh,c"), 1, "a_load_wh", "is missing"],
      ["no home", swap(1, "start,a,b,c"), 1, "NAME_load_wh", "is missing"],
      ["a home without a name", swap(1, "start,_load_wh,b,c"), 1, "_load_wh", "names no home"],
      ["a column twice", swap(1, "start,a_load_wh,a_load_wh,c"), 1, "a_load_wh", "occurs twice"],
      ["an empty file", "", 1, "start", "is missing"],
      ["a single row", good.split("\n").slice(0, 2).join("\n"), 2, "start", "at least two"],
      ["a step of 12 min", day("a_load_wh", 12, () => "1"), 3, "start", "a step of 12 min"],
      ["a step of 2 h", day("a_load_wh", 120, () => "1"), 3, "start", "a step of 120 min"],
      [
        "a start off the step",
        day("a_load_wh", 60, () => "1").replaceAll(":00,", ":07,"),
        2,
        "start",
        "T00:07 is not a multiple of 60 min",
      ],
    ];
    for (const [what, text, line, column, problem] of cases) {
      it(what, () => {
        const error = refusal(text);
        expect(error).to.include({ file: join(folder, FILE), line, column });
        expect(error.message).to.include(`${FILE}, line ${line}, column ${column}: `);
        expect(error.message).to.include(problem);
      });
    }
  });

  describe("refuses by name what is asked of it:", () => {
    const hours = Array.from({ length: 49 }, (_, i) => `${startOf(i - 1, 60)},1,1`);
    const text = ["start,a_load_wh,b_load_wh", ...hours].join("\n");

    it("reads the whole days it covers", () => {
      expect(read(text, { days: 2 }).slots).to.equal(192);
    });

    for (const [from, days] of [
      ["2017-01-09", 1],
      ["2017-01-11", 2],
      ["2018-01-01", 1],
    ] as const) {
      it(`${days} from ${from}, naming the days it covers`, () => {
        expect(refusal(text, { from, days }).message).to.include("from 2017-01-10 to 2017-01-11");
      });
    }

    for (const days of [0, -1, 1.5, Number.NaN]) {
      it(`${days} days`, () => {
        expect(refusal(text, { days }).message).to.include(`${days} days are refused`);
      });
    }

    it("a day that is none", () => {
      expect(refusal(text, { from: "10.01.2017" }).message).to.include('"10.01.2017" is not a day');
    });

    it("a day where there is no whole one", () => {
      const night = text.split("\n").slice(0, 9).join("\n");
      expect(refusal(night).message).to.include("covers no whole day");
    });

    it("an unknown consumer, naming the known", () => {
      const { message } = refusal(text, { consumers: ["b", "c"] });
      expect(message).to.include('no home "c"').and.to.include("the file has a, b");
    });

    it("a file that is not there", () => {
      const missing = join(folder, "missing.csv");
      expect(() => readProfilesFile(missing, { from: DAY, days: 1 }))
        .to.throw(ProfilesFileError, "missing.csv: cannot be read (ENOENT")
        .with.property("cause");
    });
  });
});

const isThere = existsSync(REAL);
const reason = isThere ? "" : ", not beside the project at ../shared/data/citylearn-2022/homes.csv";
const describeReal = isThere ? describe : describe.skip;

describeReal(`a year of 17 real homes${reason}`, () => {
  it("becomes a community", () => {
    const series = readProfilesFile(REAL, { from: "2016-08-01", days: 364, consumers: ["home3"] });
    expect(series.households).to.have.length(17);
    expect(series.slots).to.equal(364 * 96);
    expect(series.retailPerKwh).to.have.length(series.slots);
    for (const home of series.households) expectBalanced(home, series.slotSeconds);
    const roofs = series.households.map(({ capacityW }) => capacityW);
    expect(roofs[2]).to.equal(0);
    // The source says 4 and 5 kW.
    expect(Math.max(...roofs)).to.be.at.most(5000);
  });

  it("adds up to the file's own figures for its first whole day", () => {
    const { households } = readProfilesFile(REAL, { from: "2016-08-01", days: 1 });
    expect(households[0]?.loadWh.slice(0, 4)).to.deep.equal([212n, 213n, 213n, 213n]);
  });
});

function expectBalanced(home: HouseholdSeries, slotSeconds: number): void {
  const most = BigInt(Math.floor((home.capacityW * slotSeconds) / 3600));
  for (const [slot, exported] of home.exportedWh.entries()) {
    const imported = home.importedWh[slot] ?? -1n;
    const load = home.loadWh[slot] ?? -1n;
    const produced = home.producedWh[slot] ?? -1n;
    if (exported < 0n || imported < 0n || exported > most || exported * imported !== 0n) {
      expect.fail(`slot ${slot}: ${exported} Wh out, ${imported} Wh in, at most ${most}`);
    }
    if (load < 0n || produced < 0n || load + exported !== produced + imported) {
      expect.fail(`slot ${slot}: ${load} + ${exported} is not ${produced} + ${imported}`);
    }
  }
}
