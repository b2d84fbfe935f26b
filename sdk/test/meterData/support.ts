import {
  type Answers,
  type Interval,
  type Reading,
  readMeterFile,
} from "../../src/meterData/index.ts";

/** Reads a file written in a test. */
export const readText = (
  text: string,
  answers: Answers = {},
  name = "test.csv",
): Promise<Reading> => readMeterFile({ name, bytes: new TextEncoder().encode(text) }, { answers });

/** Start (UTC, to the minute), length and Wh of each interval. */
export const plainly = (intervals: Iterable<Interval>): [string, number, number][] =>
  [...intervals].map(({ start, seconds, milliWh }) => [
    new Date(start * 1000).toISOString().slice(0, 16),
    seconds,
    milliWh / 1000,
  ]);

export const first = <Item>(items: readonly Item[]): Item => {
  const [item] = items;
  if (item === undefined) throw new Error("there is none");
  return item;
};

/** Wall time of an instant as `YYYY-MM-DD HH:MM`, by the runtime's own time zone data. */
export function wallOf(instant: number, timeZone: string): { day: string; time: string } {
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone,
    dateStyle: "short",
    timeStyle: "short",
  });
  const [day = "", time = ""] = format.format(instant * 1000).split(" ");
  return { day, time };
}
