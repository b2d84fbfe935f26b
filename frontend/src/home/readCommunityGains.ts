import { connectIndexer } from "@wattline/indexer/client";
import {
  addGains,
  type Gains,
  gainsByHour,
  levelsOf,
  type Microgrid,
  NO_GAINS,
  partsOfTrade,
  tradesOf,
} from "@wattline/sdk";
import { type ChainContext, readActs, readCommunities } from "../chain/index.ts";

/** Sums over a community's neighbours; the grid's own are left out. */
export type CommunityGains = Pick<Gains, "boughtWh" | "earnedMillis" | "savedMillis">;

/** Trades of a day come in one page, or a few. */
const AT_ONCE = 1_000;

/** The gains of energy that arrived in a microgrid between two times (Unix seconds), from the indexer's trades. */
export async function gainsFromIndexer(
  indexerUrl: string,
  { microgrid, slotSeconds }: Microgrid,
  from: number,
  to: number,
  signal: AbortSignal,
): Promise<CommunityGains> {
  const indexer = connectIndexer(indexerUrl);
  const sum = { boughtWh: 0n, earnedMillis: 0n, savedMillis: 0n };
  let cursor: string | undefined;
  do {
    const page = await indexer.trades({
      microgrid,
      fromSlot: from / slotSeconds,
      toSlot: to / slotSeconds - 1,
      kinds: ["accept", "settle", "release"],
      withGrid: false,
      limit: AT_ONCE,
      cursor,
      signal,
    });
    for (const { toMicrogrid, arrivedWh, earnedMillis, savedMillis } of page.items) {
      if (toMicrogrid !== microgrid) continue;
      sum.boughtWh += arrivedWh;
      sum.earnedMillis += earnedMillis;
      sum.savedMillis += savedMillis;
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return sum;
}

/** The same from the chain's logs. */
export async function gainsFromChain(
  context: ChainContext,
  { microgrid }: Microgrid,
  from: number,
  to: number,
): Promise<CommunityGains> {
  const [acts, { microgrids }] = await Promise.all([readActs(context), readCommunities(context)]);
  const known = (number: number) => {
    const found = microgrids.find((one) => one.microgrid === number);
    if (found === undefined) throw new Error(`Microgrid ${number} was never founded.`);
    return found;
  };
  let sum = NO_GAINS;
  for (const trade of tradesOf(acts)) {
    if (trade.withGrid || trade.kind === "reserve" || trade.to !== microgrid) continue;
    const [source, here] = [known(trade.from), known(trade.to)];
    const parts = partsOfTrade(trade, levelsOf(source), levelsOf(here));
    for (const { hour, seller, buyer } of gainsByHour(parts, source.slotSeconds, false)) {
      if (hour >= from && hour < to) sum = addGains(addGains(sum, seller), buyer);
    }
  }
  return sum;
}
