import { expect } from "chai";
import { describe, it } from "mocha";
import { MeterFileError, readMeterFile } from "../../../src/meterData/index.ts";
import { plainly } from "../support.ts";
import { bytesOf, type Values, version5 } from "./samples.ts";

const at = (time: string, values: Partial<Values> = {}): string =>
  version5({ stamp: `2606211${time}S`, ...values });

const read = (text: string) => readMeterFile({ name: "p1.log", bytes: bytesOf(text) });

describe("recorded P1 telegrams", () => {
  it("become intervals: what the registers of all tariffs grew by between two of them", async () => {
    const { format, series, findings } = await read(
      at("20000") +
        at("21500", { low: "001234.600", high: "000765.500" }) +
        at("23000", { low: "001234.600", high: "000765.500", highExport: "000201.000" }),
    );
    expect(format).to.equal("p1");
    expect(findings).to.deep.equal([]);
    expect(series.map(({ direction }) => direction)).to.deep.equal(["import", "export"]);
    expect(
      series.map((each) => plainly(each).map(([start, s, wh]) => [start, s, wh])),
    ).to.deep.equal([
      [
        ["2026-06-21T10:00", 900, 101],
        ["2026-06-21T10:15", 900, 0],
      ],
      [
        ["2026-06-21T10:00", 900, 0],
        ["2026-06-21T10:15", 900, 1],
      ],
    ]);
  });

  it("with a damaged one, a pause, a reset and one out of order: each is said, and none is guessed", async () => {
    const grown = { low: "001234.600" };
    const damaged = at("20500", grown).replace("001234.600", "009234.600");
    const { series, findings } = await read(
      at("20000") +
        damaged +
        at("21000", grown) +
        at("20500", grown) +
        at("43000", { low: "001300.000" }) +
        at("44000"),
    );
    expect(findings.map(({ kind, row }) => [kind, row])).to.deep.include.members([
      ["ignored", 2],
      ["overlap", 4],
      ["missing", 5],
      ["registerReset", 6],
    ]);
    expect(series[0] && plainly(series[0])).to.deep.equal([["2026-06-21T10:00", 600, 33]]);
  });

  it("refuses a single one, and half of one, saying what is needed", async () => {
    for (const [text, wanted] of [
      [at("20000"), /two telegrams of a meter or more/],
      [at("20000").slice(0, 300), /a whole telegram/],
    ] as const) {
      const refused = await read(text).catch((error: unknown) => error);
      expect(refused)
        .to.be.instanceOf(MeterFileError)
        .with.property("message")
        .that.matches(wanted);
    }
  });
});
