import { earning, microgrid, slotPrice, trade } from "ponder:schema";
import { ceilDiv, type EnergyBySlot, packProfile, type Source } from "@wattline/sdk";
import type { Hex } from "viem";
import { split, sumOf, totalWh } from "./energy.ts";
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

/** What a deal comes to in one slot. */
interface Part {
  readonly slot: number;
  readonly sentWh: bigint;
  readonly arrivedWh: bigint;
  readonly paid: bigint;
  readonly received: bigint;
  readonly feedInValue: bigint;
  readonly retailCost: bigint;
  readonly bond: bigint;
}

/** Books a trade: the history, the prices of its slots, and what it brought to both sides. */
export async function bookTrade(db: Db, occasion: Occasion, deal: Deal): Promise<void> {
  const { kind, seller, buyer, source, from, to, cost, charge, sentWh, arrivedWh } = deal;
  const { reservedWh, bond = 0n, refund = 0n } = deal;
  const withGrid = await isWithGrid(db, [from, to], [seller, buyer]);
  const slots = [...(reservedWh ?? sentWh).keys()].sort((a, b) => a - b);
  const feedIn = (await gridPricesIn(db, from, slots)).map((prices) => prices.feedIn);
  const retail = (await gridPricesIn(db, to, slots)).map((prices) => prices.retail);
  const sent = slots.map((slot) => sentWh.get(slot) ?? 0n);
  const arrived = slots.map((slot) => arrivedWh.get(slot) ?? 0n);
  const worth = sent.map((wh, index) => wh * (feedIn[index] ?? 0n));
  const due = arrived.map((wh, index) => wh * (retail[index] ?? 0n));
  const feedInValue = sumOf(worth) / 1000n;
  const retailCost = ceilDiv(sumOf(due), 1000n);
  const forfeited = kind === "release" ? bond : 0n;
  const [sentTotal, arrivedTotal] = [totalWh(sentWh), totalWh(arrivedWh)];
  const pricePerKwh = priceOf(cost, arrivedTotal);

  const { firstBlock, words } = packProfile(new Map(slots.map((slot, i) => [slot, sent[i] ?? 0n])));
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

  const value = arrived.map((wh, index) => wh * (deal.prices?.get(slots[index] ?? 0) ?? 1n));
  const [paid, received] = [split(cost, value), split(cost - charge, value)];
  const [worths, dues] = [split(feedInValue, worth), split(retailCost, due)];
  const bonds = split(
    forfeited,
    slots.map((slot, index) => (reservedWh?.get(slot) ?? 0n) - (sent[index] ?? 0n)),
  );
  const parts = slots.map((slot, index) => ({
    slot,
    sentWh: sent[index] ?? 0n,
    arrivedWh: arrived[index] ?? 0n,
    paid: paid[index] ?? 0n,
    received: received[index] ?? 0n,
    feedInValue: worths[index] ?? 0n,
    retailCost: dues[index] ?? 0n,
    bond: bonds[index] ?? 0n,
  }));
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
  parts: readonly Part[],
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

const SECONDS_PER_HOUR = 3600;

async function bookEarnings(
  db: Db,
  { from, to, seller, buyer }: Deal,
  parts: readonly Part[],
  withGrid: boolean,
): Promise<void> {
  const { slotSeconds } = await microgridOf(db, from);
  const hours = Map.groupBy(parts, ({ slot }) =>
    Math.floor((slot * slotSeconds) / SECONDS_PER_HOUR),
  );
  for (const [hour, within] of hours) {
    const sum = (member: Exclude<keyof Part, "slot">) => sumOf(within.map((part) => part[member]));
    const start = BigInt(hour * SECONDS_PER_HOUR);
    await addEarning(db, seller, from, start, {
      soldWh: sum("sentWh"),
      toGridWh: withGrid ? sum("sentWh") : 0n,
      received: sum("received"),
      feedInValue: sum("feedInValue"),
      earned: sum("received") - sum("feedInValue") - sum("bond"),
      bondPaid: sum("bond"),
    });
    await addEarning(db, buyer, to, start, {
      boughtWh: sum("arrivedWh"),
      paid: sum("paid"),
      retailCost: sum("retailCost"),
      saved: sum("retailCost") - sum("paid") + sum("bond"),
      bondReceived: sum("bond"),
    });
  }
}

type Gains = Omit<typeof earning.$inferSelect, "holder" | "microgrid" | "hour">;

async function addEarning(
  db: Db,
  holder: Hex,
  microgrid: number,
  hour: bigint,
  gains: Partial<Gains>,
): Promise<void> {
  const added: Gains = {
    soldWh: 0n,
    toGridWh: 0n,
    received: 0n,
    feedInValue: 0n,
    earned: 0n,
    boughtWh: 0n,
    paid: 0n,
    retailCost: 0n,
    saved: 0n,
    bondPaid: 0n,
    bondReceived: 0n,
    ...gains,
  };
  await db
    .insert(earning)
    .values({ holder, microgrid, hour, ...added })
    .onConflictDoUpdate((row) => ({
      soldWh: row.soldWh + added.soldWh,
      toGridWh: row.toGridWh + added.toGridWh,
      received: row.received + added.received,
      feedInValue: row.feedInValue + added.feedInValue,
      earned: row.earned + added.earned,
      boughtWh: row.boughtWh + added.boughtWh,
      paid: row.paid + added.paid,
      retailCost: row.retailCost + added.retailCost,
      saved: row.saved + added.saved,
      bondPaid: row.bondPaid + added.bondPaid,
      bondReceived: row.bondReceived + added.bondReceived,
    }));
}
