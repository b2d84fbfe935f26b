import { arrivedOf, shareWh } from "@wattline/sdk";
import type { Lanes } from "./merit.ts";
import { least, type PlannedTrade, type RoundBalance, subtract } from "./roundBalance.ts";
import { ISLAND_RATION_WH } from "./tariffs.ts";

/** The deliveries of one household's forwards, one entry per slot. */
export interface Delivery {
  /** What its meter keeps for its buyers. */
  readonly keptWh: bigint[];
  /** What the household has reserved from others. */
  readonly reservedWh: bigint[];
  /** What it gets of that. */
  readonly arrivedWh: bigint[];
}

/**
 * What was promised first is served first, slot by slot.
 * @param trades In the order of their reservations.
 * @returns A delivery for every household of `tally`.
 */
export function deliveriesOf(
  balance: RoundBalance,
  trades: readonly PlannedTrade[],
  metered: readonly RoundBalance[],
): Delivery[] {
  const shares = trades.map((trade, index) => ({
    trade,
    sharesWh: sharesOf(trade, trades.slice(0, index), metered),
  }));
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
      keptWh: promisedWh.map((wh, lane) => least(wh, exportedWh[lane] ?? 0n)),
      reservedWh: sumOf(
        purchases.map(({ trade }) => trade.sentWh),
        exportedWh.length,
      ),
      arrivedWh: sumOf(
        purchases.map(({ trade: { lossBps }, sharesWh }) =>
          sharesWh.map((wh) => arrivedOf(wh, { lossBps, flowWh: 0n })),
        ),
        exportedWh.length,
      ),
    };
  });
}

/**
 * Deducts deliveries from a balance.
 * @returns What each household got but did not need.
 */
export function deliver(balance: RoundBalance, deliveries: readonly Delivery[]): Lanes[] {
  return deliveries.map(({ keptWh, reservedWh, arrivedWh }, home) => {
    subtract(balance.offeredWh[home], keptWh);
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

function sharesOf(
  trade: PlannedTrade,
  earlier: readonly PlannedTrade[],
  metered: readonly RoundBalance[],
): bigint[] {
  const { microgrid } = trade.from.community;
  const exportedWh =
    metered.find((balance) => isAt(balance, microgrid))?.offeredWh[trade.seller] ?? [];
  const aheadWh = sumOf(
    earlier
      .filter(({ from, seller }) => seller === trade.seller && isAt(from, microgrid))
      .map(({ sentWh }) => sentWh),
    trade.sentWh.length,
  );
  return trade.sentWh.map((wh, lane) => shareWh(wh, aheadWh[lane] ?? 0n, exportedWh[lane] ?? 0n));
}

const isAt = ({ community }: RoundBalance, microgrid: number): boolean =>
  community.microgrid === microgrid;

const sumOf = (lists: readonly Lanes[], lanes: number): bigint[] =>
  Array.from({ length: lanes }, (_, lane) =>
    lists.reduce((sum, list) => sum + (list[lane] ?? 0n), 0n),
  );
