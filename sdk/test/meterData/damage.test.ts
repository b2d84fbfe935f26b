import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type BookType, utils, write } from "@e965/xlsx";
import { expect } from "chai";
import { MeterFileError, readMeterFile } from "../../src/meterData/index.ts";
import type { FuzzJob } from "./fuzz.ts";
import { bytesOf, version5 } from "./p1/samples.ts";
import { first, plainly, readText } from "./support.ts";

const VIENNA = "Beginn der Messreihe;Ende der Messreihe;Messwert in kWh";
const wholeTable = [
  VIENNA,
  "01.06.2024 00:00;01.06.2024 00:15;0,089",
  "01.06.2024 00:15;01.06.2024 00:30;0,086",
];

/** One file of each format, small. */
const WHOLE: Readonly<Record<string, string>> = {
  austria: wholeTable.join("\n"),
  fluvius: [
    "Van datum;Van tijdstip;Tot datum;Tot tijdstip;EAN;Meter;Metertype;Register;Volume;Eenheid;Validatiestatus",
    '01-06-2024;00:00:00;01-06-2024;00:15:00;="541448860000000001";1SAG;Digitale Meter;Afname Nacht;0,120;kWh;Gevalideerd',
    '01-06-2024;00:00:00;01-06-2024;00:15:00;="541448860000000001";1SAG;Digitale Meter;Injectie Nacht;;kWh;Geen verbruik',
  ].join("\r\n"),
  dsmrReader:
    "Hour Start,Electricity 1 (low),Electricity 2 (normal),Electricity 1 Returned (low),Electricity 2 Returned (normal),Gas\n2024-06-01T00:00:00+02:00,0.1,0.2,0.3,0.4,5\n",
  datadis: JSON.stringify([
    {
      cups: "ES1",
      date: "2024/06/01",
      time: "01:00",
      consumptionKWh: 0.5,
      surplusEnergyKWh: 0.25,
      obtainMethod: "Real",
    },
  ]),
  enedis: JSON.stringify({
    meter_reading: {
      usage_point_id: "1",
      reading_type: { unit: "W" },
      interval_reading: [
        { value: "120", date: "2024-06-01 00:10:00", interval_length: "PT10M", measure_type: "B" },
      ],
    },
  }),
  nem12: `100,NEM12,202406020000,A,B\n200,NMI1,E1,1,E1,N1,S1,kWh,30,\n300,20240601,${"0.1,".repeat(48)}A,,,,\n900\n`,
  greenButton: `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><entry><content><ReadingType xmlns="http://naesb.org/espi"><flowDirection>1</flowDirection><powerOfTenMultiplier>0</powerOfTenMultiplier><uom>72</uom></ReadingType></content></entry><entry><content><IntervalBlock xmlns="http://naesb.org/espi"><IntervalReading><timePeriod><duration>900</duration><start>1717200000</start></timePeriod><value>70</value></IntervalReading></IntervalBlock></content></entry></feed>`,
  eDistribuzione: 'Giorno;00:00-00:15;00:15-00:30\n"01/06/2024";"0,139";"0,258"\n',
};

const errorOf = async (text: string): Promise<string> => {
  const outcome = await readText(text).catch((reason: unknown) => reason);
  expect(outcome).to.be.instanceOf(MeterFileError);
  return String(outcome);
};

/** A workbook of a grid operator, small. */
function workbook(bookType: BookType): Uint8Array {
  const rows = wholeTable.map((row) => row.split(";"));
  const bytes: unknown = write(
    { SheetNames: ["Sheet1"], Sheets: { Sheet1: utils.aoa_to_sheet(rows) } },
    { type: "array", bookType },
  );
  if (!(bytes instanceof ArrayBuffer)) throw new TypeError("the workbook was not written");
  return new Uint8Array(bytes);
}

describe("Damaged meter files", () => {
  for (const [format, text] of Object.entries(WHOLE)) {
    it(`${format}: the whole file is read`, async () => {
      const reading = await readText(text);
      expect(reading.format).to.equal(format);
      expect(reading.series).to.not.deep.equal([]);
    });
  }

  const replaced = (from: string, to: string): string => WHOLE.austria?.replace(from, to) ?? "";
  const REFUSED: readonly (readonly [what: string, text: string, message: RegExp])[] = [
    [
      "a word for a number",
      replaced("0,086", "much"),
      /row 3, column Messwert in kWh: "much" stands there, expected a number with ","/,
    ],
    ["two marks in a number", replaced("0,086", "0,0,86"), /row 3, column Messwert in kWh/],
    [
      "a day that no calendar has",
      replaced("01.06.2024 00:15;01", "31.06.2024 00:15;01"),
      /row 3, column Beginn der Messreihe: "31.06.2024 00:15"/,
    ],
    [
      "an end before the start",
      replaced("01.06.2024 00:30", "01.06.2024 00:05"),
      /row 3, column Ende der Messreihe.*expected an end/,
    ],
    ["no value at all", VIENNA, /expected values/],
    ["an empty file", "", /expected a file that is not empty/],
    [
      "a quote that is not closed",
      replaced("0,086", '"0,086'),
      /row 3: expected each quote closed/,
    ],
    ["JSON cut off", (WHOLE.datadis ?? "").slice(0, -3), /expected whole JSON/],
    ["XML cut off", (WHOLE.greenButton ?? "").slice(0, -40), /row 1: expected whole XML/],
    ["NEM12 cut off", (WHOLE.nem12 ?? "").replace("900\n", ""), /expected a 900 record/],
    [
      "a power of another unit",
      (WHOLE.enedis ?? "").replace('"W"', '"VA"'),
      /column reading_type.unit: "VA"/,
    ],
    [
      "a length in days",
      (WHOLE.enedis ?? "").replace("PT10M", "P1D"),
      /row 1, column interval_length: "P1D"/,
    ],
    [
      "a day of too few columns",
      (WHOLE.eDistribuzione ?? "").replace('"0,258"', '"x"'),
      /row 2, column 00:15-00:30: "x"/,
    ],
  ];
  for (const [what, text, message] of REFUSED) {
    it(`refuses ${what}, and says where`, async () => {
      expect(await errorOf(text)).to.match(message);
    });
  }

  const ENCODED: Readonly<Record<string, (text: string) => Uint8Array>> = {
    "utf-8 with a mark": (text) => new TextEncoder().encode(`\uFEFF${text}`),
    "utf-16 le": (text) => new Uint8Array(Buffer.from(`\uFEFF${text}`, "utf16le")),
    "utf-16 be": (text) => new Uint8Array(Buffer.from(`\uFEFF${text}`, "utf16le").swap16()),
    "utf-16 le without a mark": (text) => new Uint8Array(Buffer.from(text, "utf16le")),
    "latin-1": (text) => new Uint8Array(Buffer.from(text, "latin1")),
  };
  for (const [encoding, encode] of Object.entries(ENCODED)) {
    it(`reads ${encoding}, trailing separators and a sum at the end`, async () => {
      const text = [
        "Zählpunkt;AT0010000000000000000000000000001;",
        `${VIENNA};`,
        ...wholeTable.slice(1).map((row) => `${row};`),
        "Summe;;0,175;",
        ";;;",
        "",
      ].join("\r\n");
      const { series, findings } = await readMeterFile({ name: "a.csv", bytes: encode(text) });
      expect(first(series).meterId).to.equal("AT0010000000000000000000000000001");
      expect(plainly(first(series))).to.deep.equal([
        ["2024-05-31T22:00", 900, 89],
        ["2024-05-31T22:15", 900, 86],
      ]);
      expect(findings).to.deep.equal([]);
    });
  }

  it("names the cell of a plain table that is no number, however short the table is", async () => {
    const text = "start,import kWh\n2026-01-01 00:00,1\n2026-01-01 01:00,viel\n";
    const error = await readText(text, { timeZone: "Europe/Vienna" }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(MeterFileError);
    expect(error).to.include({ row: 3, column: "import kWh", value: "viel" });
  });

  it("lists gaps, overlaps, duplicates, negative, estimated and missing values by row, and a sum that is off", async () => {
    const row = (from: string, to: string, kWh: string, note = ""): string =>
      `01.06.2024 ${from};01.06.2024 ${to};${kWh};${note}`;
    const { findings } = await readText(
      [
        "Datum von;Datum bis;Verbrauch in kWh;Ersatzwert",
        row("00:00", "00:15", "0,100"),
        row("00:00", "00:15", "0,100"),
        row("00:15", "00:30", "-0,050"),
        row("00:20", "00:35", "0,100"),
        row("01:00", "01:15", "0,100", "Ersatzwert"),
        row("01:15", "01:30", ""),
        "Summe;;9,999;",
      ].join("\n"),
    );
    expect(findings.map(({ kind, row: at }) => `${kind} ${at}`).sort()).to.deep.equal([
      "duplicate 3",
      "estimated 6",
      "gap 6",
      "missing 7",
      "negative 4",
      "overlap 5",
      "sum 8",
    ]);
  });

  it("any bytes, and any damage to a whole file, end in a reading or a named error, in little memory", async function () {
    this.timeout(240_000);
    const texts = Object.values(WHOLE).map((text) => new TextEncoder().encode(text));
    const job: FuzzJob = {
      files: [...texts, bytesOf(version5()), workbook("xlsx"), workbook("biff8")],
      runs: process.env.WATTLINE_DEEP ? 20_000 : 600,
    };
    const worker = new Worker(new URL("./fuzz.ts", import.meta.url), {
      workerData: job,
      // The readers themselves take a third of it.
      resourceLimits: { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16 },
    });
    const [code] = await once(worker, "exit");
    expect(code).to.equal(0);
  });
});
