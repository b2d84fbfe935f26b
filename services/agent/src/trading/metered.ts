import type { MeteredSlot } from "@wattline/sdk/forecast";
import type { HomeSlot } from "../home.ts";
import type { BatteryEntry, SlotEntry } from "../journal/entries.ts";
import { readJournal } from "../journal/journal.ts";

/**
 * What all meters of a home have counted, without its battery, oldest first, from the journal on disk. Slots that were left out, or
 * that a meter does not have, are missing, and those of which nobody knows what the battery did.
 */
export function pastOf(folder: string, meters: readonly string[], fromSlot: number): MeteredSlot[] {
  const slots = new Map<number, Map<string, SlotEntry>>();
  const battery = new Map<number, BatteryEntry>();
  for (const entry of readJournal(folder)) {
    if (entry.kind === "battery") battery.set(entry.slot, entry);
    if (entry.kind !== "slot" || entry.slot < fromSlot) continue;
    const bySlot = slots.get(entry.slot) ?? new Map<string, SlotEntry>();
    slots.set(entry.slot, bySlot.set(entry.meter, entry));
  }
  const metered = [...slots]
    .sort(([a], [b]) => a - b)
    .flatMap(([slot, entries]) => {
      const all = meters.map((name) => entries.get(name));
      const whole = all.filter((each) => each !== undefined && each.quality !== "left out");
      if (whole.length < meters.length) return [];
      const sum = (of: "importWh" | "exportWh") =>
        whole.reduce((wh, each) => wh + (each?.[of] ?? 0n), 0n);
      return [{ slot, exportedWh: sum("exportWh"), importedWh: sum("importWh") }];
    });
  return withoutBattery(metered, battery);
}

/** What the meter would have counted without the battery. What is not known of is left out, from the first slot on that it ran in. */
export function withoutBattery(
  metered: readonly MeteredSlot[],
  battery: ReadonlyMap<number, BatteryEntry>,
): MeteredSlot[] {
  const first = Math.min(...battery.keys());
  return metered.flatMap((each) => {
    if (each.slot < first) return [each];
    const moved = battery.get(each.slot);
    if (!moved?.isKnown) return [];
    if (moved.takenWh === 0n && moved.givenWh === 0n) return [each];
    const leftWh = each.exportedWh - each.importedWh + moved.takenWh - moved.givenWh;
    const [exportedWh, importedWh] = leftWh > 0n ? [leftWh, 0n] : [0n, -leftWh];
    return [{ slot: each.slot, exportedWh, importedWh }];
  });
}

/** What a home has counted in slots, as it is known in memory. */
export const meteredOf = (slots: readonly HomeSlot[]): MeteredSlot[] =>
  slots
    .filter(({ quality }) => quality !== "left out")
    .map(({ slot, exportWh, importWh }) => ({ slot, exportedWh: exportWh, importedWh: importWh }));

/** What of that can be minted: without a device of its own, a battery's export is reported by nobody. */
export const mintedOf = (slots: readonly HomeSlot[], hasStorageDevice: boolean): MeteredSlot[] =>
  meteredOf(
    hasStorageDevice
      ? slots
      : slots.map((each) => ({ ...each, exportWh: each.exportWh - each.storageWh })),
  );
