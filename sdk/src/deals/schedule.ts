/** Which prices hold in a slot: the operator's schedule by hour of the community's day. */
import { slotStart } from "../slots.ts";

/** Prices of some hours of the day, in base units of the currency per kWh. */
export interface Level {
  /** The community price: what a buyer pays when two limits meet. */
  readonly pricePerKwh: bigint;
  /** What a trade at home pays to the DSO. */
  readonly feePerKwh: bigint;
  /** The most a buyer pays in an islanded slot. */
  readonly capPerKwh: bigint;
  /** What the grid pays a prosumer. */
  readonly feedInPerKwh: bigint;
  /** What the grid charges a consumer. */
  readonly retailPerKwh: bigint;
}

/** Which level holds at which hour, over a run of slots. */
export interface Schedule {
  readonly firstSlot: number;
  /** The first slot that it does not hold for any more. */
  readonly endSlot: number;
  /** Two bits an hour of the community's day, hour 0 lowest: an index into `levels`. */
  readonly levelOfHour: bigint;
  /** One to four. */
  readonly levels: readonly Level[];
}

/** A community's clock, which knows no summer time. */
export interface CommunityClock {
  readonly slotSeconds: number;
  /** By how much it is ahead of UTC. */
  readonly utcOffsetMinutes: number;
}

/** The middle of feed-in and retail tariff, rounded down: what `MIDDLE` stands for as a level's price. */
export const middleOf = (feedInPerKwh: bigint, retailPerKwh: bigint): bigint =>
  (feedInPerKwh + retailPerKwh) / 2n;

/** As a level's price: the middle of feed-in and retail tariff, which the contract puts in its place. */
export const MIDDLE = 2n ** 80n - 1n;

const HOURS = 24;

/**
 * The level of each hour of the day, hour 0 first, as a schedule holds it.
 * @throws RangeError unless there are 24 levels from 0 to 3.
 */
export function packHours(levels: readonly number[]): bigint {
  if (levels.length !== HOURS) throw new RangeError(`A day has 24 hours, not ${levels.length}.`);
  return levels.reduceRight((packed, level) => {
    if (![0, 1, 2, 3].includes(level)) throw new RangeError(`${level} is not a level of 0 to 3.`);
    return (packed << 2n) | BigInt(level);
  }, 0n);
}

/** The level of each hour of the day, hour 0 first. */
export const unpackHours = (levelOfHour: bigint): number[] =>
  Array.from({ length: HOURS }, (_, hour) => Number((levelOfHour >> BigInt(2 * hour)) & 3n));

/** The hour of the community's day, 0 to 23, in which a slot starts. */
export function hourOf(slot: number, { slotSeconds, utcOffsetMinutes }: CommunityClock): number {
  const localSeconds = slotStart(slot, slotSeconds) + 60 * utcOffsetMinutes;
  return ((Math.floor(localSeconds / 3600) % 24) + 24) % 24;
}

/** Whether a schedule holds for a slot. */
export const holdsFor = ({ firstSlot, endSlot }: Schedule, slot: number): boolean =>
  firstSlot <= slot && slot < endSlot;

/**
 * The prices of a slot. It is not asked whether the schedule holds for it, see {@link holdsFor}.
 * @throws RangeError when the schedule names a level that it has not.
 */
export function levelAt(schedule: Schedule, slot: number, clock: CommunityClock): Level {
  const hour = hourOf(slot, clock);
  const index = Number((schedule.levelOfHour >> BigInt(2 * hour)) & 3n);
  const level = schedule.levels[index];
  if (level === undefined) {
    const known = schedule.levels.length;
    throw new RangeError(`Hour ${hour} goes by level ${index}, but the schedule has ${known}.`);
  }
  return level;
}
