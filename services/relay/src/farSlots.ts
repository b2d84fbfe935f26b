import type { Order } from "@wattline/sdk";
import type { RuleBroken } from "./wire.ts";

/** Nobody trades energy of a later time: such a slot is a mistake, most often a time in the place of a number. */
const MOST_YEARS_AHEAD = 10;
const YEAR_SECONDS = 365 * 86_400;

/**
 * Refuses delivery slots that are absurdly far ahead.
 * @param slotSeconds The length of the microgrid's slots; undefined when there is no such microgrid.
 * @param now Unix seconds.
 */
export function farSlots(order: Order, slotSeconds: number | undefined, now: number): RuleBroken[] {
  if (slotSeconds === undefined) return [];
  const horizon = MOST_YEARS_AHEAD * YEAR_SECONDS;
  return (["firstSlot", "lastSlot"] as const).flatMap((path): RuleBroken[] => {
    const slot = order[path];
    if (slot * slotSeconds <= now + horizon) return [];
    const isTime = Math.abs(slot - now) <= horizon;
    const cure = isTime
      ? `It looks like a Unix time: its slot is ${Math.floor(slot / slotSeconds)} (seconds divided by ${slotSeconds}).`
      : `Slots are counted from the Unix epoch, ${slotSeconds} seconds each: the slot now is ${Math.floor(now / slotSeconds)}.`;
    return [
      {
        code: "Relay_SlotTooFar",
        message: `${path} ${slot} lies more than ${MOST_YEARS_AHEAD} years ahead. ${cure}`,
        path,
        values: { slot },
      },
    ];
  });
}
