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

/** How long an unusual last hour goes on: after so many hours 1/e of it is left. */
const PERSISTENCE_HOURS = 4;
const PERSISTENCE_LOOKS_BACK_HOURS = 3;
const WEEK_DAYS = 7;
const FORTNIGHT_DAYS = 14;
const WEEKS = 5;

/** How many experts there are. */
export const EXPERTS = 10;

/**
 * What each expert says of a slot at or after the origin, in Wh, always in the same order; undefined where too little is known.
 * @param excessWh See {@link excessOf}: it is the same for every slot.
 */
export function opinionsOf(
  past: Past,
  slot: number,
  excessWh: number | undefined,
): (number | undefined)[] {
  const { slotsPerDay, at } = past;
  const fortnight = sorted(sameSlot(past, slot, FORTNIGHT_DAYS));
  const week = sorted(around(past, slot, WEEK_DAYS));
  return [
    sameSlot(past, slot, 1)[0],
    at(slot - WEEK_DAYS * slotsPerDay),
    quantile(sorted(sameWeekday(past, slot)), 0.5),
    quantile(fortnight, 0.5),
    quantile(fortnight, 0.2),
    quantile(fortnight, 0.8),
    quantile(week, 0.3),
    quantile(week, 0.5),
    quantile(week, 0.7),
    persistence(past, slot, excessWh),
  ];
}

/** What the last hours were beyond their own usual, on average, in Wh a slot. */
export function excessOf(past: Past): number | undefined {
  const perHour = past.slotsPerDay / 24;
  const beyond = known(PERSISTENCE_LOOKS_BACK_HOURS * perHour, (back) => {
    const each = past.originSlot - 1 - back;
    const [was, wasUsual] = [past.at(each), usualOf(past, each)];
    return was === undefined || wasUsual === undefined ? undefined : was - wasUsual;
  });
  return mean(beyond);
}

/** The usual of a week, plus the excess of the last hours, which fades. */
function persistence(past: Past, slot: number, excessWh = 0): number | undefined {
  const usual = usualOf(past, slot);
  if (usual === undefined) return undefined;
  const leadHours = ((slot - past.originSlot + 1) * 24) / past.slotsPerDay;
  return usual + excessWh * Math.exp(-leadHours / PERSISTENCE_HOURS);
}

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

const sorted = (values: readonly number[]): Float64Array => Float64Array.from(values).sort();

/** The value that a share of sorted values lies at or below, by the nearest rank. */
const quantile = (values: Float64Array, share: number): number | undefined =>
  values[Math.round(share * (values.length - 1))];
