import { SOURCES, type Source } from "../../energyId.ts";
import { slotStart } from "../../slots.ts";
import type { CountedSlot } from "./schema.ts";

/** A retirement for this statement, or for another of the same household. */
export interface Claim {
  readonly source: Source;
  readonly energyWh: readonly SlotWh[];
  readonly isOurs: boolean;
}

/** Wh of one slot. */
export interface SlotWh {
  readonly slot: number;
  readonly wh: bigint;
}

/** What a statement is computed from. */
export interface Evidence {
  readonly slotSeconds: number;
  readonly importedWh: ReadonlyMap<number, bigint>;
  readonly purchases: readonly { readonly source: Source; readonly energyWh: readonly SlotWh[] }[];
  /** In the chain's order: import counts for the first claim on it. */
  readonly claims: readonly Claim[];
}

/** A slot, and what could still be retired for it. */
export interface SlotCount extends CountedSlot {
  readonly dueWh: ReadonlyMap<Source, bigint>;
}

/** What counts of all evidence. */
export interface Counted {
  /** In order; slots without any energy are left out. */
  readonly slots: readonly SlotCount[];
  /** What counts of each claim of this statement, in the claims' order; 0 for claims of others. */
  readonly claimedWh: readonly bigint[];
}

/**
 * What counts in each slot: of every source no more than was bought and retired of it, of all sources together no more
 * than was imported. What another statement of the household claimed before counts there and not here.
 */
export function countSlots({ slotSeconds, importedWh, purchases, claims }: Evidence): Counted {
  const slots = new Map<number, Tally>();
  const tallyOf = (slot: number): Tally => {
    const known = slots.get(slot) ?? new Tally(importedWh.get(slot) ?? 0n);
    slots.set(slot, known);
    return known;
  };
  for (const [slot, wh] of importedWh) if (wh > 0n) tallyOf(slot);
  for (const { source, energyWh } of purchases) {
    for (const { slot, wh } of energyWh) tallyOf(slot).buy(source, wh);
  }
  const claimedWh = claims.map(({ source, energyWh, isOurs }) =>
    energyWh.reduce((sum, { slot, wh }) => {
      const known = isOurs ? tallyOf(slot) : slots.get(slot);
      return sum + (known?.claim(source, wh, isOurs) ?? 0n);
    }, 0n),
  );
  const counts = [...slots]
    .sort(([a], [b]) => a - b)
    .map(([slot, tally]) => ({
      slot,
      start: startOf(slot, slotSeconds),
      ...tally.sums(),
      dueWh: tally.due(),
    }));
  return { slots: counts, claimedWh };
}

/** A slot's start in UTC: `2026-06-21T10:00:00Z`. */
export const startOf = (slot: number, slotSeconds: number): string =>
  `${new Date(slotStart(slot, slotSeconds) * 1000).toISOString().slice(0, 19)}Z`;

/** One slot while its claims are counted. */
class Tally {
  readonly #importedWh: bigint;
  #leftWh: bigint;
  readonly #boughtLeftWh = new Map<Source, bigint>();
  #boughtWh = 0n;
  #retiredWh = 0n;
  #countsWh = 0n;

  constructor(importedWh: bigint) {
    this.#importedWh = importedWh;
    this.#leftWh = importedWh;
  }

  buy(source: Source, wh: bigint): void {
    this.#boughtWh += wh;
    this.#boughtLeftWh.set(source, (this.#boughtLeftWh.get(source) ?? 0n) + wh);
  }

  /** @returns What counts of it for this statement. */
  claim(source: Source, wh: bigint, isOurs: boolean): bigint {
    const boughtLeftWh = this.#boughtLeftWh.get(source) ?? 0n;
    const countedWh = least(wh, boughtLeftWh, this.#leftWh);
    this.#boughtLeftWh.set(source, boughtLeftWh - least(wh, boughtLeftWh));
    // Another statement may rest on purchases that this one does not list: its claim counts in full.
    this.#leftWh -= isOurs ? countedWh : least(wh, this.#leftWh);
    if (!isOurs) return 0n;
    this.#retiredWh += wh;
    this.#countsWh += countedWh;
    return countedWh;
  }

  sums() {
    return {
      importedWh: this.#importedWh,
      boughtWh: this.#boughtWh,
      retiredWh: this.#retiredWh,
      countsWh: this.#countsWh,
    };
  }

  /** What was bought and used, but not retired yet; sources in the contracts' order. */
  due(): ReadonlyMap<Source, bigint> {
    const due = new Map<Source, bigint>();
    let leftWh = this.#leftWh;
    for (const source of SOURCES) {
      const wh = least(this.#boughtLeftWh.get(source) ?? 0n, leftWh);
      if (wh > 0n) due.set(source, wh);
      leftWh -= wh;
    }
    return due;
  }
}

const least = (...amounts: readonly [bigint, ...bigint[]]): bigint =>
  amounts.reduce((a, b) => (a < b ? a : b));
