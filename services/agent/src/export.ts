import { LANES } from "@wattline/sdk";
import { toHex } from "viem";
import type { BlockEntry, Header, SlotEntry } from "./journal/entries.ts";
import { readJournal } from "./journal/journal.ts";
import { QUALITIES, type Quality } from "./metering/track.ts";

/**
 * What a home exported and imported, for statements: by slot, and the signed blocks that vouch for it.
 * @param folder The journal's.
 * @param from The first moment, Unix seconds.
 * @param to The moment after the last.
 */
export function exportJournal(folder: string, from: number, to: number): object {
  let header: Header | undefined;
  const slots = new Map<string, SlotEntry>();
  const blocks = new Map<string, BlockEntry>();
  for (const entry of readJournal(folder)) {
    if (entry.kind === "header") header = entry;
    if (entry.kind === "slot") slots.set(`${entry.slot} ${entry.meter}`, entry);
    if (entry.kind === "block") {
      blocks.set(`${entry.device} ${entry.direction} ${entry.block}`, entry);
    }
  }
  if (header === undefined) return { readings: [] };
  const { slotSeconds, home, chainId, metersContract } = header;
  const isIn = (slot: number): boolean => slot * slotSeconds >= from && slot * slotSeconds < to;
  const bySlot = Map.groupBy(
    [...slots.values()].filter(({ slot }) => isIn(slot)),
    ({ slot }) => slot,
  );
  return {
    home,
    chainId,
    metersContract,
    slotSeconds,
    slots: [...bySlot]
      .sort(([a], [b]) => a - b)
      .map(([slot, meters]) => ({
        slot,
        start: new Date(slot * slotSeconds * 1000).toISOString(),
        importWh: sumOf(meters, "importWh").toString(),
        exportWh: sumOf(meters, "exportWh").toString(),
        quality: worstOf(meters),
      })),
    readings: [...blocks.values()]
      .filter(({ block }) => lanes.some((lane) => isIn(block * LANES + lane)))
      .sort((a, b) => a.block - b.block)
      .map(({ device: meter, direction, block: firstBlock, word, signature }) => ({
        meter,
        firstBlock,
        [direction === "export" ? "exported" : "imported"]: [toHex(word)],
        signature,
      })),
  };
}

const lanes = Array.from({ length: LANES }, (_, lane) => lane);

const sumOf = (meters: readonly SlotEntry[], of: "importWh" | "exportWh"): bigint =>
  meters.reduce((sum, meter) => sum + meter[of], 0n);

const worstOf = (meters: readonly SlotEntry[]): Quality =>
  QUALITIES[Math.max(...meters.map(({ quality }) => QUALITIES.indexOf(quality)))] ?? "left out";
