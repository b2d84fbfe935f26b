import { blockOf, LANES, slotStart } from "@wattline/sdk";
import type { CommunitySeries } from "../profiles/series.ts";

/** The slots of an outage: from `firstSlot` to before `endSlot`. */
export interface Outage {
  readonly firstSlot: number;
  readonly endSlot: number;
}

/** The microgrid that is islanded in an outage. */
export const ISLAND = 1;

/** Whether a microgrid is islanded in a slot: its grid neither delivers nor buys anything, and its tie lines carry nothing. */
export const isIslanded = (outage: Outage | undefined, microgrid: number, slot: number): boolean =>
  outage !== undefined && microgrid === ISLAND && slot >= outage.firstSlot && slot < outage.endSlot;

/** A declaration of the operator: an island begins with the slot of that time, or ends with it. */
export interface Declaration {
  /** Unix seconds. */
  readonly at: number;
  readonly islanded: boolean;
}

/** What the operator declares about an outage; one that outlasts the data has no end. */
export function declarationsOf(
  { firstSlot, endSlot }: Outage,
  { firstSlot: first, slots, slotSeconds }: CommunitySeries,
): Declaration[] {
  const begins = { at: slotStart(firstSlot, slotSeconds), islanded: true };
  if (endSlot >= first + slots) return [begins];
  return [begins, { at: slotStart(endSlot - 1, slotSeconds), islanded: false }];
}

/**
 * What is played at once: a block of eight slots, or the part of it before or after an outage's start or end, or a change of
 * the retail tariff, where these are given.
 */
export interface Round {
  readonly slots: readonly number[];
  /** The block's index in the run. */
  readonly block: number;
  /** Households sign new orders for each: a day, or a part of it with one retail tariff, in the outage or not. */
  readonly period: Period;
}

/** Slots for which households sign one order each. */
export interface Period {
  readonly firstSlot: number;
  /** Included. */
  readonly lastSlot: number;
  /** Base units per kWh. */
  readonly retailPerKwh: bigint;
  readonly islanded: boolean;
}

/** The rounds of a run, in order. */
export function roundsOf(
  { firstSlot, slots, slotSeconds }: CommunitySeries,
  outage: Outage | undefined,
  retailPerKwh: readonly bigint[],
): Round[] {
  const slotsPerDay = 86_400 / slotSeconds;
  const firstBlock = blockOf(firstSlot);
  const dayOf = (slot: number) => Math.floor((slot - firstBlock * LANES) / slotsPerDay);
  const periods: Period[] = [];
  const rounds: { slots: number[]; block: number; period: number }[] = [];
  for (let slot = firstSlot; slot < firstSlot + slots; slot++) {
    const retail = retailPerKwh[slot - firstSlot] ?? 0n;
    const islanded = isIslanded(outage, ISLAND, slot);
    const now = periods.at(-1);
    const goesOn =
      now !== undefined &&
      dayOf(now.firstSlot) === dayOf(slot) &&
      now.retailPerKwh === retail &&
      now.islanded === islanded;
    if (goesOn) periods[periods.length - 1] = { ...now, lastSlot: slot };
    else periods.push({ firstSlot: slot, lastSlot: slot, retailPerKwh: retail, islanded });
    const block = blockOf(slot) - firstBlock;
    const last = rounds.at(-1);
    if (goesOn && last?.block === block) last.slots.push(slot);
    else rounds.push({ slots: [slot], block, period: periods.length - 1 });
  }
  return rounds.flatMap(({ slots: own, block, period: number }) => {
    const period = periods[number];
    return period === undefined ? [] : [{ slots: own, block, period }];
  });
}
