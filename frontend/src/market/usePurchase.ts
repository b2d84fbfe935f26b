import {
  type Purchase,
  planPurchase,
  savedAgainstRetail,
  slotEnd,
  slotsIn,
  tariffInForce,
} from "@wattline/sdk";
import { useMemo } from "react";
import { isAddressEqual } from "viem";
import { useConnection } from "wagmi";
import { modeOf } from "../chain/index.ts";
import type { MarketAsk } from "./asks.ts";
import { type IslandBuyer, useIslandBuyer } from "./island.ts";
import type { MarketSearch } from "./search.ts";
import { useTariffHistory } from "./useDayPrices.ts";
import type { Market } from "./useMarket.ts";

/** More than any window holds. */
const EVERYTHING_WH = 1n << 62n;
/** What is asked for until somebody says otherwise. */
const USUAL_WH = 3_000n;

/** What the form asks for, and what that comes to. */
export interface PurchaseView {
  readonly window: { readonly firstSlot: number; readonly lastSlot: number };
  readonly energyWh: bigint;
  /** Undefined while nothing of the window can be bought. */
  readonly plan: Purchase | undefined;
  /** Wh that the window holds for this buyer, for no more than the grid charges. */
  readonly mostWh: bigint;
  /** Wh that the window holds at prices above that. */
  readonly dearerWh: bigint;
  /** What the retail tariff would have charged for what the plan brings, base units. */
  readonly retailCost: bigint;
  readonly saved: bigint;
  /** Whose load the purchase feeds; only while islanded. Null when the buyer has none there. */
  readonly island: IslandBuyer | null | undefined;
}

/** The window that the URL names, as far as it lies in the day; else the whole day. */
export function windowOf({ day: { slots } }: Market, { first, last }: MarketSearch) {
  const within = (slot: number | undefined, otherwise: number) =>
    slot !== undefined && slot >= slots.firstSlot && slot <= slots.lastSlot ? slot : otherwise;
  const firstSlot = within(first, slots.firstSlot);
  return { firstSlot, lastSlot: Math.max(firstSlot, within(last, slots.lastSlot)) };
}

/** What to buy of the market for what the form asks. */
export function usePurchase(market: Market, search: MarketSearch): PurchaseView {
  const { address: buyer } = useConnection();
  const { microgrid, asks, day } = market;
  const mode = modeOf(microgrid);
  const { first, last, wh } = search;
  const window = useMemo(() => windowOf(market, { first, last }), [market, first, last]);
  const island = useIslandBuyer(microgrid, buyer, day.slots);
  const history = useTariffHistory(microgrid);

  const { retail, islandPriceCap } = microgrid.tariffs;
  const [cheap, dear] = useMemo(() => {
    const most = mode === "Islanded" ? islandPriceCap : retail;
    const others = asks.filter(
      ({ order }) => buyer === undefined || !isAddressEqual(order.maker, buyer),
    );
    return [
      others.filter(({ pricePerKwh }) => pricePerKwh <= most),
      others.filter(({ pricePerKwh }) => pricePerKwh > most),
    ];
  }, [asks, buyer, mode, retail, islandPriceCap]);

  const rationWh = island?.rationWh;
  const buy = useMemo(
    () => (among: readonly MarketAsk[], energyWh: bigint) =>
      planPurchase(among, { window, energyWh, ...(rationWh && { rationWh }) }),
    [window, rationWh],
  );
  const [mostWh, dearerWh] = useMemo(
    () => [buy(cheap, EVERYTHING_WH).totalWh, buy(dear, EVERYTHING_WH).totalWh],
    [buy, cheap, dear],
  );
  const energyWh =
    wh === undefined ? (mostWh > 0n && mostWh < USUAL_WH ? mostWh : USUAL_WH) : BigInt(wh);
  const plan = useMemo(() => {
    const found = buy(cheap, energyWh);
    return found.totalWh === 0n ? undefined : found;
  }, [buy, cheap, energyWh]);

  const retailCost = useMemo(() => {
    if (plan === undefined) return 0n;
    const slots = slotsIn(window);
    const boughtWh = slots.map((slot) => plan.arrivedWh.get(slot) ?? 0n);
    const prices = slots.map(
      (slot) => tariffInForce(history.data ?? [], slotEnd(slot, day.slotSeconds))?.retail ?? retail,
    );
    return savedAgainstRetail(0n, boughtWh, prices);
  }, [plan, window, history.data, day.slotSeconds, retail]);

  return {
    window,
    energyWh,
    plan,
    mostWh,
    dearerWh,
    retailCost,
    saved: retailCost - (plan?.cost ?? 0n),
    island,
  };
}
