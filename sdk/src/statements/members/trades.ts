import { type Address, isAddressEqual } from "viem";
import type { Source } from "../../energyId.ts";
import type { Delivery, StatementHistory, StatementPeriod } from "../history.ts";

export const DIRECTIONS = ["bought", "sold"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** What a household bought from one neighbour, or sold to one, of one source. Money in thousandths of a base unit. */
export interface TradeLine {
  readonly counterparty: Address;
  /** Whether the counterparty was a DSO: the grid bills such energy itself. */
  readonly isGrid: boolean;
  readonly source: Source;
  /** Bought energy as it arrived, sold energy as it was sent. */
  readonly energyWh: bigint;
  /** What the seller received. */
  readonly priceMillis: bigint;
  /** Fees, which the buyer paid on top. */
  readonly feeMillis: bigint;
  /** What the grid would have charged, or paid, for it. */
  readonly gridMillis: bigint;
}

/**
 * A household's trades by counterparty and source, for energy delivered in the slots of a period, whenever it was
 * traded. Fees are on the lines of the buyer only.
 */
export function tradeLines(
  { deliveries, microgrids }: StatementHistory,
  period: StatementPeriod,
  household: Address,
  direction: Direction,
): TradeLine[] {
  const lines = new Map<string, TradeLine>();
  const pricesAt = microgrids.get(period.microgrid)?.gridPricesAt;
  for (const delivery of deliveries) {
    const isBought = direction === "bought";
    const [own, counterparty, place] = isBought
      ? [delivery.buyer, delivery.seller, delivery.to]
      : [delivery.seller, delivery.buyer, delivery.from];
    if (!isAddressEqual(own, household) || place !== period.microgrid) continue;
    const { source, isWithGrid: isGrid } = delivery;
    for (const part of partsBySlot(delivery)) {
      if (part.slot < period.firstSlot || part.slot > period.lastSlot) continue;
      const energyWh = isBought ? part.arrivedWh : part.sentWh;
      const { retail = 0n, feedIn = 0n } = pricesAt?.(part.slot) ?? {};
      const key = `${counterparty} ${isGrid} ${source}`;
      const before = lines.get(key) ?? { counterparty, isGrid, source, ...NOTHING };
      lines.set(key, {
        ...before,
        energyWh: before.energyWh + energyWh,
        priceMillis: before.priceMillis + part.costMillis - part.chargeMillis,
        feeMillis: before.feeMillis + (isBought ? part.chargeMillis : 0n),
        gridMillis: before.gridMillis + energyWh * (isBought ? retail : feedIn),
      });
    }
  }
  return [...lines]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, line]) => line)
    .filter(({ energyWh, priceMillis, feeMillis }) => energyWh + priceMillis + feeMillis !== 0n);
}

const NOTHING = { energyWh: 0n, priceMillis: 0n, feeMillis: 0n, gridMillis: 0n };

interface SlotPart {
  readonly slot: number;
  readonly sentWh: bigint;
  readonly arrivedWh: bigint;
  readonly costMillis: bigint;
  readonly chargeMillis: bigint;
}

/**
 * A delivery by slot: the cost by the value of what arrived, the charge by its energy. Each part is the difference of two
 * rounded-down running totals, so that the slots of two periods add up to the whole.
 */
function partsBySlot({
  sentWh,
  arrivedWh,
  prices,
  costMillis,
  chargeMillis,
}: Delivery): SlotPart[] {
  const slots = [...new Set([...sentWh.keys(), ...arrivedWh.keys()])].sort((a, b) => a - b);
  const arrived = slots.map((slot) => arrivedWh.get(slot) ?? 0n);
  const values = slots.map((slot, index) => (arrived[index] ?? 0n) * (prices?.get(slot) ?? 1n));
  const [costs, charges] = [split(costMillis, values), split(chargeMillis, arrived)];
  return slots.map((slot, index) => ({
    slot,
    sentWh: sentWh.get(slot) ?? 0n,
    arrivedWh: arrived[index] ?? 0n,
    costMillis: costs[index] ?? 0n,
    chargeMillis: charges[index] ?? 0n,
  }));
}

function split(amount: bigint, weights: readonly bigint[]): bigint[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0n);
  let [weighed, given] = [0n, 0n];
  return weights.map((weight, index) => {
    weighed += weight;
    const isLast = index === weights.length - 1;
    const upTo = whole !== 0n ? (amount * weighed) / whole : isLast ? amount : 0n;
    const part = upTo - given;
    given = upTo;
    return part;
  });
}
