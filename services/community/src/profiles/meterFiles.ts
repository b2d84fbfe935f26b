import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import {
  type Answers,
  type Decisions,
  type Direction,
  type HomeInFile,
  homesIn,
  MeterFileError,
  type MeterSeries,
  type Question,
  type Reading,
  readMeterFile,
  resolve,
  type SlotSeries,
  slotSecondsFor,
  toSlots,
} from "@wattline/sdk/meterData";
import { momentOf, parseDay, SECONDS_PER_DAY } from "./calendar.ts";
import { ProfilesFileError } from "./profilesError.ts";
import { nameplateW } from "./profilesFile.ts";
import type { CommunitySeries, HouseholdSeries } from "./series.ts";

/** What the files of homes don't say, and which part of them to play. */
export interface MeterFilesOptions {
  readonly answers: Answers;
  /** Of rows that overlap or are negative; without a decision such rows are refused. */
  readonly decisions: Decisions;
  /** The first day, `YYYY-MM-DD`: the first whole one of all homes unless given. */
  readonly from?: string | undefined;
  /** Up to the last day of which all homes know the whole, unless given. */
  readonly days?: number | undefined;
  readonly consumers?: readonly string[];
  /** How a person answers a question, such as `--time-zone`. */
  readonly flagOf: (question: Question["id"] | keyof Decisions) => string;
  readonly onWarning?: (message: string) => void;
}

/** The energy of one home in slots, as far as its meter told it. */
interface Home {
  readonly name: string;
  readonly file: string;
  readonly of: ReadonlyMap<Direction, SlotSeries>;
}

/**
 * A community from meter files of any format: one file for each home, which is named by it, or files with many meters.
 * A meter tells what was drawn from the grid and fed into it, not what was used and made: each slot's net import is
 * taken as load, its net export as production. Where the roof's production is known beside both, load and production
 * are the true ones. Days begin at the time of day at which the first home's file begins.
 *
 * @throws ProfilesFileError naming the file, and row and column or the flag that answers what it doesn't say.
 */
export async function readMeterFiles(
  files: readonly string[],
  options: MeterFilesOptions,
): Promise<CommunitySeries> {
  const read: { readonly file: string; readonly reading: Reading }[] = [];
  for (const file of files) read.push({ file, reading: await readingOf(file, options) });
  const slotSeconds = slotSecondsFor(read.map(({ reading }) => reading));
  const homes = read.flatMap(({ file, reading }) =>
    metersIn(file, reading).map(
      ({ name, series }): Home => ({
        name,
        file,
        of: new Map(
          series.map((each) => [each.direction, slotsOf(file, each, slotSeconds, options)]),
        ),
      }),
    ),
  );
  checkNames(homes, options.consumers ?? []);
  const { firstSlot, slots } = spanOf(homes, slotSeconds, options);
  const [first] = files;
  return {
    name: first === undefined ? "" : basename(first, extname(first)),
    place: { latitudeTenths: 0, longitudeTenths: 0 },
    slotSeconds,
    firstSlot,
    slots,
    households: homes.map((home) =>
      householdOf(home, firstSlot, slots, options.consumers?.includes(home.name) ?? false),
    ),
  };
}

/** The files of a list of files and folders, a folder's in the order of their names. */
export function filesIn(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
    const files = readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
      .map(({ name }) => join(path, name))
      .sort();
    if (files.length > 0) return files;
    throw new ProfilesFileError("is a folder without files: put one for each home in it", {
      file: path,
    });
  });
}

async function readingOf(file: string, options: MeterFilesOptions): Promise<Reading> {
  const reading = await importOf(file, options.answers);
  if (reading.questions.length > 0) {
    const asked = reading.questions.map(({ id, text, choices }) => {
      const known = choices.length > 0 ? ` (${choices.join(", ")})` : "";
      return `${text} Give ${options.flagOf(id)}${known}.`;
    });
    throw new ProfilesFileError([...new Set(asked)].join(" "), { file });
  }
  for (const { message, row } of reading.findings) {
    options.onWarning?.(`${file}, row ${row}: ${message}`);
  }
  return reading;
}

async function importOf(file: string, answers: Answers): Promise<Reading> {
  try {
    return await readMeterFile({ name: file, bytes: bytesOf(file) }, { answers });
  } catch (cause) {
    if (!(cause instanceof MeterFileError)) throw cause;
    const { row, column, value, expected } = cause;
    throw new ProfilesFileError(
      `${value === undefined ? "" : `"${value.slice(0, 60)}" stands there, `}expected ${expected}`,
      { file, ...(row !== undefined && { line: row }), ...(column !== undefined && { column }) },
      cause,
    );
  }
}

function bytesOf(file: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ProfilesFileError(`cannot be read (${reason}): check the path`, { file }, cause);
  }
}

/** The homes of a file: one, named by it, or one for each meter. @throws ProfilesFileError when there is none. */
function metersIn(file: string, reading: Reading): readonly HomeInFile[] {
  const homes = homesIn(basename(file, extname(file)), reading);
  if (homes.length === 0) throw new ProfilesFileError("holds no energy of a meter", { file });
  return homes;
}

function slotsOf(
  file: string,
  series: MeterSeries,
  slotSeconds: number,
  { decisions, flagOf }: MeterFilesOptions,
): SlotSeries {
  try {
    return toSlots(resolve(series, decisions), slotSeconds);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const flag = /negative/.test(cause.message)
      ? `${flagOf("negative")} leaveOut or asZero`
      : `${flagOf("overlaps")} keepFirst or keepLast`;
    throw new ProfilesFileError(`${cause.message}, or give ${flag}`, { file }, cause);
  }
}

function checkNames(homes: readonly Home[], consumers: readonly string[]): void {
  const names = homes.map(({ name }) => name);
  const twin = homes.find(({ name }, index) => names.indexOf(name) !== index);
  if (twin) {
    throw new ProfilesFileError(`there is a home "${twin.name}" already: rename the file`, twin);
  }
  const unknown = consumers.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new ProfilesFileError(
      `there is no home "${unknown}" to take as a consumer: there are ${names.join(", ")}`,
      { file: homes[0]?.file ?? "" },
    );
  }
}

function spanOf(
  homes: readonly Home[],
  slotSeconds: number,
  { from, days: wanted }: MeterFilesOptions,
): { readonly firstSlot: number; readonly slots: number } {
  const all = homes.flatMap(({ file, of }) => [...of.values()].map((series) => ({ file, series })));
  const [first] = all;
  if (!first) throw new ProfilesFileError("holds no energy of a meter", { file: "" });
  const begins = first.series.firstSlot * slotSeconds;
  const latest = Math.max(...all.map(({ series }) => series.firstSlot)) * slotSeconds;
  let start = begins + Math.ceil((latest - begins) / SECONDS_PER_DAY) * SECONDS_PER_DAY;
  if (from !== undefined) {
    const day = parseDay(from);
    if (day === undefined) {
      throw new ProfilesFileError(`"${from}" is no day: give it as YYYY-MM-DD`, first);
    }
    // A clock is at most half a day off UTC.
    const ofDay = ((begins % SECONDS_PER_DAY) + SECONDS_PER_DAY) % SECONDS_PER_DAY;
    start = day + (ofDay > SECONDS_PER_DAY / 2 ? ofDay - SECONDS_PER_DAY : ofDay);
  }
  const ends = all.map(({ series }) => (series.firstSlot + series.covered.length) * slotSeconds);
  const days = wanted ?? Math.max(1, Math.floor((Math.min(...ends) - start) / SECONDS_PER_DAY));
  const span = { firstSlot: start / slotSeconds, slots: (days * SECONDS_PER_DAY) / slotSeconds };
  for (const { file, series } of all) {
    for (let slot = span.firstSlot; slot < span.firstSlot + span.slots; slot++) {
      if (series.covered[slot - series.firstSlot] === true) continue;
      const covers = `${momentOf(series.firstSlot * slotSeconds)} to ${momentOf((series.firstSlot + series.covered.length) * slotSeconds)}`;
      throw new ProfilesFileError(
        `nothing is known of the slot from ${momentOf(slot * slotSeconds)} UTC: the file covers ${covers} UTC; give other days with --from and --days`,
        { file },
      );
    }
  }
  return span;
}

function householdOf(
  { name, file, of }: Home,
  firstSlot: number,
  slots: number,
  isConsumer: boolean,
): HouseholdSeries {
  const flow = (direction: Direction): bigint[] | undefined => {
    const series = of.get(direction);
    if (!series) return undefined;
    return Array.from(
      { length: slots },
      (_, slot) => series.energyWh[firstSlot + slot - series.firstSlot] ?? 0n,
    );
  };
  const production = flow("production");
  if (production && of.has("import") && !of.has("export")) {
    throw new ProfilesFileError(
      `what ${name} fed into the grid is not in the file: add it, or leave out import or production`,
      { file },
    );
  }
  const drawn = flow("import") ?? new Array<bigint>(slots).fill(0n);
  const fed = flow("export") ?? production ?? new Array<bigint>(slots).fill(0n);
  const netWh = fed.map((wh, slot) => wh - (drawn[slot] ?? 0n));
  const exportedWh = netWh.map((wh) => (wh > 0n && !isConsumer ? wh : 0n));
  const importedWh = netWh.map((wh) => (wh < 0n ? -wh : 0n));
  const producedWh =
    production && !isConsumer
      ? production.map((wh, slot) => larger(wh, exportedWh[slot] ?? 0n))
      : exportedWh;
  const loadWh = producedWh.map(
    (wh, slot) => wh + (importedWh[slot] ?? 0n) - (exportedWh[slot] ?? 0n),
  );
  const roof = of.get("production") ?? of.get("export");
  const capacityW = roof && !isConsumer ? nameplateW(roof.energyWh, roof.slotSeconds) : 0;
  if (capacityW > 2 ** 32 - 1) {
    throw new ProfilesFileError(
      `the roof of ${name} would have ${capacityW / 1000} kW: no meter can state that; check the unit`,
      { file },
    );
  }
  return { name, capacityW, loadWh, producedWh, exportedWh, importedWh };
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
