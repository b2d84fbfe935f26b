import { type Address, isAddressEqual, zeroAddress } from "viem";
import { OFFER } from "../deals/order.ts";
import { LANE_MAX_WH } from "../profile.ts";
import { slotStart } from "../slots.ts";
import type { Order } from "../typedData.ts";

/** What a judgement of an order says, and what all its rules share. */

/** The state of an order. */
export type OrderState = "live" | "filled" | "cancelled" | "expired" | "unbacked" | "void";

/** One rule that an order breaks. */
export interface Reason {
  /** The contracts' custom error; `Relay_...` for rules that only a relay has. */
  readonly code: string;
  /** The rule as text, with the values. */
  readonly message: string;
  /** The order's invalid member, if it is one. */
  readonly path?: keyof Order;
  /** The error's arguments; integers that may exceed a JSON number's precision are decimal strings. */
  readonly values?: Readonly<Record<string, string | number>>;
}

/** The judgement of an order. */
export interface Judgement {
  readonly state: OrderState;
  /** Every broken rule; empty when the order is live. */
  readonly reasons: readonly Reason[];
  /** Wh that can still be traded: the unfilled part that money or energy covers. */
  readonly remainingWh: bigint;
  /** Whether the maker's own meter may still report energy that would cover an unbacked offer. */
  readonly mayBeBacked: boolean;
}

/** A broken rule and the order state that it causes. */
export interface Breach extends Reason {
  readonly makes: OrderState;
}

/** Wh that an order is signed for, at most what a lane holds. */
export const signedWh = (order: Order): bigint =>
  BigInt(order.energy) > LANE_MAX_WH ? LANE_MAX_WH : BigInt(order.energy);

/** The last Unix second at which an order can be traded: its deadline, or before the start of a forward's last slot. */
export function goodUntil(order: Order, slotSeconds: number): number {
  if (!order.forward) return order.deadline;
  // A forward's slot must not have started, so its first second is too late.
  return Math.min(order.deadline, slotStart(order.lastSlot, slotSeconds) - 1);
}

export const isNobody = (address: Address): boolean => isAddressEqual(address, zeroAddress);
export const isOffer = (order: Order): boolean => order.side === OFFER;
export const atLeast = (floor: bigint, value: bigint): bigint => (value < floor ? floor : value);
export const atMost = (ceiling: bigint, value: bigint): bigint =>
  value > ceiling ? ceiling : value;
