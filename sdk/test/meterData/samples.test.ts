import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { type Answers, MeterFileError, readMeterFile } from "../../src/meterData/index.ts";

const FOLDER = resolve(import.meta.dirname, "../../../../shared/data/meter-files");

interface Expected {
  readonly format: string;
  readonly answers?: Answers;
  /** By series: direction, quantity, intervals, and the file's own sum in kWh (added up by Python's csv, json and re, column by column). */
  readonly series: readonly (readonly [string, string, number, number])[];
}

const EXPECTED: Readonly<Record<string, Expected>> = {
  "at-graz.csv": { format: "austria", series: [["import", "energy", 4, 1.164]] },
  "at-kaernten-values-missing.csv": {
    format: "austria",
    series: [["import", "energy", 96, 8.481]],
  },
  "at-netznoe-community.csv": {
    format: "austria",
    series: [
      ["import", "energy", 960, 524.138],
      ["import", "gridRest", 384, 174.875677],
      ["import", "ownCoverage", 384, 6.848323],
      ["import", "communityShare", 384, 6.848323],
    ],
  },
  "at-vorarlberg-utf16.csv": { format: "austria", series: [["import", "energy", 192, 9.472]] },
  "at-wienernetze-summer-time.csv": {
    format: "austria",
    series: [["import", "energy", 676, 46.851]],
  },
  "be-fluvius-quarters.csv": {
    format: "fluvius",
    series: [
      ["import", "energy", 388, 4.733],
      ["export", "energy", 388, 0],
    ],
  },
  "enphase-report.csv": {
    format: "enphase",
    answers: { timeZone: "America/Los_Angeles" },
    series: [["production", "energy", 199, 3.623]],
  },
  "it-e-distribuzione.csv": {
    format: "eDistribuzione",
    series: [["import", "energy", 2880, 269.281]],
  },
  "nl-dsmr-reader-hours.csv": {
    format: "dsmrReader",
    series: [
      ["import", "energy", 120, 41.121],
      ["export", "energy", 120, 10.32],
    ],
  },
  "es-datadis-clock-changes.json": {
    format: "datadis",
    answers: { repeatedHour: "bothBefore" },
    series: [
      ["import", "energy", 143, 235.51],
      ["export", "energy", 143, 0],
    ],
  },
  "es-datadis-surplus.json": {
    format: "datadis",
    series: [
      ["import", "energy", 24, 71.138],
      ["export", "energy", 24, 36.256],
    ],
  },
  "fr-enedis-load-curve.json": { format: "enedis", series: [["import", "energy", 47, 0]] },
  "fr-enedis-changing-intervals.json": { format: "enedis", series: [["import", "energy", 28, 0]] },
  "green-button.xml": { format: "greenButton", series: [["export", "energy", 67, 726.24]] },
  "nem12-actual-interval.csv": { format: "nem12", series: [["import", "energy", 48, 53.328]] },
  "nem12-different-interval-length.csv": {
    format: "nem12",
    series: [["import", "energy", 48, 374]],
  },
  "nem12-month-solar.csv": {
    format: "nem12",
    series: [
      ["export", "energy", 8928, 589.172],
      ["import", "energy", 8928, 270.738],
    ],
  },
  "nem12-multiple-quality.csv": { format: "nem12", series: [["import", "energy", 48, 896.99]] },
  "nem12-substituted-interval.csv": {
    format: "nem12",
    series: [["import", "energy", 48, 110.976]],
  },
};

const REFUSED: Readonly<Record<string, RegExp>> = {
  "green-button-invalid-block.xml": /row 107: expected an IntervalBlock/,
  "nem12-invalid-mixed-intervals.csv":
    /row 3, column 51: "V" stands there, expected number 49 of 96/,
  "p1-v5.txt": /P1 telegram/,
};

const sourceOf = (name: string): { name: string; bytes: Uint8Array } => ({
  name,
  bytes: new Uint8Array(readFileSync(join(FOLDER, name))),
});

describe("Meter files as people hold them", () => {
  before(function () {
    if (!existsSync(FOLDER)) this.skip();
  });

  for (const [name, { format, answers = {}, series }] of Object.entries(EXPECTED)) {
    it(`${name} is read to the Wh`, async () => {
      const reading = await readMeterFile(sourceOf(name), { answers });
      expect(reading.format).to.equal(format);
      expect(reading.questions).to.deep.equal([]);
      expect(
        reading.series.map((each) => [
          each.direction,
          each.quantity,
          each.length,
          Number(each.totalMilliWh()) / 1e6,
        ]),
      ).to.deep.equal(series);
      expect(
        reading.findings.filter(({ kind }) => kind === "duplicate" || kind === "overlap"),
      ).to.deep.equal([]);
    });
  }

  for (const [name, message] of Object.entries(REFUSED)) {
    it(`${name} is refused, and the place is named`, async () => {
      const error = await readMeterFile(sourceOf(name)).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(MeterFileError);
      expect(String(error)).to.match(message);
    });
  }

  it("the autumn day with 24 rows for 25 hours is asked about", async () => {
    const reading = await readMeterFile(sourceOf("es-datadis-clock-changes.json"));
    expect(reading.series).to.deep.equal([]);
    expect(reading.questions.map(({ id, row }) => [id, row])).to.deep.equal([["repeatedHour", 27]]);
  });
});
