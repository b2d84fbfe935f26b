import { type Address, isAddressEqual } from "viem";
import type { Source } from "../../energyId.ts";
import { partsOfTrade } from "../../gains.ts";
import type { StatementHistory, StatementPeriod } from "../history.ts";

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
 * @throws Error when a microgrid of one of the trades is missing.
 */
export function tradeLines(
  { deliveries, microgrids }: StatementHistory,
  period: StatementPeriod,
  household: Address,
  direction: Direction,
): TradeLine[] {
  const lines = new Map<string, TradeLine>();
  for (const delivery of deliveries) {
    const isBought = direction === "bought";
    const [own, counterparty, place] = isBought
      ? [delivery.buyer, delivery.seller, delivery.to]
      : [delivery.seller, delivery.buyer, delivery.from];
    if (!isAddressEqual(own, household) || place !== period.microgrid) continue;
    const { source, isWithGrid: isGrid } = delivery;
    const [from, to] = [levelsIn(delivery.from), levelsIn(delivery.to)];
    for (const part of partsOfTrade(delivery, from, to)) {
      if (part.slot < period.firstSlot || part.slot > period.lastSlot) continue;
      const energyWh = isBought ? part.arrivedWh : part.sentWh;
      const key = `${counterparty} ${isGrid} ${source}`;
      const before = lines.get(key) ?? { counterparty, isGrid, source, ...NOTHING };
      lines.set(key, {
        ...before,
        energyWh: before.energyWh + energyWh,
        priceMillis: before.priceMillis + part.receivedMillis,
        feeMillis: before.feeMillis + (isBought ? part.paidMillis - part.receivedMillis : 0n),
        gridMillis: before.gridMillis + (isBought ? part.retailCostMillis : part.feedInValueMillis),
      });
    }
  }
  return [...lines]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, line]) => line)
    .filter(({ energyWh, priceMillis, feeMillis }) => energyWh + priceMillis + feeMillis !== 0n);

  function levelsIn(microgrid: number) {
    const known = microgrids.get(microgrid);
    if (known === undefined) throw new Error(`Microgrid ${microgrid} was never founded.`);
    return known.levelAt;
  }
}

const NOTHING = { energyWh: 0n, priceMillis: 0n, feeMillis: 0n, gridMillis: 0n };
