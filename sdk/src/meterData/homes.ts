import type { Reading } from "./readers/reader.ts";
import type { MeterSeries } from "./series.ts";
import { type Decisions, resolve, type SlotSeries, toSlots } from "./slots.ts";
import { type Direction, MeterFileError } from "./types.ts";

/** What a meter measured; not a community's accounts of it. */
export const energyIn = ({ series }: Reading): readonly MeterSeries[] =>
  series.filter(({ quantity }) => quantity === "energy");

/** Slot lengths that intervals are divided into or added up to, the longest first, in seconds. */
const SLOT_SECONDS: readonly number[] = [900, 300];

/** The longest slot of which each interval of the readings is a whole multiple, or that holds a whole number of them. */
export function slotSecondsFor(readings: readonly Reading[]): number {
  const lengths = new Set<number>();
  for (const reading of readings) {
    for (const series of energyIn(reading)) for (const { seconds } of series) lengths.add(seconds);
  }
  return (
    SLOT_SECONDS.find((slot) =>
      [...lengths].every((seconds) => seconds % slot === 0 || slot % seconds === 0),
    ) ?? 300
  );
}

/** A home in a file. */
export interface HomeInFile {
  readonly name: string;
  readonly series: readonly MeterSeries[];
}

/**
 * The homes of a file: one, named by it, where each direction is there once; else one for each meter.
 * @param name Of the file, without its ending.
 */
export function homesIn(name: string, reading: Reading): readonly HomeInFile[] {
  const all = energyIn(reading);
  if (new Set(all.map(({ direction }) => direction)).size === all.length) {
    return all.length === 0 ? [] : [{ name, series: all }];
  }
  return [...Map.groupBy(all, ({ meterId }) => meterId)].map(([meterId, series]) => ({
    name: meterId,
    series,
  }));
}

/** One home's meter in slots. All arrays have one entry per slot. */
export interface HomeFlows {
  readonly firstSlot: number;
  readonly slotSeconds: number;
  /** Drawn from the grid, Wh; 0 where something is missing, as in what follows. */
  readonly importedWh: readonly bigint[];
  /** Fed into the grid, Wh. */
  readonly exportedWh: readonly bigint[];
  /** What the roof made, Wh, where it is known. */
  readonly producedWh?: readonly bigint[];
  /** Whether all of the home's meters have the slot. */
  readonly covered: readonly boolean[];
}

/** A part of a home's energy and the file that tells it. */
export interface HomePart {
  readonly file: string;
  readonly series: readonly MeterSeries[];
  readonly decisions?: Decisions;
}

/**
 * One home from all of its files: files of one meter continue each other, different meters are added up.
 * @throws MeterFileError naming the file when files contradict each other, or when what was fed in is not known.
 */
export function flowsOf(parts: readonly HomePart[], slotSeconds: number): HomeFlows {
  const meters = new Map<string, Joined>();
  for (const { file, series, decisions = {} } of parts) {
    for (const each of series) {
      const key = `${each.direction}\n${each.meterId}`;
      const joined = meters.get(key) ?? { direction: each.direction, known: new Map() };
      meters.set(key, joined);
      join(joined, slotsOf(file, each, slotSeconds, decisions), file, each.meterId);
    }
  }
  const all = [...meters.values()];
  const [first] = parts;
  const slots = all.flatMap(({ known }) => [...known.keys()]);
  if (first === undefined || slots.length === 0) {
    throw new MeterFileError(first?.file ?? "", {}, "energy of a meter: there is none in the file");
  }
  requireExport(all, first.file);
  const firstSlot = slots.reduce((low, slot) => (slot < low ? slot : low));
  const lastSlot = slots.reduce((high, slot) => (slot > high ? slot : high));
  const count = lastSlot - firstSlot + 1;
  const covered = Array.from({ length: count }, (_, index) =>
    all.every(({ known }) => known.has(firstSlot + index)),
  );
  const flow = (direction: Direction): bigint[] | undefined => {
    const own = all.filter((each) => each.direction === direction);
    if (own.length === 0) return undefined;
    return covered.map((isCovered, index) =>
      isCovered
        ? own.reduce((sum, { known }) => sum + (known.get(firstSlot + index) ?? 0n), 0n)
        : 0n,
    );
  };
  const nothing = () => new Array<bigint>(count).fill(0n);
  const production = flow("production");
  const exportedWh = flow("export") ?? production ?? nothing();
  return {
    firstSlot,
    slotSeconds,
    importedWh: flow("import") ?? nothing(),
    exportedWh,
    covered,
    ...(production && {
      producedWh: production.map((wh, slot) => larger(wh, exportedWh[slot] ?? 0n)),
    }),
  };
}

/** What one meter counted in one direction, over all its files: Wh by slot. */
interface Joined {
  readonly direction: Direction;
  readonly known: Map<number, bigint>;
}

function join({ known }: Joined, series: SlotSeries, file: string, meterId: string): void {
  for (const [index, isCovered] of series.covered.entries()) {
    if (!isCovered) continue;
    const slot = series.firstSlot + index;
    const wh = series.energyWh[index] ?? 0n;
    const before = known.get(slot);
    if (before !== undefined && before !== wh) {
      const at = new Date(slot * series.slotSeconds * 1000).toISOString().slice(0, 16);
      throw new MeterFileError(
        file,
        { column: meterId, value: `${wh} Wh at ${at} UTC` },
        `${before} Wh as in another file of that meter: leave out one of the files or, if it is another meter, name its column otherwise`,
      );
    }
    known.set(slot, wh);
  }
}

function slotsOf(
  file: string,
  series: MeterSeries,
  slotSeconds: number,
  decisions: Decisions,
): SlotSeries {
  try {
    return toSlots(resolve(series, decisions), slotSeconds);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new MeterFileError(file, { column: series.meterId }, `usable rows: ${cause.message}`);
  }
}

function requireExport(all: readonly Joined[], file: string): void {
  const has = (direction: Direction) => all.some((each) => each.direction === direction);
  if (has("production") && has("import") && !has("export")) {
    throw new MeterFileError(
      file,
      {},
      "what was fed into the grid, beside import and production: add its file, or leave out the production",
    );
  }
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
