import type { Address, Hex } from "viem";
import type { Source } from "../energyId.ts";
import type { LevelOf, MadeTrade } from "../gains.ts";
import type { Contracts } from "../history/events.ts";
import type { EnergyBySlot } from "../profile.ts";

/**
 * What statements need of a chain's history. Everything is in the chain's order. Money is in thousandths of a base unit
 * (`…Millis`), in which price x Wh is exact.
 */
export interface StatementHistory {
  readonly chainId: number;
  readonly contracts: Contracts;
  readonly microgrids: ReadonlyMap<number, StatementMicrogrid>;
  readonly meters: readonly MeterTenure[];
  readonly deliveries: readonly Delivery[];
  readonly retirements: readonly Retirement[];
  readonly movements: readonly AccountMovement[];
}

export interface StatementMicrogrid {
  readonly name: string;
  readonly currency: Address;
  readonly slotSeconds: number;
  /** The prices of a slot. */
  readonly levelAt: LevelOf;
}

/** A run of slots in which a meter is a household's. */
export interface MeterTenure {
  readonly meter: Address;
  readonly owner: Address;
  readonly microgrid: number;
  readonly firstSlot: number;
  /** The first slot in which it is not any more; undefined while it is. */
  readonly endSlot?: number | undefined;
}

/** A place in the chain: transactions hold several events. */
export interface EventPlace {
  readonly transaction: Hex;
  /** The event's index in its block. */
  readonly logIndex: number;
}

/**
 * Bought energy: a spot trade, or a forward that was released. The buyer paid its `costMillis`; the seller received all of
 * it but the `chargeMillis`.
 */
export interface Delivery extends EventPlace, MadeTrade {
  readonly seller: Address;
  readonly buyer: Address;
  readonly source: Source;
  /** Whether a party was a DSO of one of the microgrids. */
  readonly isWithGrid: boolean;
}

/** Energy that its holder gave up for good. */
export interface Retirement extends EventPlace {
  readonly holder: Address;
  readonly beneficiary: Address;
  readonly microgrid: number;
  readonly source: Source;
  readonly energyWh: EnergyBySlot;
  readonly purpose: string;
}

/**
 * Why the balance of an account changed. What a forward locks, it returns with its release, less what was paid of it;
 * `bond` is what a shortfall moved from the seller's bond to the buyer.
 */
export const MOVEMENT_KINDS = [
  "deposit",
  "withdrawal",
  "sale",
  "purchase",
  "charge",
  "locked",
  "returned",
  "bond",
] as const;
export type MovementKind = (typeof MOVEMENT_KINDS)[number];

/** A change of an escrow account. */
export interface AccountMovement {
  readonly kind: MovementKind;
  readonly currency: Address;
  readonly holder: Address;
  /** Above 0 where the account received it. */
  readonly amountMillis: bigint;
  /** Unix seconds. */
  readonly time: number;
  readonly transaction: Hex;
}

/** A household's microgrid and the slots that a statement covers. */
export interface StatementPeriod {
  readonly microgrid: number;
  readonly firstSlot: number;
  /** Included. */
  readonly lastSlot: number;
}
