import type { Zone } from "./zone.ts";

/**
 * When an interval of a file may have begun. Outside the changes of the clock that is one instant. A file that
 * stamps the end of its intervals may write the last of the repeated hour in either of two ways: `byStart`
 * and `byEnd` hold what each comes to.
 */
export interface Place {
  readonly byStart: readonly number[];
  readonly byEnd: readonly number[];
  /** What the clock showed at the start, in wall seconds. */
  readonly wall: number;
  /** The start if the clock had not been put forward: for hours that never were. */
  readonly fallback: number;
}

/** One instant, or what has to be settled with its neighbours. */
export type Placed = number | Place;

/** The place of an interval whose start is written. */
export function placeByStart(zone: Zone, wall: number): Placed {
  const instants = zone.instantsOf(wall);
  const [only] = instants;
  if (only !== undefined && instants.length === 1) return only;
  return { byStart: instants, byEnd: [], wall, fallback: zone.beforeChange(wall) };
}

/** The place of an interval whose end is written, `seconds` long. */
export function placeByEnd(zone: Zone, wallEnd: number, seconds: number): Placed {
  const byStart = zone.instantsOf(wallEnd - seconds);
  const byEnd = zone.instantsOf(wallEnd).map((instant) => instant - seconds);
  const [only] = byStart;
  if (only !== undefined && byStart.length === 1 && byEnd.length === 1 && byEnd[0] === only)
    return only;
  const wall = wallEnd - seconds;
  return { byStart, byEnd, wall, fallback: byEnd[0] ?? zone.beforeChange(wall) };
}

/**
 * The place and length of an interval whose start and end are written. Across a change of the clock the wall
 * times differ by more or less than what passed, or the end even lies before the start: then the shortest time
 * that fits counts.
 */
export function placeByBoth(
  zone: Zone,
  wallStart: number,
  wallEnd: number,
): { readonly place: Placed; readonly seconds: number } {
  const written = wallEnd - wallStart;
  const place = placeByStart(zone, wallStart);
  const starts = zone.instantsOf(wallStart);
  const ends = zone.instantsOf(wallEnd);
  const [start] = starts;
  const [end] = ends;
  if (starts.length === 1 && ends.length === 1 && start !== undefined && end !== undefined) {
    return { place, seconds: end - start };
  }
  const pairs = starts
    .flatMap((from) => ends.map((to) => ({ from, seconds: to - from })))
    .filter(({ seconds }) => seconds > 0)
    .sort((a, b) => a.seconds - b.seconds);
  const shortest = pairs[0];
  const open = { byEnd: [], wall: wallStart, fallback: zone.beforeChange(wallStart) };
  if (!shortest) return { place, seconds: written };
  if (written <= 0) {
    // It ends before it starts: only the first of two equal hours can.
    return { place: { ...open, byStart: [shortest.from] }, seconds: shortest.seconds };
  }
  return { place, seconds: Math.min(written, shortest.seconds) };
}

/** A row whose place is open. */
export interface OpenRow {
  readonly place: Place;
  readonly seconds: number;
  readonly milliWh: number;
}

/** Where the rows of one repeated hour go: in one way, or in two. */
export interface Settled {
  readonly earlier: readonly number[];
  readonly later: readonly number[];
}

/**
 * Settles the rows of one repeated hour, in the order of time as far as the file gives it: intervals follow
 * one another and don't overlap. Tried in turn: as the starts say, in the order of the file; each stamp's first
 * row before each stamp's second; both again, as the ends say. Undefined when no way fits.
 */
export function settle(rows: readonly OpenRow[]): Settled | undefined {
  const order = rows.map((_, index) => index);
  const byStart = (row: OpenRow): readonly number[] => row.place.byStart;
  const either = (row: OpenRow): readonly number[] =>
    [...new Set([...row.place.byStart, ...row.place.byEnd])].sort((a, b) => a - b);
  return (
    settledIn(rows, order, byStart) ??
    settledIn(rows, byOccurrence(rows), byStart) ??
    settledIn(rows, order, either) ??
    settledIn(rows, byOccurrence(rows, true), either)
  );
}

/** @param isLastSingle Whether a stamp that is there once comes after the second rows of those before it. */
function byOccurrence(rows: readonly OpenRow[], isLastSingle = false): number[] {
  const counts = new Map<number, number>();
  for (const { place } of rows) counts.set(place.wall, (counts.get(place.wall) ?? 0) + 1);
  const seen = new Map<number, number>();
  let latest = 0;
  const turns = rows.map(({ place }) => {
    const turn = seen.get(place.wall) ?? 0;
    seen.set(place.wall, turn + 1);
    latest = Math.max(latest, turn);
    return isLastSingle && counts.get(place.wall) === 1 ? latest : turn;
  });
  return rows.map((_, index) => index).sort((a, b) => (turns[a] ?? 0) - (turns[b] ?? 0) || a - b);
}

function settledIn(
  rows: readonly OpenRow[],
  order: readonly number[],
  candidates: (row: OpenRow) => readonly number[],
): Settled | undefined {
  const earlier: number[] = [];
  const later: number[] = [];
  let end = -Infinity;
  for (const index of order) {
    const row = rows[index];
    const start = row && candidates(row).find((instant) => instant >= end);
    if (row === undefined || start === undefined) return undefined;
    earlier[index] = start;
    end = start + row.seconds;
  }
  let next = Infinity;
  for (const index of order.toReversed()) {
    const row = rows[index];
    const start = row && candidates(row).findLast((instant) => instant + row.seconds <= next);
    if (start === undefined) return undefined;
    later[index] = start;
    next = start;
  }
  return { earlier, later };
}
