/**
 * Simple forecasts of one quantity of a home, such as its export, each by one thought. None is right always; `Blend` weighs
 * them. Times of day are times of UTC: what a change of the clocks moves is learned within days.
 */

/** What was metered, as seen from a moment. */
export interface Past {
  readonly slotsPerDay: number;
  /** Only slots before this one are known. */
  readonly originSlot: number;
  /** Wh of a slot; undefined when it is missing or not known yet. */
  at(slot: number): number | undefined;
}

/** Wh of a slot at or after the origin; undefined when too little is known for it. */
type Expert = (past: Past, slot: number) => number | undefined;

/** How long an unusual last hour goes on: after so many hours 1/e of it is left. */
const PERSISTENCE_HOURS = 4;
const PERSISTENCE_LOOKS_BACK_HOURS = 3;
const WEEK_DAYS = 7;
const FORTNIGHT_DAYS = 14;
const WEEKS = 5;

export const experts: Readonly<Record<string, Expert>> = {
  yesterday: (past, slot) => sameSlot(past, slot, 1)[0],
  lastWeek: (past, slot) => past.at(slot - WEEK_DAYS * past.slotsPerDay),
  sameWeekday: (past, slot) => quantile(sameWeekday(past, slot), 0.5),
  fortnight: (past, slot) => quantile(sameSlot(past, slot, FORTNIGHT_DAYS), 0.5),
  lowFortnight: (past, slot) => quantile(sameSlot(past, slot, FORTNIGHT_DAYS), 0.2),
  highFortnight: (past, slot) => quantile(sameSlot(past, slot, FORTNIGHT_DAYS), 0.8),
  lowWeek: (past, slot) => quantile(around(past, slot, WEEK_DAYS), 0.3),
  week: (past, slot) => quantile(around(past, slot, WEEK_DAYS), 0.5),
  highWeek: (past, slot) => quantile(around(past, slot, WEEK_DAYS), 0.7),
  persistence,
};

/** The same slot of the last days that are known, the last first. A day that is missing is left out. */
function sameSlot({ slotsPerDay, originSlot, at }: Past, slot: number, days: number): number[] {
  const back = Math.max(1, Math.floor((slot - originSlot) / slotsPerDay) + 1);
  const first = slot - back * slotsPerDay;
  return known(days, (day) => at(first - day * slotsPerDay));
}

const sameWeekday = ({ slotsPerDay, at }: Past, slot: number): number[] =>
  known(WEEKS, (week) => at(slot - (week + 1) * WEEK_DAYS * slotsPerDay));

/** The hour around the slot, on each of the last days: it does not matter to the minute when somebody cooks. */
function around(past: Past, slot: number, days: number): number[] {
  const hour = past.slotsPerDay / 24;
  return [-hour, 0, hour].flatMap((shift) => sameSlot(past, slot + shift, days));
}

/** The usual of a week, plus what the last hours were beyond their own usual, which fades. */
function persistence(past: Past, slot: number): number | undefined {
  const usual = usualOf(past, slot);
  if (usual === undefined) return undefined;
  const perHour = past.slotsPerDay / 24;
  const beyond = known(PERSISTENCE_LOOKS_BACK_HOURS * perHour, (back) => {
    const each = past.originSlot - 1 - back;
    const [was, wasUsual] = [past.at(each), usualOf(past, each)];
    return was === undefined || wasUsual === undefined ? undefined : was - wasUsual;
  });
  const leadHours = (slot - past.originSlot + 1) / perHour;
  return usual + (mean(beyond) ?? 0) * Math.exp(-leadHours / PERSISTENCE_HOURS);
}

/** The mean of the same slot over a week. */
const usualOf = (past: Past, slot: number): number | undefined =>
  mean(sameSlot(past, slot, WEEK_DAYS));

function known(count: number, at: (index: number) => number | undefined): number[] {
  const values: number[] = [];
  for (let index = 0; index < count; index++) {
    const value = at(index);
    if (value !== undefined) values.push(value);
  }
  return values;
}

const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, each) => sum + each, 0) / values.length;

/** The value that a share of the values lies at or below, by the nearest rank. */
function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.round(share * (sorted.length - 1))];
}
