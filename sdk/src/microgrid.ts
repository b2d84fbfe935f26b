import type { Address } from "viem";
import type { Community, Line } from "./deals/deal.ts";
import { holdsFor, type Level, levelAt, type Schedule } from "./deals/schedule.ts";
import { type SlotRange, slotEnd } from "./slots.ts";

/** What is fixed when a microgrid is founded. */
export interface Charter {
  readonly name: string;
  /** Tenths of a degree, north and east positive. */
  readonly latitudeTenths: number;
  readonly longitudeTenths: number;
  /** The ERC-20 token that it trades in. */
  readonly currency: Address;
  readonly slotSeconds: number;
  /** From this long after a slot's end on, its missing reading can be called undelivered. */
  readonly reportingDeadlineSeconds: number;
  /** By how much its clock, which knows no summer time, is ahead of UTC. */
  readonly utcOffsetMinutes: number;
}

/** A time without connection to the grid. */
export interface Island {
  readonly firstSlot: number;
  /** Included; undefined while it lasts. Less than `firstSlot` for an island that ended before it began. */
  readonly lastSlot: number | undefined;
  /** Unix seconds of its end. */
  readonly endedAtSeconds: number | undefined;
}

/** The ration of an ordinary meter in islanded slots, from a slot on. */
export interface RationStep {
  readonly fromSlot: number;
  /** Wh per slot; {@link NO_RATION_WH} or more: none. */
  readonly rationWh: bigint;
}

/** A microgrid as its operator has set it: what holds for which slot. */
export interface Microgrid extends Charter {
  /** Its number. */
  readonly microgrid: number;
  readonly operator: Address;
  /** Who has been offered the operator's role. */
  readonly successor: Address | undefined;
  readonly dso: Address;
  /** In the contracts' order: the index is the number that a trade names. */
  readonly schedules: readonly Schedule[];
  /** Oldest first. */
  readonly islands: readonly Island[];
  /** Runs of slots that were declared islanded afterwards. */
  readonly declared: readonly SlotRange[];
  /** Oldest first. */
  readonly rations: readonly RationStep[];
  /** Slots from here on don't trade; undefined when it is open. */
  readonly closedFrom: number | undefined;
}

const SECONDS_PER_DAY = 86_400;

/** From here on a ration limits nothing. */
export const NO_RATION_WH = 2n ** 31n - 1n;

/** A missing reading can be called undelivered this long after its slot at the latest. */
const LONGEST_DEADLINE_SECONDS = 30 * SECONDS_PER_DAY;

/**
 * The number of the schedule that holds for a slot: what a trade of it has to name.
 * @throws RangeError for a slot before the first schedule, which no microgrid has.
 */
export function scheduleFor({ microgrid, schedules }: Microgrid, slot: number): number {
  const index = schedules.findIndex((schedule) => holdsFor(schedule, slot));
  if (index < 0) throw new RangeError(`Microgrid ${microgrid} has no prices for slot ${slot}.`);
  return index;
}

/**
 * The prices of a slot. The community price is not yet cut to the cap of an islanded slot: see {@link communityPriceIn}.
 * @throws RangeError as {@link scheduleFor}.
 */
export function levelFor(microgrid: Microgrid, slot: number): Level {
  const index = scheduleFor(microgrid, slot);
  const schedule = microgrid.schedules[index];
  if (schedule === undefined) throw new RangeError(`There is no schedule ${index}.`);
  return levelAt(schedule, slot, microgrid);
}

/** The prices that hold in any of a run of slots, each once; none for slots before the first schedule. */
export function levelsOver(microgrid: Microgrid, { firstSlot, lastSlot }: SlotRange): Level[] {
  const { slotSeconds, schedules } = microgrid;
  const slotsPerDay = SECONDS_PER_DAY / slotSeconds;
  const levels = schedules.flatMap((schedule) => {
    const first = Math.max(firstSlot, schedule.firstSlot);
    const end = Math.min(lastSlot + 1, schedule.endSlot);
    // After a day its hours come again.
    const count = Math.max(0, Math.min(end - first, slotsPerDay));
    return Array.from({ length: count }, (_, index) => levelAt(schedule, first + index, microgrid));
  });
  return [...new Set(levels)];
}

/** The community price of a slot, base units per kWh: what a buyer pays when two limits meet. */
export function communityPriceIn(microgrid: Microgrid, slot: number): bigint {
  const { pricePerKwh, capPerKwh } = levelFor(microgrid, slot);
  return isIslandedIn(microgrid, slot) && capPerKwh < pricePerKwh ? capPerKwh : pricePerKwh;
}

/** Whether a slot was or is islanded; not counting what was declared afterwards. */
export const isIslandedIn = ({ islands }: Pick<Microgrid, "islands">, slot: number): boolean =>
  islands.some(
    ({ firstSlot, lastSlot }) => firstSlot <= slot && (lastSlot === undefined || slot <= lastSlot),
  );

/** Whether a slot was declared islanded afterwards: that binds only orders which name the settler of their maker's lock. */
export const isDeclaredIn = ({ declared }: Pick<Microgrid, "declared">, slot: number): boolean =>
  declared.some(({ firstSlot, lastSlot }) => firstSlot <= slot && slot <= lastSlot);

/** Whether slots like this one don't trade. */
export const isClosedIn = ({ closedFrom }: Pick<Microgrid, "closedFrom">, slot: number): boolean =>
  closedFrom !== undefined && closedFrom <= slot;

/** How a microgrid is in a slot, for people: on the grid, cut off from it, or without trades. */
export type Mode = "Connected" | "Islanded" | "Closed";

/** A microgrid in a slot, in one word. */
export function modeIn(microgrid: Pick<Microgrid, "islands" | "closedFrom">, slot: number): Mode {
  if (isClosedIn(microgrid, slot)) return "Closed";
  return isIslandedIn(microgrid, slot) ? "Islanded" : "Connected";
}

/** The ration of an ordinary meter in a slot, should it be islanded; undefined when there is none. */
export function rationWhIn(
  { rations }: Pick<Microgrid, "rations">,
  slot: number,
): bigint | undefined {
  const step = rations.findLast(({ fromSlot }) => fromSlot <= slot);
  return step === undefined || step.rationWh >= NO_RATION_WH ? undefined : step.rationWh;
}

/**
 * When a slot's missing reading can be called undelivered: Unix seconds, undefined while its island lasts.
 * @param nowSeconds An island that lasts puts it off to 30 days after the slot at most.
 */
export function overdueAtSeconds(
  microgrid: Microgrid,
  slot: number,
  nowSeconds: number,
): number | undefined {
  const end = slotEnd(slot, microgrid.slotSeconds);
  const latest = end + LONGEST_DEADLINE_SECONDS;
  if (isDeclaredIn(microgrid, slot)) return latest;
  const { reportingDeadlineSeconds, islands } = microgrid;
  const island = islands.find(
    ({ firstSlot, lastSlot }) => firstSlot <= slot && (lastSlot === undefined || slot <= lastSlot),
  );
  if (island === undefined) return end + reportingDeadlineSeconds;
  if (island.endedAtSeconds === undefined) return nowSeconds < latest ? undefined : latest;
  return Math.min(Math.max(end, island.endedAtSeconds) + reportingDeadlineSeconds, latest);
}

/**
 * What a deal in this microgrid goes by, for `strike`.
 * @param schedule The number of the schedule that the deal names; one that is missing holds for no slot.
 * @param isLocked Whether an order of the deal names the settler of its maker's lock: then slots that were declared islanded
 * afterwards count.
 */
export const communityOf = (
  microgrid: Microgrid,
  schedule: number,
  isLocked = false,
): Community => ({
  slotSeconds: microgrid.slotSeconds,
  utcOffsetMinutes: microgrid.utcOffsetMinutes,
  schedule: microgrid.schedules[schedule] ?? NO_SCHEDULE,
  closedFrom: microgrid.closedFrom,
  isIslanded: (slot) =>
    isIslandedIn(microgrid, slot) || (isLocked && isDeclaredIn(microgrid, slot)),
});

const NO_SCHEDULE: Schedule = { firstSlot: 0, endSlot: 0, levelOfHour: 0n, levels: [] };

/** What a tie line does to energy that crosses it. */
export interface TieLineTerms {
  /** Hundredths of a percent. */
  readonly lossBps: bigint;
  /** Wh per slot in each direction; 0: it carries nothing. */
  readonly capacityWh: bigint;
  /** Base units per kWh sent from the lower-numbered microgrid to the higher-numbered one. */
  readonly wheelingUpPerKwh: bigint;
  /** The other way. */
  readonly wheelingDownPerKwh: bigint;
}

/** A tie line between two microgrids. */
export interface TieLine {
  readonly lower: number;
  readonly higher: number;
  readonly current: TieLineTerms;
  /** What follows `current`. */
  readonly next: TieLineTerms | undefined;
  /** Unix seconds from which `next` holds. */
  readonly nextFromSeconds: number | undefined;
}

/** Terms of a tie line that one operator has proposed and the other has not agreed to yet. */
export interface TieLineProposal extends TieLineTerms {
  readonly lower: number;
  readonly higher: number;
  /** The microgrid whose operator proposed. */
  readonly by: number;
}

/** A tie line in one direction. */
export type Crossing = Pick<Line, "lossBps" | "capacityWh" | "wheelingPerKwh">;

/** What a tie line does at a time to energy that goes out of `from`. */
export function crossingOf(line: TieLine, from: number, nowSeconds: number): Crossing {
  const { current, next, nextFromSeconds } = line;
  const isNext =
    next !== undefined && nextFromSeconds !== undefined && nextFromSeconds <= nowSeconds;
  const { lossBps, capacityWh, wheelingUpPerKwh, wheelingDownPerKwh } = isNext ? next : current;
  return {
    lossBps,
    capacityWh,
    wheelingPerKwh: from === line.lower ? wheelingUpPerKwh : wheelingDownPerKwh,
  };
}
