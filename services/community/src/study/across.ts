import { amountsOf, blockOf, dealPriceOf, LANES, landedPricePerKwh } from "@wattline/sdk";
import type { HomeTrades, StudiedHome, StudyTerms } from "@wattline/sdk/study";
import { matchByMerit } from "../simulation/merit.ts";
import { turnsIn } from "../simulation/roundBalance.ts";
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
 * Trades over a tie line what is left at one end and lacked at the other, as the simulation does: block by block, first from here to
 * there, then back; buyers choose in turn, another one first in each block. Two limits trade at the middle of both communities' prices
 * as seen at the line.
 */
export function tradeAcross(here: End, there: End, line: TieLine, terms: StudyTerms): void {
  const slots = here.homes[0]?.importedWh.length ?? 0;
  for (let from = 0; from < slots; ) {
    const block = blockOf(terms.firstSlot + from);
    const to = Math.min(slots, (block + 1) * LANES - terms.firstSlot);
    const lanes = Array.from({ length: to - from }, (_, lane) => from + lane);
    sendOver(here, there, line, terms, block, lanes);
    sendOver(there, here, line, terms, block, lanes);
    from = to;
  }
}

function sendOver(
  from: End,
  to: End,
  line: TieLine,
  { firstSlot, levelOf }: StudyTerms,
  block: number,
  slots: readonly number[],
): void {
  const levels = slots.map((slot) => levelOf(firstSlot + slot));
  const opens = levels.map((level) => {
    const landed = landedPricePerKwh(level.feedInPerKwh, line.wheelingPerKwh, line.lossBps);
    return isWorthTrading(level.retailPerKwh, level) && landed < level.retailPerKwh;
  });
  if (!opens.includes(true)) return;
  const leftIn = (
    { homes, trades }: End,
    counted: "importedWh" | "exportedWh",
    traded: "boughtWh" | "soldWh",
  ) =>
    homes.map((home, index) =>
      slots.map((slot, lane) =>
        opens[lane] ? (home[counted][slot] ?? 0n) - (trades[index]?.[traded][slot] ?? 0n) : 0n,
      ),
    );
  const offeredWh = leftIn(from, "exportedWh", "soldWh");
  const neededWh = leftIn(to, "importedWh", "boughtWh");
  const sellers = offeredWh.flatMap((lanes, home) => (lanes.some((wh) => wh > 0n) ? [home] : []));
  if (sellers.length === 0) return;
  const buyers = turnsIn(block, to.homes.length);
  for (const match of matchByMerit(offeredWh, neededWh, sellers, buyers, line)) {
    const [sale, purchase] = [from.trades[match.seller], to.trades[match.buyer]];
    if (sale === undefined || purchase === undefined) continue;
    for (const [lane, slot] of slots.entries()) {
      const [sentWh, arrivedWh] = [match.sentWh[lane] ?? 0n, match.arrivedWh[lane] ?? 0n];
      const level = levels[lane];
      if (sentWh === 0n || level === undefined) continue;
      const { costMillis, chargeMillis } = amounts(level, line, sentWh, arrivedWh);
      add(sale.soldWh, slot, sentWh);
      add(sale.receivedMillis, slot, costMillis - chargeMillis);
      add(purchase.boughtWh, slot, arrivedWh);
      add(purchase.paidMillis, slot, costMillis);
    }
  }
}

function amounts(
  { pricePerKwh, feedInPerKwh, retailPerKwh }: ReturnType<StudyTerms["levelOf"]>,
  { wheelingPerKwh, lossBps }: TieLine,
  sentWh: bigint,
  arrivedWh: bigint,
) {
  const prices = {
    sellersPerKwh: pricePerKwh,
    buyersPerKwh: pricePerKwh,
    chargePerKwh: wheelingPerKwh,
    capPerKwh: undefined,
    lossBps,
  };
  const offer = { kind: "limit", pricePerKwh: feedInPerKwh } as const;
  const bid = { kind: "limit", pricePerKwh: retailPerKwh } as const;
  const price = dealPriceOf(offer, bid, prices);
  if (price === undefined) throw new Error("Two limits have no price.");
  return amountsOf(price, prices, sentWh, arrivedWh);
}

function add(values: bigint[], index: number, value: bigint): void {
  values[index] = (values[index] ?? 0n) + value;
}
