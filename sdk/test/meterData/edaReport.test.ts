import { deflateRawSync } from "node:zlib";
import { utils, write } from "@e965/xlsx";
import { expect } from "chai";
import { MeterFileError, type Reading, readMeterFile } from "../../src/meterData/index.ts";

const CODES = {
  en: {
    total: "Total consumption according to measurement [KWH]",
    share: "Share of community generation [KWH]",
    coverage: "Own coverage from community generation [KWH]",
    produced: "Total community generation [KWH]",
    surplus: "Total/surplus production, community surplus [KWH]",
  },
  de: {
    total: "Gesamtverbrauch lt. Messung (bei Teilnahme gem. Erzeugung) [KWH]",
    share: "Anteil gemeinschaftliche Erzeugung [KWH]",
    coverage: "Eigendeckung gemeinschaftliche Erzeugung [KWH]",
    produced: "Gesamte gemeinschaftliche Erzeugung [KWH]",
    surplus: "Gesamt/Überschusserzeugung, Gemeinschaftsüberschuss [KWH]",
  },
} as const;

/** The serial time of 2024-10-26 00:00. */
const FIRST_SERIAL = 45_591;
/** Two days, the second of which has 25 hours: the wall times of its repeated hour come twice. */
const WALLS = [
  ...Array(96 + 12).keys(),
  ...Array.from({ length: 4 }, (_, i) => 96 + 8 + i),
  ...Array.from({ length: 84 }, (_, i) => 96 + 12 + i),
];

const kWh = (milliWh: number): number => Math.round(milliWh) / 1e6;

/** A report of two consumers and a producer, by the dynamic key; `wrong` quarters have another coverage. */
function reportOf(
  language: "en" | "de",
  wrong: readonly number[] = [],
  empty: readonly number[] = [],
): Uint8Array {
  const code = CODES[language];
  const columns = [
    ["AT001", "CONSUMPTION", code.total],
    ["AT001", "CONSUMPTION", code.share],
    ["AT001", "CONSUMPTION", code.coverage],
    ["AT002", "CONSUMPTION", code.total],
    ["AT002", "CONSUMPTION", code.share],
    ["AT002", "CONSUMPTION", code.coverage],
    ["AT003", "GENERATION", code.produced],
    ["AT003", "GENERATION", code.surplus],
  ] as const;
  const spread = (label: string, texts: readonly string[]): unknown[] => [
    label,
    ...texts.flatMap((text) => [text, null]),
  ];
  const body = WALLS.map((wall, at) => {
    const used = [200_000 + at * 1000, 300_000 + ((at * 7919) % 400_000)] as const;
    const produced = (at % 96) * 9000;
    const shares = used.map((each) => (produced * each) / (used[0] + used[1]));
    const covered = used.map((each, index) => Math.min(each, shares[index] ?? 0));
    const [share1 = 0, share2 = 0] = shares;
    const [covered1 = 0, covered2 = 0] = covered;
    const values = [
      used[0],
      share1,
      covered1 + (wrong.includes(at) ? 5000 : 0),
      used[1],
      share2,
      covered2,
      produced,
      produced - covered1 - covered2,
    ];
    const cells = values.flatMap((value, index) => [
      empty.includes(at) && index === 0 ? "no data" : kWh(value),
      index === 3 && at < 4 ? "L2" : "L1",
    ]);
    return [FIRST_SERIAL + wall / 96, ...cells];
  });
  const sums = columns.flatMap((_, index) => [
    body.reduce((sum, row) => sum + (Number(row[1 + 2 * index]) || 0), 0),
    "L2",
  ]);
  const rows = [
    ["Disclaimer: no liability is taken for these data"],
    spread(
      "MeteringpointID",
      columns.map(([meter]) => meter),
    ),
    spread(
      "Name",
      columns.map(() => ""),
    ),
    spread(
      "Energy direction",
      columns.map(([, direction]) => direction),
    ),
    spread(
      "Period start",
      columns.map(() => "26.10.2024 00:00:00"),
    ),
    spread(
      "Period end",
      columns.map(() => "28.10.2024 00:00:00"),
    ),
    spread(
      "MeteringReason",
      columns.map(() => "00"),
    ),
    spread(
      "Metering Interval",
      columns.map(() => "QH"),
    ),
    spread(
      "Number of Metering Intervals",
      columns.map(() => "196"),
    ),
    spread(
      "Metercode",
      columns.map(([, , name]) => name),
    ),
    ["", ...sums],
    ...body,
  ];
  const sheet = utils.aoa_to_sheet(rows);
  const bytes: unknown = write(
    { SheetNames: ["Report"], Sheets: { Report: sheet } },
    { type: "array", bookType: "xlsx" },
  );
  if (!(bytes instanceof ArrayBuffer)) throw new TypeError("the report was not written");
  return new Uint8Array(bytes);
}

const readReport = (bytes: Uint8Array): Promise<Reading> =>
  readMeterFile({ name: "report.xlsx", bytes });

describe("The report of an Austrian energy community", () => {
  for (const language of ["en", "de"] as const) {
    it(`is read with its codes in ${language}, 100 quarters on the day that has them`, async () => {
      const reading = await readReport(reportOf(language));
      expect(reading.format).to.equal("edaReport");
      expect(
        reading.series.map(
          (each) => `${each.meterId} ${each.direction} ${each.quantity} ${each.length}`,
        ),
      ).to.deep.equal([
        "AT001 import energy 196",
        "AT001 import communityShare 196",
        "AT001 import ownCoverage 196",
        "AT002 import energy 196",
        "AT002 import communityShare 196",
        "AT002 import ownCoverage 196",
        "AT003 export energy 196",
        "AT003 export communitySurplus 196",
      ]);
      for (const series of reading.series) {
        const starts = [...series].map(({ start }) => start);
        expect(starts).to.deep.equal(starts.map((_, index) => (starts[0] ?? 0) + index * 900));
      }
      expect(reading.findings.map(({ kind, row, lastRow }) => [kind, row, lastRow])).to.deep.equal([
        ["estimated", 12, 15],
      ]);
    });
  }

  it("names the quarters whose coverage is not the lesser of consumption and share", async () => {
    const { findings } = await readReport(reportOf("de", [20, 21, 60]));
    expect(
      findings
        .filter(({ kind }) => kind === "community")
        .map(({ row, lastRow, count }) => [row, lastRow, count]),
    ).to.deep.equal([
      [32, 33, 2],
      [72, 72, 1],
    ]);
  });

  it("names what has no data, and leaves its quarter unchecked", async () => {
    const { findings, series } = await readReport(reportOf("en", [], [5]));
    expect(series[0]?.length).to.equal(195);
    expect(findings.map(({ kind }) => kind).sort()).to.deep.equal(["estimated", "gap", "missing"]);
  });

  it("is refused where it unpacks to far more than a report holds, whatever sizes it states", async () => {
    const refused = await readReport(zipOf(deflateRawSync(new Uint8Array(32 << 20)), 17)).catch(
      (error: unknown) => error,
    );
    expect(refused).to.be.instanceOf(MeterFileError);
    expect(String(refused)).to.contain("at most 512 MB once it is unpacked");
    const cut = await readReport(zipOf(deflateRawSync(new Uint8Array(9)), 1).subarray(0, 60)).catch(
      (error: unknown) => error,
    );
    expect(String(cut)).to.contain("cut off");
  });
});

/** A ZIP file whose entries are all the same packed data, said to be empty. */
function zipOf(packed: Uint8Array, entries: number): Uint8Array {
  const local = Buffer.alloc(31);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(1, 26);
  local.write("a", 30);
  const record = Buffer.alloc(47);
  record.writeUInt32LE(0x02014b50, 0);
  record.writeUInt16LE(8, 10);
  record.writeUInt32LE(packed.length, 20);
  record.writeUInt16LE(1, 28);
  record.write("a", 46);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(local.length + packed.length, 16);
  const records = Array.from({ length: entries }, () => record);
  return Uint8Array.from(Buffer.concat([local, packed, ...records, end]));
}
