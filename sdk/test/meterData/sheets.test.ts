import { utils, write } from "@e965/xlsx";
import { expect } from "chai";
import { describe, it } from "mocha";
import {
  type Answers,
  MeterFileError,
  type Reading,
  readMeterFile,
} from "../../src/meterData/index.ts";

/* Spreadsheets as portals write them, in small: shaped after the public samples that the reader cites. */

type Sheet = readonly (readonly (string | number | Date | null)[])[];

function readSheet(sheet: Sheet, answers: Answers = {}): Promise<Reading> {
  const cells = utils.aoa_to_sheet(
    sheet.map((row) => [...row]),
    { UTC: true },
  );
  const bytes: unknown = write(
    { SheetNames: ["Sheet1"], Sheets: { Sheet1: cells } },
    { type: "array", bookType: "xlsx" },
  );
  if (!(bytes instanceof ArrayBuffer)) throw new TypeError("the sheet was not written");
  return readMeterFile({ name: "sheet.xlsx", bytes: new Uint8Array(bytes) }, { answers });
}

/** Each series in a line: meter, direction, quantity, first start, length, values in Wh. */
const linesOf = ({ series }: Reading): string[] =>
  series.map((each) => {
    const { start, seconds } = each.at(0);
    const values = [...each].map(({ milliWh }) => milliWh / 1000).join(" ");
    const at = new Date(start * 1000).toISOString().slice(0, 16);
    return `${each.meterId} ${each.direction} ${each.quantity} ${at}+${seconds / 60}: ${values}`;
  });

const METER = "AT0000000000000000000000012345678";
/** Wall time as Excel has it, without a zone. */
const wall = (text: string): Date => new Date(`${text}:00Z`);

describe("Spreadsheets of Austrian grid operators", () => {
  it("power in kW with its unit in a column, the meter's number in the first row only", async () => {
    const reading = await readSheet([
      [
        "Anlagennummer",
        "Zählpunkt",
        "Tarif",
        "Leistungszeitraum Beginn",
        "Leistungszeitraum Ende",
        "Leistung",
        "Einheit",
        "Messwert: VAL...gemessen, EST...rechnerisch ermittelt",
      ],
      [123, METER, null, wall("2024-01-01T00:00"), wall("2024-01-01T00:15"), 0.212, "KW", "VAL"],
      [null, null, null, wall("2024-01-01T00:15"), wall("2024-01-01T00:30"), 1.168, "KW", "EST"],
    ]);
    expect(linesOf(reading)).to.deep.equal([`${METER} import energy 2023-12-31T23:00+15: 53 292`]);
    expect(reading.findings.map(({ kind, row }) => [kind, row])).to.deep.equal([["estimated", 3]]);
  });

  it("import and export by OBIS code, named by ends, below a line with the meter's number", async () => {
    const period = "26.03.2023 - 27.03.2023";
    const row = (at: string, code: string, kWh: number | null) => [at, code, kWh, period];
    const reading = await readSheet([
      ["Zeitstempel String", "Obiscode", "Wert (kWh)", "Angezeigter Zeitraum"],
      [`Zählpunkt: ${METER}`],
      row("26.03.2023 01:45", "1.8.0", 0.19),
      row("26.03.2023 01:45", "2.8.0", 0.01),
      row("26.03.2023 02:00", "1.8.0", 0.21),
      row("26.03.2023 02:00", "2.8.0", 0),
      // The hour that never was is empty; its end is the same moment as its start.
      row("26.03.2023 02:15", "1.8.0", null),
      row("26.03.2023 03:00", "1.8.0", 0.21),
      row("26.03.2023 03:15", "1.8.0", 0.25),
      row("26.03.2023 03:15", "2.8.0", 0.02),
    ]);
    expect(reading.questions).to.deep.equal([]);
    expect(linesOf(reading)).to.deep.equal([
      `${METER} import energy 2023-03-26T00:30+15: 190 210 250`,
      `${METER} export energy 2023-03-26T00:30+15: 10 0 20`,
    ]);
    expect(reading.findings.map(({ kind }) => kind)).to.deep.equal(["missing", "skippedHour"]);
  });

  it("a community's codes, with a row for each day among the quarters", async () => {
    const reading = await readSheet([
      [
        "BeginDate",
        "EndDate",
        "Restnetzbezug (1-1:1.9.0 P.01)",
        "Status",
        "Gemeinschaftsnutzung",
        "Status",
        "Restnetzlieferung (1-1:2.9.0 P.01)",
        "Status",
        "gemessene Gesamterzeugung (1-1:2.9.0 G.01)",
        "Status",
        "tatsächliche Deckung durch EG (1-1:2.9.0 G.03)",
        "Status",
        "gemessener Gesamtverbrauch (1-1:1.9.0 G.01)",
        "Status",
      ],
      ["2024-06-01 00:00:00", "2024-06-02 00:00:00", 3.5, "gemessen", 0.5],
      [
        "2024-06-01 00:00:00",
        "2024-06-01 00:15:00",
        1.5,
        null,
        0,
        null,
        0,
        null,
        0,
        null,
        0.5,
        null,
        2,
      ],
      [
        "2024-06-01 00:15:00",
        "2024-06-01 00:30:00",
        2,
        null,
        0,
        null,
        1,
        null,
        1.25,
        null,
        0,
        null,
        2,
      ],
    ]);
    expect(linesOf(reading)).to.deep.equal([
      "meter import gridRest 2024-05-31T22:00+15: 1500 2000",
      "meter export communitySurplus 2024-05-31T22:00+15: 0 1000",
      "meter export energy 2024-05-31T22:00+15: 0 1250",
      "meter import ownCoverage 2024-05-31T22:00+15: 500 0",
      "meter import energy 2024-05-31T22:00+15: 2000 2000",
    ]);
    const ignored = reading.findings.filter(({ kind }) => kind === "ignored");
    expect(ignored.map(({ row }) => row)).to.include(2);
  });

  it("hours as spans in one cell, beside the register's state", async () => {
    const name = `${METER} - 325 Verbrauch (IME, 11.11.2025 - 11.05.2026)`;
    const reading = await readSheet([
      ["Datum", `${name} (Verbrauch - Einheit kWh)`, `${name} (Zählerstand)`],
      ["30.04.2026 22:00 - 30.04.2026 23:00", 0.44],
      ["30.04.2026 23:00 - 01.05.2026 00:00", 0.19, 11_075.03],
    ]);
    expect(linesOf(reading)).to.deep.equal([`${METER} import energy 2026-04-30T20:00+60: 440 190`]);
  });

  it("numbered columns, which a line above the table explains, named by ends", async () => {
    const reading = await readSheet([
      ["Lastprofil"],
      ["Daten 1:  Verbrauch lt. Messung IME"],
      ["Datum", "Daten 1"],
      ["01.12.2025 01:00", 12.33],
      ["01.12.2025 02:00", 9.77],
    ]);
    expect(linesOf(reading)).to.deep.equal(["meter import energy 2025-11-30T23:00+60: 12330 9770"]);
  });

  it("refuses a table of days, and says so", async () => {
    const days = readSheet([
      ["Datum von", "Datum bis", "Verbrauch [kWh]"],
      ["01.12.2025 00:00", "02.12.2025 00:00", 12.33],
      ["02.12.2025 00:00", "03.12.2025 00:00", 9.77],
    ]);
    const error = await days.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(MeterFileError);
    expect(String(error)).to.contain("this table has days");
  });
});

describe("Any other spreadsheet", () => {
  const sheet = [
    ["Dados Gerais"],
    [],
    ["CPE", "PT0002000123456789AN"],
    ["Intervalo", "15 min"],
    [],
    ["Contador", "Data", "Hora", "Consumo registado, Ativa (kW)", "Estado"],
    ["000001234567890", "2024/09/13", "00:15", 3.512, "Real"],
    ["000001234567890", "2024/09/13", "00:30", 1.448, "Real"],
  ];

  it("is asked about as a CSV file is, below lines that are no table", async () => {
    const reading = await readSheet(sheet);
    expect(reading.format).to.equal("csv");
    expect(reading.questions.map(({ id }) => id)).to.have.members(["stamp", "timeZone"]);
    expect(reading.preview.columns).to.deep.equal(sheet[5]);
  });

  it("is read as answered", async () => {
    const reading = await readSheet(sheet, { stamp: "end", timeZone: "Europe/Lisbon" });
    expect(linesOf(reading)).to.deep.equal([
      "000001234567890 import energy 2024-09-12T23:00+15: 878 362",
    ]);
  });

  it("takes three decimals for decimals", async () => {
    const reading = await readSheet(
      [
        ["start", "import (kWh)"],
        [wall("2024-09-13T00:00"), 12.345],
        [wall("2024-09-13T00:15"), 1.234],
      ],
      { timeZone: "+00:00" },
    );
    expect(linesOf(reading)[0]).to.contain(": 12345 1234");
  });
});
