import { expect } from "chai";
import { addDays, slotsOfDay } from "../../src/slots.ts";
import { first, plainly, readText, wallOf } from "./support.ts";

const QUARTER = 900;

/** What rising values with three decimals leave open. */
const NUMBERS = { valueKind: "energy", decimalMark: "." } as const;

/** Both changes of the clock of a year, and a leap day. */
const DAYS: readonly (readonly [zone: string, day: string, quarters: number])[] = [
  ["Europe/Vienna", "2024-03-31", 92],
  ["Europe/Vienna", "2024-10-27", 100],
  ["Europe/Brussels", "2021-03-28", 92],
  ["Europe/Brussels", "2021-10-31", 100],
  ["Europe/Madrid", "2023-03-26", 92],
  ["Europe/Madrid", "2023-10-29", 100],
  ["Australia/Sydney", "2024-10-06", 92],
  ["Australia/Sydney", "2024-04-07", 100],
  ["America/Los_Angeles", "2024-03-10", 92],
  ["America/Los_Angeles", "2024-11-03", 100],
  ["Europe/Vienna", "2024-02-29", 96],
];

/** How a file may stamp its rows. */
type Stamping =
  | "start"
  | "end"
  | "end by the new offset"
  | "both"
  | "interleaved"
  | "end by the new offset, interleaved"
  | "newest first";

/** A file of the quarters from the day before to the day after, each with its own value. */
function fileOf(zone: string, day: string, stamping: Stamping): { text: string; starts: number[] } {
  const from = slotsOfDay(addDays(day, -1), zone, QUARTER).firstSlot;
  const to = slotsOfDay(addDays(day, 1), zone, QUARTER).lastSlot;
  const starts = Array.from({ length: to - from + 1 }, (_, index) => (from + index) * QUARTER);
  const stamp = (instant: number): string => {
    const wall = wallOf(instant, zone);
    return `${wall.day} ${wall.time}`;
  };
  /** The wall time at the start, a quarter on: what a clock shows that is put back only after the row. */
  const onwards = (start: number): string =>
    new Date(Date.parse(`${stamp(start).replace(" ", "T")}Z`) + QUARTER * 1000)
      .toISOString()
      .slice(0, 16)
      .replace("T", " ");
  let rows = starts.map((start, index) => {
    const value = `0.${String(index + 1).padStart(3, "0")}`;
    if (stamping === "end") return [onwards(start), value];
    if (stamping.startsWith("end by the new offset")) return [stamp(start + QUARTER), value];
    if (stamping === "both") return [stamp(start), stamp(start + QUARTER), value];
    return [stamp(start), value];
  });
  if (stamping.endsWith("interleaved")) {
    rows = rows
      .map((row, index) => ({ row, index }))
      .sort((a, b) => {
        const [one, other] = [first(a.row), first(b.row)];
        return one < other ? -1 : one > other ? 1 : a.index - b.index;
      })
      .map(({ row }) => row);
  }
  if (stamping === "newest first") rows.reverse();
  const header = stamping === "both" ? ["start", "end", "import kWh"] : ["time", "import kWh"];
  return { text: [header, ...rows].map((row) => row.join(",")).join("\n"), starts };
}

describe("Days on which the clock changes", () => {
  for (const [zone, day, quarters] of DAYS) {
    for (const stamping of [
      "start",
      "end",
      "end by the new offset",
      "both",
      "interleaved",
      "end by the new offset, interleaved",
      "newest first",
    ] as const) {
      it(`${day} in ${zone} has ${quarters} quarters, stamped by ${stamping}`, async () => {
        const { text, starts } = fileOf(zone, day, stamping);
        const stamp = stamping.startsWith("end") ? "end" : "start";
        const { series, questions, findings } = await readText(text, {
          timeZone: zone,
          stamp,
          ...NUMBERS,
        });
        expect(questions).to.deep.equal([]);
        expect(findings).to.deep.equal([]);
        expect([...first(series)].map(({ start, milliWh }) => [start, milliWh])).to.deep.equal(
          starts.map((start, index) => [start, (index + 1) * 1000]),
        );
        const { firstSlot, lastSlot } = slotsOfDay(day, zone, QUARTER);
        const ofDay = [...first(series)].filter(
          ({ start }) => start >= firstSlot * QUARTER && start <= lastSlot * QUARTER,
        );
        expect(ofDay).to.have.lengthOf(quarters);
      });
    }
  }

  const autumn = (rows: readonly string[]): string => ["time,import kWh", ...rows].join("\n");
  const once = autumn([
    "2024-10-27 01:00,1.5",
    "2024-10-27 02:00,2.5",
    "2024-10-27 03:00,3.5",
    "2024-10-27 04:00,4.5",
  ]);
  const answers = { timeZone: "Europe/Vienna", stamp: "start", ...NUMBERS } as const;

  it("an hour that is there once, where the clock showed it twice, is asked about", async () => {
    const { series, questions } = await readText(once, answers);
    expect(series).to.deep.equal([]);
    expect(questions.map(({ id, row, choices }) => [id, row, choices])).to.deep.equal([
      ["repeatedHour", 3, ["earlier", "later", "both", "bothBefore"]],
    ]);
  });

  const ANSWERED = {
    earlier: [["2024-10-27T00:00", 3600, 2500]],
    later: [["2024-10-27T01:00", 3600, 2500]],
    both: [["2024-10-27T00:00", 7200, 2500]],
    bothBefore: [["2024-10-27T01:00", 3600, 2500]],
  } as const;
  for (const [repeatedHour, expected] of Object.entries(ANSWERED)) {
    it(`… and read as answered: ${repeatedHour}`, async () => {
      const { series } = await readText(once, { ...answers, repeatedHour });
      const rows = plainly(first(series));
      expect(rows.slice(1, 2)).to.deep.equal(expected);
      expect(rows[0]).to.deep.equal([
        "2024-10-26T23:00",
        repeatedHour === "bothBefore" ? 7200 : 3600,
        1500,
      ]);
      expect(rows.at(2)?.[0]).to.equal("2024-10-27T02:00");
    });
  }

  it("an hour missing in one pass only is told from its neighbours", async () => {
    const rows = ["02:00", "02:15", "02:45", "02:00", "02:15", "02:30", "02:45", "03:00"];
    const text = autumn(rows.map((time) => `2024-10-27 ${time},0.1`));
    const { series, findings } = await readText(text, answers);
    expect(plainly(first(series)).map(([start]) => start.slice(11))).to.deep.equal([
      "00:00",
      "00:15",
      "00:45",
      "01:00",
      "01:15",
      "01:30",
      "01:45",
      "02:00",
    ]);
    expect(findings.map(({ kind, row }) => [kind, row])).to.deep.equal([["gap", 4]]);
  });

  const spring = (rows: readonly (readonly [string, number])[]): string =>
    autumn(rows.map(([time, kWh]) => `2024-03-31 ${time},${kWh.toFixed(3)}`));

  it("rows labelled with an hour that never was are the next hour's, where that is missing", async () => {
    const text = spring([
      ["01:00", 1.1],
      ["02:00", 2.1],
      ["04:00", 4.1],
    ]);
    const { series, findings } = await readText(text, answers);
    expect(plainly(first(series)).map(([start]) => start.slice(11))).to.deep.equal([
      "00:00",
      "01:00",
      "02:00",
    ]);
    expect(findings.map(({ kind, row }) => [kind, row])).to.deep.equal([["mislabelledHour", 3]]);
  });

  it("an empty hour that never was is left out, and said", async () => {
    const text = spring([
      ["01:00", 1.1],
      ["02:00", 0],
      ["03:00", 3.1],
    ]);
    const { series, findings } = await readText(text, answers);
    expect(plainly(first(series)).map(([, , wh]) => wh)).to.deep.equal([1100, 3100]);
    expect(findings.map(({ kind, row }) => [kind, row])).to.deep.equal([["skippedHour", 3]]);
  });

  it("energy in an hour that never was is asked about", async () => {
    const text = spring([
      ["01:00", 1.1],
      ["02:00", 2.1],
      ["03:00", 3.1],
    ]);
    expect((await readText(text, answers)).questions.map(({ id }) => id)).to.deep.equal([
      "skippedHour",
    ]);
    const { series } = await readText(text, { ...answers, timeZone: "+01:00" });
    expect(plainly(first(series)).map(([start]) => start.slice(11))).to.deep.equal([
      "00:00",
      "01:00",
      "02:00",
    ]);
  });
});
