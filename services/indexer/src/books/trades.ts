import { earning, microgrid, slotPrice, trade } from "ponder:schema";
import {
  addGains,
  type EnergyBySlot,
  type Gains,
  gainsByHour,
  packProfile,
  partsOfTrade,
  type Source,
  slotsOfTrade,
  type TradePart,
} from "@wattline/sdk";
import { sumOf, totalWh } from "./energy.ts";
import { isWithGrid, microgridOf } from "./money.ts";
import type { Db, Occasion } from "./occasion.ts";
import { gridPricesIn } from "./tariffs.ts";

type TradeRow = typeof trade.$inferSelect;

/** A trade as its events tell it. Energy in Wh per slot, money in base units. */
export interface Deal
  extends Pick<TradeRow, "kind" | "seller" | "buyer" | "cost" | "charge">,
    Partial<
      Pick<
        TradeRow,
        "maker" | "taker" | "offerHash" | "bidHash" | "positionId" | "sellerMeter" | "buyerMeter"
      >
    > {
  readonly source: Source;
  readonly from: number;
  readonly to: number;
  readonly sentWh: EnergyBySlot;
  readonly arrivedWh: EnergyBySlot;
  /** Of a batch, the price of each slot. */
  readonly prices?: ReadonlyMap<number, bigint>;
  /** Of a release, what had been reserved. */
  readonly reservedWh?: EnergyBySlot;
  /** What a bond locked or paid. */
  readonly bond?: bigint;
  readonly refund?: bigint;
}

/** Books a trade: the history, the prices of its slots, and what it brought to both sides. */
export async function bookTrade(db: Db, occasion: Occasion, deal: Deal): Promise<void> {
  const { kind, seller, buyer, source, from, to, cost, charge, sentWh, arrivedWh } = deal;
  const { reservedWh, bond = 0n, refund = 0n } = deal;
  const withGrid = await isWithGrid(db, [from, to], [seller, buyer]);
  const slots = slotsOfTrade(deal);
  const forfeited = kind === "release" ? bond : 0n;
  const parts = partsOfTrade(
    { ...deal, forfeited },
    await gridPricesIn(db, from, slots),
    await gridPricesIn(db, to, slots),
  );
  const feedInValue = sumOf(parts.map((part) => part.feedInValue));
  const retailCost = sumOf(parts.map((part) => part.retailCost));
  const [sentTotal, arrivedTotal] = [totalWh(sentWh), totalWh(arrivedWh)];
  const pricePerKwh = priceOf(cost, arrivedTotal);

  const { firstBlock, words } = packProfile(new Map(parts.map((part) => [part.slot, part.sentWh])));
  await db.insert(trade).values({
    id: occasion.id,
    kind,
    seller,
    buyer,
    maker: deal.maker ?? null,
    taker: deal.taker ?? null,
    offerHash: deal.offerHash ?? null,
    bidHash: deal.bidHash ?? null,
    positionId: deal.positionId ?? null,
    sellerMeter: deal.sellerMeter ?? null,
    buyerMeter: deal.buyerMeter ?? null,
    source,
    fromMicrogrid: from,
    toMicrogrid: to,
    firstBlock,
    firstSlot: BigInt(slots[0] ?? 0),
    lastSlot: BigInt(slots.at(-1) ?? 0),
    words: [...words],
    sentWh: sentTotal,
    arrivedWh: arrivedTotal,
    reservedWh: reservedWh === undefined ? null : totalWh(reservedWh),
    cost,
    charge,
    bond,
    refund,
    pricePerKwh,
    retailCost,
    feedInValue,
    saved: retailCost - cost + forfeited,
    earned: cost - charge - feedInValue - forfeited,
    withGrid,
    time: occasion.time,
    blockNumber: occasion.blockNumber,
    txHash: occasion.txHash,
    logIndex: occasion.logIndex,
    sequence: occasion.blockNumber * 1_000_000n + BigInt(occasion.logIndex),
    gasUsed: occasion.gasUsed,
  });

  await bookPrices(db, deal, parts, pricePerKwh, withGrid);
  if (kind === "reserve") return;

  await bookEarnings(db, deal, parts, withGrid);
  if (withGrid || arrivedTotal === 0n) return;
  await db.update(microgrid, { id: to }).set((row) => ({
    tradedWh: row.tradedWh + arrivedTotal,
    tradedCost: row.tradedCost + cost,
    trades: row.trades + 1,
  }));
}

/** Base units per kWh, rounded down; 0 for nothing. */
const priceOf = (cost: bigint, energyWh: bigint): bigint =>
  energyWh === 0n ? 0n : (cost * 1000n) / energyWh;

async function bookPrices(
  db: Db,
  { kind, to, prices }: Deal,
  parts: readonly TradePart[],
  pricePerKwh: bigint,
  withGrid: boolean,
): Promise<void> {
  // A release delivers what had its price when it was reserved.
  if (kind === "release") return;
  for (const { slot, arrivedWh, paid } of parts) {
    const blank: typeof slotPrice.$inferSelect = {
      microgrid: to,
      slot: BigInt(slot),
      energyWh: 0n,
      cost: 0n,
      volumeWeightedPrice: 0n,
      trades: 0,
      clearingPrice: null,
      lastPrice: null,
      lowPrice: null,
      highPrice: null,
      forwardWh: 0n,
      forwardCost: 0n,
      forwards: 0,
      gridWh: 0n,
    };
    const clearing = prices?.get(slot);
    const change = (row: typeof blank): Partial<typeof blank> => {
      if (withGrid) return { gridWh: row.gridWh + arrivedWh };
      if (kind === "reserve") {
        return {
          forwardWh: row.forwardWh + arrivedWh,
          forwardCost: row.forwardCost + paid,
          forwards: row.forwards + 1,
        };
      }
      const price = clearing ?? pricePerKwh;
      const [energyWh, cost] = [row.energyWh + arrivedWh, row.cost + paid];
      return {
        energyWh,
        cost,
        volumeWeightedPrice: priceOf(cost, energyWh),
        trades: row.trades + 1,
        clearingPrice: clearing ?? row.clearingPrice,
        lastPrice: price,
        lowPrice: row.lowPrice === null || price < row.lowPrice ? price : row.lowPrice,
        highPrice: row.highPrice === null || price > row.highPrice ? price : row.highPrice,
      };
    };
    await db
      .insert(slotPrice)
      .values({ ...blank, ...change(blank) })
      .onConflictDoUpdate(change);
  }
}

async function bookEarnings(
  db: Db,
  { from, to, seller, buyer }: Deal,
  parts: readonly TradePart[],
  withGrid: boolean,
): Promise<void> {
  const { slotSeconds } = await microgridOf(db, from);
  for (const { hour, ...gains } of gainsByHour(parts, slotSeconds, withGrid)) {
    await addEarning(db, { holder: seller, microgrid: from, hour: BigInt(hour) }, gains.seller);
    await addEarning(db, { holder: buyer, microgrid: to, hour: BigInt(hour) }, gains.buyer);
  }
}

const addEarning = (
  db: Db,
  of: Pick<typeof earning.$inferSelect, "holder" | "microgrid" | "hour">,
  gains: Gains,
) =>
  db
    .insert(earning)
    .values({ ...of, ...gains })
    .onConflictDoUpdate((row) => addGains(row, gains));
