import { localDayOf, type SlotRange, slotAt, slotStart, slotsOfDay } from "@wattline/sdk";
import { localZone } from "../browser/index.ts";
import type { BookOrder } from "../data/index.ts";

/** The day that the page shows. */
export interface Day {
  /** `YYYY-MM-DD` of the local calendar. */
  readonly day: string;
  readonly slots: SlotRange;
  readonly slotSeconds: number;
}

export const dayOf = (unixSeconds: number): string => localDayOf(unixSeconds, localZone());

/** The slots of a day in the browser's time zone. */
export const daySlots = (day: string, slotSeconds: number): Day => ({
  day,
  slots: slotsOfDay(day, localZone(), slotSeconds),
  slotSeconds,
});

/**
 * The day to show unless the URL names one: today, or if there is no order for today, the nearest day with
 * one.
 */
export function dayToShow(orders: readonly BookOrder[], time: number, slotSeconds: number): string {
  const now = slotAt(time, slotSeconds);
  const today = daySlots(dayOf(time), slotSeconds);
  let nearest = today.slots.firstSlot;
  let distance = Number.POSITIVE_INFINITY;
  for (const { order } of orders) {
    const slot = Math.min(Math.max(now, order.firstSlot), order.lastSlot);
    const reachesToday =
      order.firstSlot <= today.slots.lastSlot && order.lastSlot >= today.slots.firstSlot;
    if (reachesToday) return today.day;
    if (Math.abs(slot - now) < distance) [nearest, distance] = [slot, Math.abs(slot - now)];
  }
  return dayOf(slotStart(nearest, slotSeconds));
}
