import { arrivingWh } from "@wattline/sdk";
import type { Lanes } from "./merit.ts";
import { least, type PlannedTrade, type RoundBalance, subtract } from "./roundBalance.ts";
import { ISLAND_RATION_WH } from "./tariffs.ts";

/** The deliveries of one household's forwards, one entry per slot. */
export interface Delivery {
  /** What its buyers get, each share rounded down. */
  readonly sharesWh: bigint[];
  /** What the meter keeps for its forwards; the rounding rest returns to the household once all are released. */
  readonly keptWh: bigint[];
  /** What the household has reserved from others. */
  readonly reservedWh: bigint[];
  /** What it gets of that. */
  readonly arrivedWh: bigint[];
}

/**
 * Each position gets a share of its slot: the part that the seller's meter delivered of its promises.
 * @returns A delivery for every household of `tally`.
 */
export function deliveriesOf(
  balance: RoundBalance,
  trades: readonly PlannedTrade[],
  metered: readonly RoundBalance[],
): Delivery[] {
  const shares = trades.map((trade) => ({ trade, shareWh: shareOf(trade, trades, metered) }));
  const { microgrid } = balance.community;
  return balance.offeredWh.map((exportedWh, home) => {
    const sales = shares.filter(
      ({ trade }) => trade.seller === home && isAt(trade.from, microgrid),
    );
    const purchases = shares.filter(
      ({ trade }) => trade.buyer === home && isAt(trade.to, microgrid),
    );
    const promisedWh = sumOf(
      sales.map(({ trade }) => trade.sentWh),
      exportedWh.length,
    );
    return {
      sharesWh: sumOf(
        sales.map(({ shareWh }) => shareWh),
        exportedWh.length,
      ),
      keptWh: promisedWh.map((wh, lane) => least(wh, exportedWh[lane] ?? 0n)),
      reservedWh: sumOf(
        purchases.map(({ trade }) => trade.sentWh),
        exportedWh.length,
      ),
      arrivedWh: sumOf(
        purchases.map(({ trade, shareWh }) => shareWh.map((wh) => arrivingWh(wh, trade.lossBps))),
        exportedWh.length,
      ),
    };
  });
}

/**
 * Deducts deliveries from a balance.
 * @param released Whether the forwards are released, so that sellers have the rounding rest back.
 * @returns What each household got but did not need.
 */
export function deliver(
  balance: RoundBalance,
  deliveries: readonly Delivery[],
  released: boolean,
): Lanes[] {
  return deliveries.map(({ sharesWh, keptWh, reservedWh, arrivedWh }, home) => {
    subtract(balance.offeredWh[home], released ? sharesWh : keptWh);
    const needed = balance.neededWh[home] ?? [];
    subtract(needed, arrivedWh);
    const surplusWh = needed.map((wh) => (wh < 0n ? -wh : 0n));
    // An ordinary home's ration counts its reservations, delivered or not.
    const rationed = balance.islanded && balance.community.households[home]?.critical === false;
    needed.forEach((wh, lane) => {
      const most = rationed ? ISLAND_RATION_WH - (reservedWh[lane] ?? 0n) : wh;
      needed[lane] = wh < 0n || most < 0n ? 0n : least(wh, most);
    });
    return surplusWh;
  });
}

function shareOf(
  trade: PlannedTrade,
  trades: readonly PlannedTrade[],
  metered: readonly RoundBalance[],
): bigint[] {
  const { microgrid } = trade.from.community;
  const exportedWh =
    metered.find((balance) => isAt(balance, microgrid))?.offeredWh[trade.seller] ?? [];
  const promisedWh = sumOf(
    trades
      .filter(({ from, seller }) => seller === trade.seller && isAt(from, microgrid))
      .map(({ sentWh }) => sentWh),
    trade.sentWh.length,
  );
  return trade.sentWh.map((wh, lane) => {
    const promised = promisedWh[lane] ?? 0n;
    return promised === 0n ? 0n : (wh * least(promised, exportedWh[lane] ?? 0n)) / promised;
  });
}

const isAt = ({ community }: RoundBalance, microgrid: number): boolean =>
  community.microgrid === microgrid;

const sumOf = (lists: readonly Lanes[], lanes: number): bigint[] =>
  Array.from({ length: lanes }, (_, lane) =>
    lists.reduce((sum, list) => sum + (list[lane] ?? 0n), 0n),
  );
