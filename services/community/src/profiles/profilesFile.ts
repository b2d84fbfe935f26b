import { basename, extname } from "node:path";
import { dayOf, parseDay, SECONDS_PER_DAY } from "./calendar.ts";
import { ProfilesFileError } from "./profilesError.ts";
import { type HomeProfile, type ProfilesTable, readProfilesTable } from "./profilesTable.ts";
import type { CommunitySeries, HouseholdSeries } from "./series.ts";

/** The slot lengths that a step is divided into, the longest that fits first. */
const SLOT_SECONDS: readonly number[] = [900, 300];

const slotSecondsOf = (stepSeconds: number): number =>
  SLOT_SECONDS.find((seconds) => stepSeconds % seconds === 0) ?? stepSeconds;

/** Steps shorter than a slot are added up to slots: the file's meter nets within a step, Wattline's within a slot. */
function inWholeSlots(table: ProfilesTable): ProfilesTable {
  const slotSeconds = SLOT_SECONDS.toReversed().find(
    (seconds) => seconds % table.stepSeconds === 0,
  );
  if (slotSeconds === undefined || slotSeconds === table.stepSeconds) return table;
  const perSlot = slotSeconds / table.stepSeconds;
  const firstWhole = Math.ceil(table.start / slotSeconds) * slotSeconds;
  const skipped = (firstWhole - table.start) / table.stepSeconds;
  const steps = Math.floor((table.steps - skipped) / perSlot);
  const whole = <Value>(
    values: readonly bigint[],
    part: (of: readonly bigint[]) => Value,
  ): Value[] =>
    Array.from({ length: steps }, (_, slot) => {
      const from = skipped + slot * perSlot;
      return part(values.slice(from, from + perSlot));
    });
  const added = (values: readonly bigint[]): bigint[] =>
    whole(values, (part) => part.reduce((sum, each) => sum + each, 0n));
  const average = (values: readonly bigint[]): bigint[] =>
    whole(values, (part) => part.reduce((sum, each) => sum + each, 0n) / BigInt(perSlot));
  return {
    ...table,
    stepSeconds: slotSeconds,
    start: firstWhole,
    steps,
    homes: table.homes.map(({ name, loadWh, producedWh }) => ({
      name,
      loadWh: added(loadWh),
      producedWh: producedWh && added(producedWh),
    })),
    retailPerKwh: table.retailPerKwh && average(table.retailPerKwh),
  };
}

/** The part of a profiles file to read, and how. */
export interface ProfilesFileOptions {
  /** The first day, `YYYY-MM-DD`, from 00:00 on the file's clock; the first whole one unless given. */
  readonly from?: string | undefined;
  /** How many days, 1 or more; up to the last whole one unless given. */
  readonly days?: number | undefined;
  /** Homes whose roof is left out. */
  readonly consumers?: readonly string[];
  /** The community's name; by default the file's name without its ending. */
  readonly name?: string;
  /**
   * The community's place, which a file does not contain. By default 0° north, 0° east, which says
   * nothing about the sun: since the file's clock is read as UTC, a fitting longitude is relative to
   * that clock's meridian.
   */
  readonly place?: CommunitySeries["place"];
  /** Called with what was left out of the file, and what in it is implausible. */
  readonly onWarning?: (message: string) => void;
}

/**
 * A community from a CSV file of real homes, with the columns `start`, `NAME_load_wh`, where there is
 * one `NAME_pv_wh`, and `retail_price_usd_per_kwh` (see readProfilesTable). The file's local standard
 * time is taken as UTC.
 *
 * A slot has 15 minutes, or 5 where the file's steps can't be divided into quarters; shorter steps are added up. Export
 * and import are netted within a step, as on the file's meter, then spread over its slots by cumulative rounding, so
 * that no Wh is lost and no slot has both. A home's own use of its production is spread in the same way, and added to
 * load and production: in each slot, load + export = production + import.
 *
 * The whole file is checked, then the requested days are returned.
 *
 * @throws ProfilesFileError naming the file, and where it applies the line and column, if the file
 *   or the request is wrong.
 */
export function readProfilesFile(file: string, options: ProfilesFileOptions): CommunitySeries {
  const table = inWholeSlots(readProfilesTable(file));
  const { consumers = [], place = { latitudeTenths: 0, longitudeTenths: 0 } } = options;
  requireKnown(file, consumers, table.homes);
  const span = spanOf(file, table, options);
  for (const warning of table.warnings) options.onWarning?.(warning);
  const slotSeconds = slotSecondsOf(table.stepSeconds);
  const slotsPerStep = table.stepSeconds / slotSeconds;
  const retail = table.retailPerKwh?.slice(span.first, span.end);
  return {
    name: options.name ?? basename(file, extname(file)),
    place,
    slotSeconds,
    firstSlot: (table.start + span.first * table.stepSeconds) / slotSeconds,
    slots: (span.end - span.first) * slotsPerStep,
    households: table.homes
      .map((home) => (consumers.includes(home.name) ? { ...home, producedWh: null } : home))
      .map((home) => householdOf(home, span, table.stepSeconds, slotsPerStep)),
    ...(retail && {
      retailPerKwh: retail.flatMap((price) => Array.from({ length: slotsPerStep }, () => price)),
    }),
  };
}

/** Steps of the table, the end excluded. */
interface Span {
  readonly first: number;
  readonly end: number;
}

function householdOf(
  home: HomeProfile,
  { first, end }: Span,
  stepSeconds: number,
  slotsPerStep: number,
): HouseholdSeries {
  const loadWh: bigint[] = [];
  const producedWh: bigint[] = [];
  const exportedWh: bigint[] = [];
  const importedWh: bigint[] = [];
  for (let step = first; step < end; step++) {
    const load = home.loadWh[step] ?? 0n;
    const produced = home.producedWh?.[step] ?? 0n;
    const consumed = load < produced ? load : produced;
    for (let slot = 0; slot < slotsPerStep; slot++) {
      const own = share(consumed, slot, slotsPerStep);
      const exported = share(produced - consumed, slot, slotsPerStep);
      const imported = share(load - consumed, slot, slotsPerStep);
      loadWh.push(own + imported);
      producedWh.push(own + exported);
      exportedWh.push(exported);
      importedWh.push(imported);
    }
  }
  const capacityW = nameplateW(home.producedWh ?? [], stepSeconds);
  return { name: home.name, capacityW, loadWh, producedWh, exportedWh, importedWh };
}

/** One slot's share of a step's energy; the shares of all slots add up to it. */
function share(wh: bigint, slot: number, slots: number): bigint {
  return (wh * BigInt(slot + 1)) / BigInt(slots) - (wh * BigInt(slot)) / BigInt(slots);
}

/**
 * The smallest roof in whole 100 W that could have produced the most of any step, in W. A slot never
 * exports more than capacityW × slotSeconds / 3600, rounded down. At 15 minutes that is 25 Wh for
 * each 100 W: a whole number, at least a quarter or half of the step's maximum, so also at least its
 * rounded-up share. Where slot and step are the same, a whole number of Wh below a bound is below its floor.
 */
export function nameplateW(producedWh: readonly bigint[], stepSeconds: number): number {
  const mostWh = producedWh.reduce((most, wh) => Math.max(most, Number(wh)), 0);
  const watts = (mostWh * 3600) / stepSeconds;
  return Math.ceil(watts / 100) * 100;
}

function spanOf(
  file: string,
  { start, stepSeconds, steps }: ProfilesTable,
  { from, days: wanted }: ProfilesFileOptions,
): Span {
  const firstDay = Math.ceil(start / SECONDS_PER_DAY) * SECONDS_PER_DAY;
  const endDay = Math.floor((start + steps * stepSeconds) / SECONDS_PER_DAY) * SECONDS_PER_DAY;
  if (firstDay >= endDay) {
    throw new ProfilesFileError("covers no whole day: give a file that does", { file });
  }
  const day = from === undefined ? firstDay : parseDay(from);
  if (day === undefined) {
    throw new ProfilesFileError(`"${from}" is not a day: write it as YYYY-MM-DD`, { file });
  }
  const days = wanted ?? Math.max(1, (endDay - day) / SECONDS_PER_DAY);
  if (!Number.isSafeInteger(days) || days < 1) {
    throw new ProfilesFileError(`${days} days are refused: give a whole number, 1 or more`, {
      file,
    });
  }
  const end = day + days * SECONDS_PER_DAY;
  if (day < firstDay || end > endDay) {
    throw new ProfilesFileError(
      `from ${dayOf(day)}, days ${days}: not all of it is in the file, which covers the whole days from ` +
        `${dayOf(firstDay)} to ${dayOf(endDay - SECONDS_PER_DAY)}`,
      { file },
    );
  }
  return { first: (day - start) / stepSeconds, end: (end - start) / stepSeconds };
}

function requireKnown(
  file: string,
  consumers: readonly string[],
  homes: readonly HomeProfile[],
): void {
  const names = homes.map((home) => home.name);
  const unknown = consumers.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new ProfilesFileError(
      `there is no home "${unknown}" to take as a consumer: the file has ${names.join(", ")}`,
      { file },
    );
  }
}
