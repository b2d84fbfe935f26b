import { balance } from "ponder:schema";
import { blockOf, type EnergyBySlot, LANES, SOURCES, type Source, sumWh } from "@wattline/sdk";
import { type Hex, zeroAddress } from "viem";
import type { Db } from "./occasion.ts";

const BPS = 10_000n;
const LANE_BITS = 32n;

/** Energy of one source in one microgrid. */
export interface Lot {
  readonly microgrid: number;
  readonly source: Source;
  readonly energyWh: EnergyBySlot;
}

/** A source by its number in the contracts. */
export function sourceAt(index: number): Source {
  const source = SOURCES[index];
  if (source === undefined) throw new Error(`An event names source ${index}, which there is not.`);
  return source;
}

/** What a transfer event moved, by microgrid and source; ids that move nothing may name anything and are left out. */
export function lotsOf(ids: readonly bigint[], values: readonly bigint[]): Lot[] {
  const lines = new Map<bigint, Map<number, bigint>>();
  for (const [index, id] of ids.entries()) {
    const wh = values[index] ?? 0n;
    if (wh === 0n) continue;
    const line = lines.get(id >> 32n) ?? new Map<number, bigint>();
    lines.set(id >> 32n, line);
    const slot = Number(id & 0xffffffffn);
    line.set(slot, (line.get(slot) ?? 0n) + wh);
  }
  return [...lines].map(([line, energyWh]) => ({
    microgrid: Number(line >> 8n),
    source: sourceAt(Number(line & 0xffn)),
    energyWh,
  }));
}

/** Energy as words by block. */
export function wordsOf(energyWh: EnergyBySlot): Map<number, bigint> {
  const words = new Map<number, bigint>();
  for (const [slot, wh] of energyWh) {
    const lane = wh << (LANE_BITS * BigInt(slot % LANES));
    words.set(blockOf(slot), (words.get(blockOf(slot)) ?? 0n) + lane);
  }
  return words;
}

/** All Wh of some energy. */
export const totalWh = (energyWh: EnergyBySlot): bigint => sumOf([...energyWh.values()]);

export const sumOf = (values: readonly bigint[]): bigint =>
  values.reduce((total, value) => total + value, 0n);

/** Books energy that changes hands; the zero address mints and burns. */
export async function move(db: Db, from: Hex, to: Hex, lots: readonly Lot[]): Promise<void> {
  for (const { microgrid, source, energyWh } of lots) {
    for (const [block, word] of wordsOf(energyWh)) {
      const moved = { word, energyWh: sumWh([word]) };
      const key = { microgrid, source, block };
      if (from !== zeroAddress) {
        await db.update(balance, { holder: from, ...key }).set((held) => ({
          word: held.word - moved.word,
          energyWh: held.energyWh - moved.energyWh,
        }));
      }
      if (to !== zeroAddress) {
        await db
          .insert(balance)
          .values({ holder: to, ...key, ...moved })
          .onConflictDoUpdate((held) => ({
            word: held.word + moved.word,
            energyWh: held.energyWh + moved.energyWh,
          }));
      }
    }
  }
}

/** What arrives of energy sent over a line that loses `lossBps`: the loss is rounded down in every slot. */
export const arrivingOf = (sentWh: EnergyBySlot, lossBps: number): Map<number, bigint> =>
  new Map([...sentWh].map(([slot, wh]) => [slot, wh - (wh * BigInt(lossBps)) / BPS]));
