import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  type Allocation,
  allocate,
  allocationFromCsv,
  allocationFromJson,
  allocationToCsv,
  allocationToJson,
  constantCoefficients,
  frenchCoefficients,
  frenchFile,
  hourlyCoefficients,
  hoursOfYear,
  readFrenchFile,
  readSpanishFile,
  reportFromCsv,
  reportFromSeries,
  spanishFile,
} from "../../src/allocation/index.ts";
import { SOURCES } from "../../src/energyId.ts";
import { type Direction, MeterSeries, type Quantity } from "../../src/meterData/index.ts";

const NOON = 1_980_040;

const anyAllocation = fc
  .record({
    slotSeconds: fc.constantFrom(300, 900, 1800, 3600),
    shares: fc.uniqueArray(
      fc.record(
        {
          slot: fc.integer({ min: NOON, max: NOON + 50 }),
          producer: fc.constantFrom("AT001", 'roof "south"', "=1+1", "a, b"),
          consumer: fc.constantFrom("AT002", "Müller", "-x", "line\nfeed"),
          source: fc.constantFrom(...SOURCES),
          energyWh: fc.bigInt(1n, 10n ** 12n),
        },
        { requiredKeys: ["slot", "producer", "consumer", "energyWh"] },
      ),
      {
        minLength: 1,
        maxLength: 8,
        selector: (share) =>
          JSON.stringify([share.slot, share.producer, share.consumer, share.source]),
      },
    ),
  })
  .map((allocation): Allocation => allocation);

describe("Allocations as files", () => {
  it("come back from CSV and JSON as they were", () => {
    fc.assert(
      fc.property(anyAllocation, (allocation) => {
        expect(allocationFromCsv(allocationToCsv(allocation))).to.deep.equal(allocation);
        expect(allocationFromJson(allocationToJson(allocation))).to.deep.equal(allocation);
      }),
    );
  });

  const head = "slot_start,slot_end,producer,consumer,source,energy_wh\n";
  const row = "2026-06-21T10:00:00Z,2026-06-21T10:15:00Z,p,c,Solar,12\n";

  it("say where a CSV is wrong", () => {
    const read = (text: string) => () => allocationFromCsv(text, "june.csv");
    expect(read("a,b\n")).to.throw(RangeError, "june.csv has no column slot_start");
    expect(read(head + row + row.replace(",12", ",1.5"))).to.throw(
      'june.csv, line 3, energy_wh: "1.5" is not whole Wh',
    );
    expect(read(head + row.replace("p,c", ",c"))).to.throw('line 2, producer: "" is not a name');
    expect(read(head + row.replace("Solar", "Sun"))).to.throw('source: "Sun" is not one of Solar');
    expect(read(head + row.replace("T10:00:00Z", "T10:00:00"))).to.throw("slot_start");
    expect(read(head + row.replace("10:15", "10:20"))).to.throw("5, 15, 30 or 60 minutes");
    expect(read(head + row + row.replace("10:15", "10:30"))).to.throw("line 3, slot_end");
    expect(read(`${head}"${row}`)).to.throw("june.csv");
  });

  it("take times with an offset and a byte order mark", () => {
    const shifted = row.replace("10:00:00Z", "12:00:00+02:00");
    expect(allocationFromCsv(`\uFEFF${head}${shifted}`)).to.deep.equal(
      allocationFromCsv(head + row),
    );
  });

  it("take reports of what one consumer or producer got or gave", () => {
    expect(reportFromCsv(head + row.replace("p,c", ",c")).lines).to.deep.equal([
      { slot: NOON, consumer: "c", energyWh: 12n },
    ]);
    expect(reportFromCsv(head + row.replace("p,c", "p,")).lines).to.deep.equal([
      { slot: NOON, producer: "p", energyWh: 12n },
    ]);
    expect(() => reportFromCsv(head + row.replace("p,c", ","))).to.throw(
      RangeError,
      "line 2, consumer",
    );
  });

  it("say where JSON is wrong", () => {
    const json = allocationToJson(allocationFromCsv(head + row));
    const read = (from: string, to: string) => () =>
      allocationFromJson(json.replace(from, to), "june.json");
    expect(read("{", "")).to.throw(RangeError, "june.json is no JSON");
    expect(read("allocation/1", "allocation/9")).to.throw("not wattline-allocation/1");
    expect(read("900", "1000")).to.throw("slotSeconds is 300, 900, 1800 or 3600, not 1000");
    expect(read('"12"', "12")).to.throw("june.json, share 1: energyWh is 12, not text");
    expect(read('"Solar"', '"Sun"')).to.throw('share 1: source is "Sun"');
  });
});

describe("An operator's report from meter files", () => {
  const series = (
    meterId: string,
    direction: Direction,
    quantity: Quantity,
    ...milliWh: number[]
  ) =>
    new MeterSeries(
      { meterId, direction, quantity },
      milliWh.map((mWh, index) => ({
        start: (NOON + index) * 900,
        seconds: 900,
        milliWh: mWh,
        quality: "measured",
        row: index + 1,
      })),
    );

  it("holds what consumers got and what producers gave", () => {
    const report = [
      series("ANNA", "import", "energy", 900_000, 70_000),
      series("ANNA", "import", "communityShare", 450_000, 100_000),
      series("ANNA", "import", "ownCoverage", 450_000, 70_000),
      series("ROOF", "export", "energy", 600_000, 100_000),
      series("ROOF", "export", "communitySurplus", 150_000, 30_000),
    ];
    expect(reportFromSeries(report, 900)).to.deep.equal([
      { slot: NOON, consumer: "ANNA", energyWh: 450n },
      { slot: NOON + 1, consumer: "ANNA", energyWh: 70n },
      { slot: NOON, producer: "ROOF", energyWh: 450n },
      { slot: NOON + 1, producer: "ROOF", energyWh: 70n },
    ]);
  });

  it("is refused where it is inconsistent", () => {
    const surplus = series("ROOF", "export", "communitySurplus", 150_000);
    expect(() => reportFromSeries([surplus], 900)).to.throw(RangeError, "not its production");
    const little = series("ROOF", "export", "energy", 100_000);
    expect(() => reportFromSeries([surplus, little], 900)).to.throw(
      RangeError,
      "150 Wh from 100 Wh",
    );
    expect(() => reportFromSeries([little], 900)).to.throw(RangeError, "neither");
  });
});

const CAU = "ES0021000000000001AAA000";
const [ANNA, BEN] = ["ES0021000000000002BB", "ES0021000000000003CC1P"];

describe("Spanish coefficients", () => {
  const start = Date.UTC(2024, 11, 31, 23) / 1000 / 900;
  const share = (slot: number, consumer: string, energyWh: bigint) => ({
    slot,
    producer: CAU,
    consumer,
    energyWh,
  });
  const year: Allocation = {
    slotSeconds: 900,
    shares: [
      share(start, ANNA, 300n),
      share(start + 1, BEN, 100n),
      share(start + 4, BEN, 200n),
      share(start - 1, ANNA, 9_000n),
    ],
  };

  it("are one line per consumer when they are constant", () => {
    const { name, text } = spanishFile(constantCoefficients(year, CAU, 2025));
    expect(name).to.equal(`${CAU}_2025.txt`);
    expect(text).to.equal(`${ANNA};0,500000\n${BEN};0,500000`);
  });

  it("are a line per consumer and hour when they vary; hours without energy take the year's", () => {
    const { text } = spanishFile(hourlyCoefficients(year, CAU, 2025));
    const lines = text.split("\n");
    expect(lines.length).to.equal(2 * 8760);
    expect(lines.slice(0, 3)).to.deep.equal([
      `${ANNA};0001;0,750000`,
      `${ANNA};0002;0,000000`,
      `${ANNA};0003;0,500000`,
    ]);
    expect(lines[8760]).to.equal(`${BEN};0001;0,250000`);
    expect(lines.at(-1)).to.equal(`${BEN};8760;0,500000`);
  });

  it("know leap years, and years in which the clocks change", () => {
    expect([2023, 2024, 2025, 2028].map(hoursOfYear)).to.deep.equal([8760, 8784, 8760, 8784]);
  });

  it("add up to 1 and come back as they were", () => {
    const energies = fc.array(fc.bigInt(1n, 9_999n), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(energies, energies, (anna, ben) => {
        const shares = [
          ...anna.map((wh, at) => share(start + at, ANNA, wh)),
          ...ben.map((wh, at) => share(start + at, BEN, wh)),
        ];
        for (const make of [constantCoefficients, hourlyCoefficients]) {
          const coefficients = make({ slotSeconds: 900, shares }, CAU, 2025);
          const { name, text } = spanishFile(coefficients);
          expect(readSpanishFile(`folder/${name}`, text)).to.deep.equal(coefficients);
        }
      }),
      { numRuns: 10 },
    );
  });

  it("are refused where they are invalid", () => {
    const name = `${CAU}_2025.txt`;
    const read =
      (text: string, file = name) =>
      () =>
        readSpanishFile(file, text);
    expect(read(`${ANNA};1,000000`, "june.txt")).to.throw(RangeError, "must be CAU_YYYY.txt");
    expect(read(`${ANNA};0,500000`)).to.throw("add up to 0,500000, not to 1");
    expect(read(`${ANNA};0.5`)).to.throw(
      'line 1, coefficient: "0.5" is not a part such as 0,123456',
    );
    expect(read("FR01;1,0")).to.throw('line 1, CUPS: "FR01"');
    expect(read(`${ANNA};0,5\n${ANNA};0,5`)).to.throw("there once only");
    expect(read(`${ANNA};0002;1,0`)).to.throw('hour: "0002" is not 0001');
    expect(read(`${ANNA};0001;1,0`)).to.throw("has 1 hours, 2025 has 8760");
    expect(() => constantCoefficients(year, CAU, 2020)).to.throw(
      RangeError,
      "Nothing was allocated in 2020",
    );
  });
});

describe("French coefficients", () => {
  const producedWh = new Map([
    [
      "PRM1",
      new Map([
        [NOON, 1_000n],
        [NOON + 1, 0n],
      ]),
    ],
    ["PRM2", new Map([[NOON, 500n]])],
  ]);
  const usedWh = new Map([
    [
      "PRM7",
      new Map([
        [NOON, 300n],
        [NOON + 1, 50n],
      ]),
    ],
    ["PRM8", new Map([[NOON, 150n]])],
  ]);
  const allocation = allocate({ slotSeconds: 900, producedWh, usedWh }, { kind: "dynamic" });

  it("are a file per producer, a column per consumer, percent rounded down", () => {
    const files = frenchCoefficients(allocation, producedWh).map(frenchFile);
    expect(files.map(({ name }) => name)).to.deep.equal(["PRM1.csv", "PRM2.csv"]);
    expect(files[0]?.text.split("\n").slice(0, 3)).to.deep.equal([
      "Horodate;PRM7;PRM8",
      "2026-06-21T10:00:00Z;20,0;10,0",
      "2026-06-21T10:15:00Z;0,0;0,0",
    ]);
  });

  it("come back as they were, and never give more than was allocated, nor a permille less", () => {
    const energies = fc.array(fc.bigInt(0n, 3_000n), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(energies, energies, (produced, used) => {
        const home = {
          slotSeconds: 900,
          producedWh: new Map(produced.map((wh, at) => [`P${at}`, new Map([[NOON, wh]])])),
          usedWh: new Map(used.map((wh, at) => [`C${at}`, new Map([[NOON, wh]])])),
        };
        const shared = allocate(home, { kind: "dynamic" });
        for (const coefficients of frenchCoefficients(shared, home.producedWh)) {
          const { name, text } = frenchFile(coefficients);
          if (coefficients.consumers.length === 0) continue;
          expect(readFrenchFile(name, text, 900)).to.deep.equal(coefficients);
          const made = home.producedWh.get(coefficients.producer)?.get(NOON) ?? 0n;
          for (const [at, consumer] of coefficients.consumers.entries()) {
            const tenths = BigInt(coefficients.tenthsOfPercent.get(NOON)?.[at] ?? 0);
            const given = shared.shares
              .filter(
                (each) => each.producer === coefficients.producer && each.consumer === consumer,
              )
              .reduce((total, { energyWh }) => total + energyWh, 0n);
            expect(
              tenths * made <= given * 1000n &&
                (given * 1000n < (tenths + 1n) * made || made === 0n),
            ).to.equal(true);
          }
        }
      }),
    );
  });

  it("are refused where they are invalid", () => {
    const read =
      (text: string, name = "PRM1.csv") =>
      () =>
        readFrenchFile(name, text, 900);
    const head = "Horodate;PRM7;PRM8\n";
    expect(read("a;b\n")).to.throw(RangeError, "PRM1.csv: the first line must be Horodate");
    expect(read(`${head}2026-06-21T10:00:00Z;60,0;40,1\n`)).to.throw(
      "line 2: 100.1 % is more than 100 %",
    );
    expect(read(`${head}2026-06-21T10:00:00Z;60.0;1,0\n`)).to.throw(
      'line 2, PRM7: "60.0" is not percent',
    );
    expect(read(`${head}2026-06-21T10:00:00Z;60,0\n`)).to.throw('line 2, PRM8: ""');
    expect(read(`${head}21/06/2026 10:00;60,0;1,0\n`)).to.throw("line 2, Horodate");
    expect(() => frenchCoefficients(allocation, new Map())).to.throw(
      RangeError,
      "its export in that slot is not given",
    );
    const little = new Map([
      ["PRM1", new Map([[NOON, 10n]])],
      ["PRM2", new Map([[NOON, 500n]])],
    ]);
    expect(() => frenchCoefficients(allocation, little)).to.throw(RangeError, "of 10 Wh");
  });
});
