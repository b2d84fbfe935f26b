import { createReadStream } from "node:fs";
import { basename, extname } from "node:path";
import {
  type Answers,
  homesIn,
  MeterFileError,
  type MeterSeries,
  type Question,
  type Reading,
  readMeterFile,
  resolve,
} from "@wattline/sdk/meterData";
import type { ReplayConfig } from "../config/schema.ts";
import { AgentError } from "../errors.ts";
import type { RegisterSample } from "../metering/sample.ts";

/**
 * A meter file of any format as the registers of a meter, from 0 on, at every moment at which one interval ends and the next
 * begins. What the file leaves out belongs to no slot.
 * @throws AgentError naming the file, and the row or the setting that says what the file doesn't.
 */
export async function* replayMeterFile(
  config: ReplayConfig,
  signal: AbortSignal,
): AsyncGenerator<RegisterSample> {
  const reading = await readingOf(config, signal);
  const series = meterIn(reading, config).map((each) => decided(each, config));
  const lines = series.map((each) => ({ ...lineOf(each, config.path), direction: each.direction }));
  const [first, ...others] = lines;
  if (first === undefined) return;
  let before: readonly (number | undefined)[] | undefined;
  for (const time of first.at.keys()) {
    if (others.some(({ at }) => !at.has(time))) continue;
    const runs = lines.map(({ at }) => at.get(time)?.run);
    const isAfterGap = before !== undefined && runs.some((run, index) => run !== before?.[index]);
    before = runs;
    const register = (direction: MeterSeries["direction"]): bigint | undefined =>
      lines.find((line) => line.direction === direction)?.at.get(time)?.wh;
    yield {
      kind: "registers",
      unixMs: time * 1000,
      importWh: register("import"),
      exportWh: register("export"),
      ...(isAfterGap && { isAfterGap }),
    };
  }
}

async function readingOf(
  { path, ...settings }: ReplayConfig,
  signal: AbortSignal,
): Promise<Reading> {
  const answers: Answers = Object.fromEntries(
    Object.entries(SETTINGS).flatMap(([id, setting]) => {
      const answer = settings[setting];
      return answer === undefined ? [] : [[id, answer]];
    }),
  );
  try {
    const bytes = createReadStream(path);
    const reading = await readMeterFile({ name: path, bytes }, { answers, signal });
    const [question] = reading.questions;
    if (question === undefined) return reading;
    const { id, text, choices } = question;
    throw new AgentError(`${path}: ${text} Set ${SETTINGS[id]} (${choices.join(", ")}).`);
  } catch (error) {
    throw error instanceof MeterFileError ? new AgentError(error.message) : error;
  }
}

/** The setting of a meter that answers a question about its file. */
const SETTINGS = {
  timeZone: "time_zone",
  unit: "unit",
  stamp: "stamp",
  direction: "direction",
  valueKind: "value_kind",
  dateOrder: "date_order",
  decimalMark: "decimal_mark",
  repeatedHour: "repeated_hour",
  skippedHour: "skipped_hour",
} as const satisfies Readonly<Record<Question["id"], keyof ReplayConfig>>;

/** What a meter's registers counted: not what a roof produced. */
function meterIn(reading: Reading, { path, meter }: ReplayConfig): readonly MeterSeries[] {
  const all = homesIn(basename(path, extname(path)), reading);
  const named = meter === undefined ? all : all.filter(({ name }) => name === meter);
  const [only] = named;
  if (only === undefined || named.length > 1) {
    const names = all.map(({ name }) => name).join(", ");
    throw new AgentError(`${path} has several meters: set meter to one of ${names}.`);
  }
  const series = only.series.filter(({ direction }) => direction !== "production");
  if (series.length > 0) return series;
  throw new AgentError(`${path} has neither import nor export of a meter: set direction.`);
}

const decided = (series: MeterSeries, { overlaps, negative }: ReplayConfig): MeterSeries =>
  resolve(series, { ...(overlaps && { overlaps }), ...(negative && { negative }) });

/** A register's state at the ends of its intervals, and the run of intervals without a gap that a moment is in. */
interface Line {
  readonly at: ReadonlyMap<number, { readonly wh: bigint; readonly run: number }>;
}

const MILLI = 1000n;

function lineOf(series: MeterSeries, path: string): Line {
  const at = new Map<number, { readonly wh: bigint; readonly run: number }>();
  let [milliWh, run, end] = [0n, 0, Number.NEGATIVE_INFINITY];
  const refuse = (row: number, what: string, setting: string): never => {
    throw new AgentError(`${path}, row ${row} ${what}: set ${setting}.`);
  };
  for (const interval of series) {
    const { start, seconds, row } = interval;
    if (start < end) refuse(row, "overlaps another", 'overlaps to "keepFirst" or "keepLast"');
    if (interval.milliWh < 0) {
      refuse(row, "is negative", 'negative to "leaveOut" or "asZero"');
    }
    if (start > end) run++;
    at.set(start, { wh: milliWh / MILLI, run });
    milliWh += BigInt(interval.milliWh);
    end = start + seconds;
    at.set(end, { wh: milliWh / MILLI, run });
  }
  return { at };
}
