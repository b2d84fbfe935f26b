import { localDayOf, slotStart } from "@wattline/sdk";
import type { CountedSlot, DeliveryStatement } from "@wattline/sdk/statements";

/** The sums of a local day. Wh. */
export type DaySums = Pick<CountedSlot, "importedWh" | "boughtWh" | "retiredWh" | "countsWh">;

const NO_ENERGY: DaySums = { importedWh: 0n, boughtWh: 0n, retiredWh: 0n, countsWh: 0n };

/** Sums a statement's slots by local day (`YYYY-MM-DD`), oldest first; days without energy are left out. */
export function sumsByDay(
  { slots, slotSeconds }: Pick<DeliveryStatement, "slots" | "slotSeconds">,
  timeZone: string,
): ReadonlyMap<string, DaySums> {
  const days = new Map<string, DaySums>();
  for (const slot of slots) {
    const day = localDayOf(slotStart(slot.slot, slotSeconds), timeZone);
    days.set(day, add(days.get(day) ?? NO_ENERGY, slot));
  }
  return new Map([...days].toSorted(([a], [b]) => a.localeCompare(b)));
}

/** The sum of all days. */
export const sumOfDays = (days: Iterable<DaySums>): DaySums => [...days].reduce(add, NO_ENERGY);

const add = (one: DaySums, other: DaySums): DaySums => ({
  importedWh: one.importedWh + other.importedWh,
  boughtWh: one.boughtWh + other.boughtWh,
  retiredWh: one.retiredWh + other.retiredWh,
  countsWh: one.countsWh + other.countsWh,
});
