import { arrivingWh } from "@wattline/sdk";
import type { Lanes } from "./merit.ts";
import { type Deal, least, subtract, type Tally } from "./tally.ts";
import { ISLAND_RATION_WH } from "./tariffs.ts";

/** What meters have made of the forwards of one household, one entry per slot. */
export interface Delivery {
  /** What buyers get of the household, each share rounded down. */
  readonly sharesWh: bigint[];
  /** What the meter keeps for its forwards; what rounding leaves of it is the household's once all are released. */
  readonly keptWh: bigint[];
  /** What the household has reserved of others. */
  readonly reservedWh: bigint[];
  /** What it gets of it. */
  readonly arrivedWh: bigint[];
}

/**
 * Each position gets the share of its slot that the seller's meter delivered of all that it had promised.
 * @returns A delivery for every household of `tally`.
 */
export function deliveriesOf(
  tally: Tally,
  deals: readonly Deal[],
  metered: readonly Tally[],
): Delivery[] {
  const shares = deals.map((deal) => ({ deal, shareWh: shareOf(deal, deals, metered) }));
  const { microgrid } = tally.community;
  return tally.offeredWh.map((exportedWh, home) => {
    const sales = shares.filter(({ deal }) => deal.seller === home && isAt(deal.from, microgrid));
    const purchases = shares.filter(({ deal }) => deal.buyer === home && isAt(deal.to, microgrid));
    const promisedWh = sumOf(
      sales.map(({ deal }) => deal.sentWh),
      exportedWh.length,
    );
    return {
      sharesWh: sumOf(
        sales.map(({ shareWh }) => shareWh),
        exportedWh.length,
      ),
      keptWh: promisedWh.map((wh, lane) => least(wh, exportedWh[lane] ?? 0n)),
      reservedWh: sumOf(
        purchases.map(({ deal }) => deal.sentWh),
        exportedWh.length,
      ),
      arrivedWh: sumOf(
        purchases.map(({ deal, shareWh }) => shareWh.map((wh) => arrivingWh(wh, deal.lossBps))),
        exportedWh.length,
      ),
    };
  });
}

/**
 * Takes deliveries off a tally.
 * @param released Whether the forwards are released, so that what rounding left is back with the sellers.
 * @returns What each household got and did not need.
 */
export function deliver(tally: Tally, deliveries: readonly Delivery[], released: boolean): Lanes[] {
  return deliveries.map(({ sharesWh, keptWh, reservedWh, arrivedWh }, home) => {
    subtract(tally.offeredWh[home], released ? sharesWh : keptWh);
    const needed = tally.neededWh[home] ?? [];
    subtract(needed, arrivedWh);
    const surplusWh = needed.map((wh) => (wh < 0n ? -wh : 0n));
    // An ordinary home's ration counts what it reserved, delivered or not.
    const rationed = tally.islanded && tally.community.households[home]?.critical === false;
    needed.forEach((wh, lane) => {
      const most = rationed ? ISLAND_RATION_WH - (reservedWh[lane] ?? 0n) : wh;
      needed[lane] = wh < 0n || most < 0n ? 0n : least(wh, most);
    });
    return surplusWh;
  });
}

function shareOf(deal: Deal, deals: readonly Deal[], metered: readonly Tally[]): bigint[] {
  const { microgrid } = deal.from.community;
  const exportedWh = metered.find((tally) => isAt(tally, microgrid))?.offeredWh[deal.seller] ?? [];
  const promisedWh = sumOf(
    deals
      .filter(({ from, seller }) => seller === deal.seller && isAt(from, microgrid))
      .map(({ sentWh }) => sentWh),
    deal.sentWh.length,
  );
  return deal.sentWh.map((wh, lane) => {
    const promised = promisedWh[lane] ?? 0n;
    return promised === 0n ? 0n : (wh * least(promised, exportedWh[lane] ?? 0n)) / promised;
  });
}

const isAt = ({ community }: Tally, microgrid: number): boolean =>
  community.microgrid === microgrid;

const sumOf = (lists: readonly Lanes[], lanes: number): bigint[] =>
  Array.from({ length: lanes }, (_, lane) =>
    lists.reduce((sum, list) => sum + (list[lane] ?? 0n), 0n),
  );
