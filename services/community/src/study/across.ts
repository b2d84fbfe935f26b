import { clearAcross, LANE_MAX_WH, type LimitOrder, type LineSlot } from "@wattline/sdk";
import type { HomeTrades, StudiedHome, StudyLevel, StudyTerms } from "@wattline/sdk/study";
import type { Round } from "../simulation/rounds.ts";
import { isWorthTrading } from "../simulation/tariffs.ts";
import type { TieLine } from "../simulation/tieLine.ts";

/** One end of a tie line: homes, and what they have traded so far, which grows. */
export interface End {
  readonly homes: readonly StudiedHome[];
  readonly trades: readonly GrowingTrades[];
}

/** What a home trades, in lists that grow. */
export type GrowingTrades = { readonly [Member in keyof HomeTrades]: bigint[] };

/**
 * Trades over a tie line what is left at one end and lacked at the other, as the sdk shares it out: round by round as a settler does,
 * first from here to there, then back.
 */
export function tradeAcross(
  here: End,
  there: End,
  line: TieLine,
  terms: StudyTerms,
  rounds: readonly Pick<Round, "slots">[],
): void {
  for (const { slots } of rounds) {
    sendOver(here, there, line, terms, slots);
    sendOver(there, here, line, terms, slots);
  }
}

/** @param slots With one retail tariff. */
function sendOver(
  from: End,
  to: End,
  line: TieLine,
  { firstSlot, levelOf }: StudyTerms,
  slots: readonly number[],
): void {
  const level = levelOf(slots[0] ?? firstSlot);
  const { feedInPerKwh, retailPerKwh } = level;
  if (!isWorthTrading(retailPerKwh, level)) return;
  const offers = limitsOf(from, "offer", feedInPerKwh, slots, firstSlot);
  const bids = limitsOf(to, "bid", retailPerKwh, slots, firstSlot);
  if (offers.length === 0 || bids.length === 0) return;
  const matches = clearAcross({
    orders: [...offers, ...bids].map(({ order }) => order),
    crossing: line,
    slots: slots.map((slot) => lineSlotOf(line, levelOf(slot), slot)),
    flowWh: new Map(),
  });
  for (const { offer, bid, slots: traded } of matches) {
    const [sale, purchase] = [offers[offer]?.trades, bids[bid - offers.length]?.trades];
    if (sale === undefined || purchase === undefined) continue;
    for (const { slot, sentWh, arrivedWh, costMillis, chargeMillis } of traded) {
      const index = slot - firstSlot;
      add(sale.soldWh, index, sentWh);
      add(sale.receivedMillis, index, costMillis - chargeMillis);
      add(purchase.boughtWh, index, arrivedWh);
      add(purchase.paidMillis, index, costMillis);
    }
  }
}

/** The limits of homes that have energy left or lack it, as an account signs them on chain. */
function limitsOf(
  { homes, trades }: End,
  side: LimitOrder["side"],
  pricePerKwh: bigint,
  slots: readonly number[],
  start: number,
): { readonly order: LimitOrder; readonly trades: GrowingTrades }[] {
  const [metered, traded] =
    side === "offer" ? (["exportedWh", "soldWh"] as const) : (["importedWh", "boughtWh"] as const);
  const [firstSlot, lastSlot] = [slots[0] ?? start, slots.at(-1) ?? start];
  return homes.flatMap((home, index) => {
    const own = trades[index];
    const mostWh = new Map<number, bigint>();
    for (const slot of slots) {
      const leftWh = (home[metered][slot - start] ?? 0n) - (own?.[traded][slot - start] ?? 0n);
      if (leftWh > 0n) mostWh.set(slot, leftWh);
    }
    if (own === undefined || mostWh.size === 0) return [];
    const terms = { side, pricePerKwh, firstSlot, lastSlot, mostWh, leftWh: LANE_MAX_WH };
    const order: LimitOrder = { maker: home.name, nonce: 0n, sources: ["Solar"], ...terms };
    return [{ order, trades: own }];
  });
}

const lineSlotOf = (
  { wheelingPerKwh: chargePerKwh, lossBps, capacityWh: roomWh }: TieLine,
  { pricePerKwh }: StudyLevel,
  slot: number,
): LineSlot => ({
  slot,
  prices: {
    ...{ sellersPerKwh: pricePerKwh, buyersPerKwh: pricePerKwh, chargePerKwh, lossBps },
    capPerKwh: undefined,
  },
  roomWh,
});

function add(values: bigint[], index: number, value: bigint): void {
  values[index] = (values[index] ?? 0n) + value;
}
