import { type OpenRow, type Placed, settle } from "./place.ts";
import { MeterSeries, type SeriesKey } from "./series.ts";
import { wallText } from "./stamps.ts";
import type { Answers, Finding, Quality, Question } from "./types.ts";
import type { Zone } from "./zone.ts";

interface Doubt extends OpenRow {
  readonly quality: Quality;
  readonly row: number;
  /** Its place among the series, until that is sorted; -1 when it is not in it. */
  readonly index: number;
}

const HOUR = 3600;
/** From the earliest start that a change of the clock makes doubtful to after that change: two hours at most. */
const NEAR_CHANGE = 3 * HOUR;
/** Below this a remainder is the noise of a decimal fraction in binary. */
const NOISE = 1e-6;

/** Takes the rows of one register and puts them in their place in time. */
export class RegisterBuilder {
  readonly series: MeterSeries;
  readonly #meterId: string;
  readonly #doubts: Doubt[] = [];
  readonly #lengthen: { readonly end: number; readonly seconds: number }[] = [];
  #remainder = 0;
  #falling = 0;
  #lastStart = Number.NaN;

  constructor(key: SeriesKey) {
    this.series = new MeterSeries(key);
    this.#meterId = key.meterId;
  }

  /**
   * Adds a row. `exactMilliWh` may have a fraction (power over ten minutes): it is carried on, so that sums stay
   * the file's.
   */
  add(place: Placed, seconds: number, exactMilliWh: number, quality: Quality, row: number): void {
    const exact = exactMilliWh + this.#remainder;
    const milliWh = Math.round(exact) + 0;
    const remainder = exact - milliWh;
    this.#remainder = Math.abs(remainder) < NOISE ? 0 : remainder;
    if (typeof place === "number") {
      this.#watchOrder(place);
      this.series.push(place, seconds, milliWh, quality, row);
    } else {
      const [first] = place.byStart;
      const index = first === undefined ? -1 : this.series.length;
      if (first !== undefined) this.series.push(first, seconds, milliWh, quality, row);
      this.#doubts.push({ place, seconds, milliWh, quality, row, index });
    }
  }

  #watchOrder(start: number): void {
    if (start < this.#lastStart) this.#falling++;
    else if (start > this.#lastStart) this.#falling--;
    this.#lastStart = start;
  }

  /** Settles what was open. Asks where the file does not tell. */
  finish(zone: Zone | undefined, answers: Answers, notes: Notes): MeterSeries {
    if (this.#doubts.length === 0 || !zone) {
      this.series.sort();
      return this.series;
    }
    const ordered = this.#falling > 0 ? this.#doubts.toReversed() : this.#doubts;
    const repeated = ordered.filter(({ place }) => place.byStart.length > 0);
    const skipped = ordered.filter(({ place }) => place.byStart.length === 0);
    const byChange = Map.groupBy(repeated, ({ place }) =>
      zone.changeBefore(Math.min(...place.byStart) + NEAR_CHANGE),
    );
    for (const rows of byChange.values()) this.#settleRepeated(rows, answers, notes);
    this.series.sort();
    for (const { end, seconds } of this.#lengthen) this.series.lengthenBefore(end, seconds);
    if (skipped.length > 0) this.#settleSkipped(skipped, answers, notes);
    this.series.sort();
    return this.series;
  }

  #settleRepeated(rows: readonly Doubt[], answers: Answers, notes: Notes): void {
    const settled = settle(rows);
    const [first] = rows;
    if (!first) return;
    if (!settled) return;
    const clear = settled.earlier.every((start, index) => start === settled.later[index]);
    const open = rows.filter((_, index) => settled.earlier[index] !== settled.later[index]);
    const single = open.length === 1 && open[0]?.seconds === HOUR;
    const answer = answers.repeatedHour;
    const choices = ["earlier", "later", ...(single ? ["both", "bothBefore"] : [])];
    if (!clear && !choices.includes(answer ?? "")) {
      const hour = wallText(open[0]?.place.wall ?? first.place.wall);
      notes.ask({
        id: "repeatedHour",
        text:
          `The clock showed ${hour} twice, and the file has it once: is it the earlier or the later time` +
          (single
            ? ", does it hold both hours (both), or does the row before it (bothBefore)?"
            : "?"),
        choices,
        row: open[0]?.row ?? first.row,
      });
      return;
    }
    const starts = answer === "later" || answer === "bothBefore" ? settled.later : settled.earlier;
    rows.forEach((row, index) => {
      const doubled = !clear && answer === "both" && row === open[0];
      const seconds = doubled ? 2 * row.seconds : row.seconds;
      this.series.move(row.index, starts[index] ?? row.place.fallback, seconds);
    });
    const openRow = open[0];
    if (!clear && answer === "bothBefore" && openRow) {
      const end = settled.earlier[rows.indexOf(openRow)] ?? 0;
      this.#lengthen.push({ end, seconds: openRow.seconds });
    }
  }

  /** An hour that never was: its rows are those of the next hour under a wrong label, or empty, or a question. */
  #settleSkipped(rows: readonly Doubt[], answers: Answers, notes: Notes): void {
    for (const row of rows) {
      const { fallback } = row.place;
      const about = { row: row.row, lastRow: row.row, count: 1, meterId: this.#meterId } as const;
      const hour = wallText(row.place.wall);
      if (!this.series.covers(fallback, row.seconds)) {
        this.#push(row, fallback);
        if (row.place.byEnd.length === 0) {
          const message = `The clock never showed ${hour}: taken as the hour after it, which is missing`;
          notes.find({ kind: "mislabelledHour", ...about, message });
        }
      } else if (
        row.milliWh === 0 ||
        answers.skippedHour === "leaveOut" ||
        // The end of the hour before, which the clock may call either of two times, is written under both.
        row.place.byEnd.some((start) => this.series.holds(start, row.seconds, row.milliWh))
      ) {
        const message = `The clock never showed ${hour}: left out (${row.milliWh / 1e6} kWh)`;
        notes.find({ kind: "skippedHour", ...about, message });
      } else {
        notes.ask({
          id: "skippedHour",
          text:
            `The clock never showed ${hour}, and the file has energy there: leave it out, or is the file in ` +
            "standard time all year (then answer timeZone with an offset such as +01:00)?",
          choices: ["leaveOut"],
          row: row.row,
        });
      }
    }
  }

  #push(row: Doubt, start: number): void {
    this.series.push(start, row.seconds, row.milliWh, row.quality, row.row);
  }
}

/** Where readers leave what they noticed and what they must ask. */
export interface Notes {
  find(finding: Finding): void;
  ask(question: Question): void;
}

/** Takes all rows of one file. */
export class Collector implements Notes {
  readonly findings: Finding[] = [];
  readonly questions: Question[] = [];
  /** Where the last finding about a thing stands. */
  readonly #last = new Map<string, number>();
  readonly #registers = new Map<string, Map<string, RegisterBuilder>>();

  /** The builder of one register. Registers of the same meter, direction and quantity are added up. */
  register(key: SeriesKey, register = ""): RegisterBuilder {
    const name = `${key.meterId}\n${key.direction}\n${key.quantity}`;
    const group = this.#registers.get(name) ?? new Map<string, RegisterBuilder>();
    this.#registers.set(name, group);
    const builder = group.get(register) ?? new RegisterBuilder(key);
    group.set(register, builder);
    return builder;
  }

  /** A finding in the row after one of the same kind, meter and column joins it. */
  find(finding: Finding): void {
    const about = `${finding.kind}
${finding.meterId}
${finding.column}`;
    const index = this.#last.get(about);
    const last = index === undefined ? undefined : this.findings[index];
    if (
      index !== undefined &&
      last &&
      finding.row >= last.lastRow &&
      finding.row <= last.lastRow + 1
    ) {
      const count = last.count + finding.count;
      this.findings[index] = { ...last, lastRow: finding.lastRow, count };
      return;
    }
    this.#last.set(about, this.findings.length);
    this.findings.push(finding);
  }

  ask(question: Question): void {
    if (!this.questions.some(({ id }) => id === question.id)) this.questions.push(question);
  }

  /** All series, in order of time; none while a question is open. */
  finish(zone: Zone | undefined, answers: Answers): MeterSeries[] {
    if (this.questions.length > 0) return [];
    const series = [...this.#registers.values()].map((group) =>
      added([...group.values()].map((register) => register.finish(zone, answers, this))),
    );
    return this.questions.length > 0 ? [] : series.filter(({ length }) => length > 0);
  }
}

/** Registers added up: intervals of the same time become one, others stand beside each other. */
function added(registers: readonly MeterSeries[]): MeterSeries {
  const [first, ...others] = registers;
  if (!first) throw new RangeError("there are no registers to add");
  return others.reduce(addTwo, first);
}

function addTwo(one: MeterSeries, other: MeterSeries): MeterSeries {
  const sum = new MeterSeries(one);
  let [i, j] = [0, 0];
  while (i < one.length || j < other.length) {
    const a = i < one.length ? one.at(i) : undefined;
    const b = j < other.length ? other.at(j) : undefined;
    if (a && b && a.start === b.start && a.seconds === b.seconds) {
      const quality = a.quality === b.quality ? a.quality : worse(a.quality, b.quality);
      sum.push(a.start, a.seconds, a.milliWh + b.milliWh, quality, Math.min(a.row, b.row));
      i++;
      j++;
    } else if (a && (!b || a.start <= b.start)) {
      sum.push(a.start, a.seconds, a.milliWh, a.quality, a.row);
      i++;
    } else if (b) {
      sum.push(b.start, b.seconds, b.milliWh, b.quality, b.row);
      j++;
    }
  }
  return sum;
}

const worse = (a: Quality, b: Quality): Quality =>
  a === "estimated" || b === "estimated" ? "estimated" : "unknown";
