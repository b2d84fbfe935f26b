import { earning, microgrid, slotPrice, trade as trades } from "ponder:schema";
import {
  addGains,
  type Gains,
  gainsByHour,
  isWithGrid,
  NOTHING_TRADED,
  packProfile,
  partsOfTrade,
  priceOf,
  pricesAfter,
  slotsOfTrade,
  type ToldTrade,
  type Trade,
  type TradePart,
} from "@wattline/sdk";
import type { Hex } from "viem";
import { levelsIn } from "./communities.ts";
import { dsosOf, microgridOf } from "./money.ts";
import type { Db, Occasion } from "./occasion.ts";

/** A trade, and the meters named by its orders or its taker. */
export interface NamedTrade extends Omit<Trade, "logIndex"> {
  readonly sellerMeter: Hex | null;
  readonly buyerMeter: Hex | null;
}

/** Records a trade: the history, its slots' prices, and both sides' earnings and savings. */
export async function recordTrade(db: Db, occasion: Occasion, named: NamedTrade): Promise<void> {
  const { logIndex } = occasion;
  const withGrid = isWithGrid(named, await dsosOf(db, [named.from, named.to]));
  const trade = { ...named, logIndex, withGrid };
  const { kind, seller, buyer, source, from, to, reservedWh } = trade;
  const { costMillis, chargeMillis, bondMillis, refundMillis, forfeitedMillis = 0n } = trade;
  const slots = slotsOfTrade(trade);
  const parts = partsOfTrade(trade, await levelsIn(db, from), await levelsIn(db, to));
  const feedInValueMillis = sumOf(parts.map((part) => part.feedInValueMillis));
  const retailCostMillis = sumOf(parts.map((part) => part.retailCostMillis));
  const sentTotal = sumOf(parts.map((part) => part.sentWh));
  const arrivedTotal = sumOf(parts.map((part) => part.arrivedWh));
  const pricePerKwh = priceOf(costMillis, arrivedTotal);

  const { firstBlock, words } = packProfile(new Map(parts.map((part) => [part.slot, part.sentWh])));
  await db.insert(trades).values({
    id: occasion.id,
    kind,
    seller,
    buyer,
    maker: trade.maker ?? null,
    taker: trade.taker ?? null,
    offerHash: trade.offerHash ?? null,
    bidHash: trade.bidHash ?? null,
    positionId: trade.positionId ?? null,
    sellerMeter: trade.sellerMeter,
    buyerMeter: trade.buyerMeter,
    source,
    fromMicrogrid: from,
    toMicrogrid: to,
    firstBlock,
    firstSlot: BigInt(slots[0] ?? 0),
    lastSlot: BigInt(slots.at(-1) ?? 0),
    words: [...words],
    sentWh: sentTotal,
    arrivedWh: arrivedTotal,
    reservedWh: reservedWh === undefined ? null : sumOf([...reservedWh.values()]),
    costMillis,
    chargeMillis,
    bondMillis,
    refundMillis,
    pricePerKwh,
    retailCostMillis,
    feedInValueMillis,
    savedMillis: retailCostMillis - costMillis + forfeitedMillis,
    earnedMillis: costMillis - chargeMillis - feedInValueMillis - forfeitedMillis,
    withGrid,
    time: occasion.time,
    blockNumber: occasion.blockNumber,
    txHash: occasion.txHash,
    logIndex,
    sequence: occasion.blockNumber * 1_000_000n + BigInt(logIndex),
    gasUsed: occasion.gasUsed,
  });

  await recordPrices(db, trade, parts);
  if (kind === "reserve") return;

  await recordEarnings(db, trade, parts);
  if (withGrid || arrivedTotal === 0n) return;
  await db.update(microgrid, { id: to }).set((row) => ({
    tradedWh: row.tradedWh + arrivedTotal,
    tradedCostMillis: row.tradedCostMillis + costMillis,
    trades: row.trades + 1,
  }));
}

async function recordPrices(db: Db, trade: ToldTrade, parts: readonly TradePart[]): Promise<void> {
  if (trade.kind === "release") return;
  for (const part of parts) {
    const key = { microgrid: trade.to, slot: BigInt(part.slot) };
    await db
      .insert(slotPrice)
      .values({
        ...key,
        ...NOTHING_TRADED,
        ...pricesAfter(NOTHING_TRADED, trade, part),
      })
      .onConflictDoUpdate((before) => pricesAfter(before, trade, part));
  }
}

async function recordEarnings(
  db: Db,
  { from, to, seller, buyer, withGrid }: ToldTrade,
  parts: readonly TradePart[],
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

const sumOf = (amounts: readonly bigint[]): bigint => amounts.reduce((sum, each) => sum + each, 0n);
