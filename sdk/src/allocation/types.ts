import type { Source } from "../energyId.ts";
import type { EnergyBySlot } from "../profile.ts";

/** Energy that one producer gave one consumer in one delivery slot. */
export interface AllocatedShare {
  readonly slot: number;
  /** Names the producer: an account, a meter, or a metering point of the grid operator. */
  readonly producer: string;
  readonly consumer: string;
  /** Present where a market or a key distinguishes sources. */
  readonly source?: Source;
  /** Above 0. */
  readonly energyWh: bigint;
}

/**
 * Who gave whom how much, slot by slot: by an allocation key, or by a market. At most one share per slot, pair and
 * source.
 */
export interface Allocation {
  readonly slotSeconds: number;
  readonly shares: readonly AllocatedShare[];
}

/** What a community's meters counted. Names are those of metering points. */
export interface MeteredCommunity {
  readonly slotSeconds: number;
  /** Wh that each producer exported. */
  readonly producedWh: ReadonlyMap<string, EnergyBySlot>;
  /** Wh that each consumer imported. */
  readonly usedWh: ReadonlyMap<string, EnergyBySlot>;
}

/** Millionths: 250,000 is 25 %. */
export type Millionths = number;

export const WHOLE: Millionths = 1_000_000;

/**
 * How a community divides its production in each slot:
 * - `dynamic`: in proportion to what each consumer uses in the slot;
 * - `static`: each consumer has an agreed part; what it does not use goes to the grid;
 * - `hybrid`: agreed parts first, then the unused rest in proportion to what is still needed.
 */
export type AllocationKey =
  | { readonly kind: "dynamic" }
  | { readonly kind: "static" | "hybrid"; readonly parts: ReadonlyMap<string, Millionths> };
