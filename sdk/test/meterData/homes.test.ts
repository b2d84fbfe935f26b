import { expect } from "chai";
import { describe, it } from "mocha";
import {
  type Direction,
  flowsOf,
  homesIn,
  MeterFileError,
  MeterSeries,
  type Reading,
  slotSecondsFor,
} from "../../src/meterData/index.ts";

const START = Date.UTC(2025, 5, 1) / 1000;

/** Quarter-hours of whole Wh from a slot on. */
const seriesOf = (direction: Direction, fromSlot: number, wh: readonly number[], meterId = "m") =>
  new MeterSeries(
    { meterId, direction, quantity: "energy" },
    wh.map((each, index) => ({
      start: START + (fromSlot + index) * 900,
      seconds: 900,
      milliWh: each * 1000,
      quality: "measured" as const,
      row: index + 2,
    })),
  );

const partOf = (file: string, ...series: MeterSeries[]) => ({ file, series });

const readingOf = (...series: MeterSeries[]): Reading => ({
  format: "csv",
  series,
  findings: [],
  questions: [],
  preview: { encoding: "utf-8", columns: [], rows: [] },
});

describe("The home of meter files", () => {
  it("is continued from file to file, and counts what is told twice once", () => {
    const flows = flowsOf(
      [
        partOf("may.csv", seriesOf("import", 0, [1, 2, 3])),
        partOf("june.csv", seriesOf("import", 2, [3, 4])),
      ],
      900,
    );
    expect(flows.firstSlot).to.equal(START / 900);
    expect(flows.importedWh).to.deep.equal([1n, 2n, 3n, 4n]);
    expect(flows.exportedWh).to.deep.equal([0n, 0n, 0n, 0n]);
    expect(flows.covered).to.deep.equal([true, true, true, true]);
  });

  it("adds different meters up, and knows a slot only when all of them have it", () => {
    const flows = flowsOf(
      [
        partOf("home.csv", seriesOf("import", 0, [1, 2, 3])),
        partOf("heatPump.csv", seriesOf("import", 1, [10, 20, 30], "heat pump")),
      ],
      900,
    );
    expect(flows.covered).to.deep.equal([false, true, true, false]);
    expect(flows.importedWh).to.deep.equal([0n, 12n, 23n, 0n]);
  });

  it("takes production as export where nothing else is known, and as what the roof made beside both", () => {
    const made = seriesOf("production", 0, [5, 0]);
    expect(flowsOf([partOf("a.csv", made)], 900).exportedWh).to.deep.equal([5n, 0n]);
    const full = flowsOf(
      [partOf("a.csv", made, seriesOf("import", 0, [0, 9]), seriesOf("export", 0, [3, 1]))],
      900,
    );
    expect(full.exportedWh).to.deep.equal([3n, 1n]);
    expect(full.producedWh).to.deep.equal([5n, 1n]);
  });

  it("is refused, by its file, where files contradict each other or the export is not known", () => {
    const twice = [
      partOf("a.csv", seriesOf("import", 0, [1])),
      partOf("b.csv", seriesOf("import", 0, [2])),
    ];
    expect(() => flowsOf(twice, 900)).to.throw(
      MeterFileError,
      'b.csv, column m: "2 Wh at 2025-06-01T00:00 UTC" stands there, expected 1 Wh as in another file',
    );
    const halves = [partOf("a.csv", seriesOf("import", 0, [1]), seriesOf("production", 0, [1]))];
    expect(() => flowsOf(halves, 900)).to.throw(MeterFileError, "what was fed into the grid");
    expect(() => flowsOf([partOf("a.csv")], 900)).to.throw(
      MeterFileError,
      "a.csv: expected energy",
    );
  });
});

describe("The homes of a file", () => {
  it("are one, by the file's name, where each direction is there once; else one for each meter", () => {
    const one = readingOf(seriesOf("import", 0, [1]), seriesOf("export", 0, [1]));
    expect(homesIn("Anna", one).map(({ name, series }) => [name, series.length])).to.deep.equal([
      ["Anna", 2],
    ]);
    const many = readingOf(seriesOf("import", 0, [1], "1"), seriesOf("import", 0, [1], "2"));
    expect(homesIn("street", many).map(({ name }) => name)).to.deep.equal(["1", "2"]);
    expect(homesIn("empty", readingOf())).to.deep.equal([]);
  });

  it("have slots that hold whole intervals, or are held by them", () => {
    const ofLength = (seconds: number) =>
      readingOf(
        new MeterSeries({ meterId: "m", direction: "import", quantity: "energy" }, [
          { start: START, seconds, milliWh: 1, quality: "measured", row: 2 },
        ]),
      );
    const lengths = [60, 300, 600, 900, 1800, 3600];
    expect(lengths.map((each) => slotSecondsFor([ofLength(each)]))).to.deep.equal([
      900, 900, 300, 900, 900, 900,
    ]);
    expect(slotSecondsFor([ofLength(900), ofLength(600)])).to.equal(300);
  });
});
