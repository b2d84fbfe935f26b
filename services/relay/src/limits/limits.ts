import type { Allowance } from "./bucket.ts";

/** Limits per client. */
export interface Limits {
  /** Bytes of a request's body. */
  readonly body: number;
  /** Orders in one document. */
  readonly ordersPerRequest: number;
  /** Orders of one maker that are live or may become live. */
  readonly ordersPerMaker: number;
  /** Delivery slots of a spot offer: the energy in each must be looked up. */
  readonly slotsPerOffer: number;
  /** Requests of one address. */
  readonly requests: Allowance;
  /** Requests of one address that wait to be checked. */
  readonly waitingPerAddress: number;
  /** Open streams of one address. */
  readonly streamsPerAddress: number;
}

export const LIMITS: Limits = {
  body: 2 * 1024 * 1024,
  ordersPerRequest: 1_000,
  ordersPerMaker: 1_000,
  // Four weeks of quarters of an hour.
  slotsPerOffer: 2_688,
  requests: { burst: 200, perSecond: 100 },
  waitingPerAddress: 16,
  streamsPerAddress: 32,
};
