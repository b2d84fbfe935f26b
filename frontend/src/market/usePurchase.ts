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
/** The energy in the form at first. */
const USUAL_WH = 3_000n;

/** The values of the form, and the purchase that they give. */
export interface PurchaseView {
  readonly window: { readonly firstSlot: number; readonly lastSlot: number };
  readonly energyWh: bigint;
  /** Undefined when nothing can be bought in the window. */
  readonly plan: Purchase | undefined;
  /** Wh that this buyer can buy in the window at no more than the grid charges. */
  readonly mostWh: bigint;
  /** Wh that are offered in the window at higher prices. */
  readonly dearerWh: bigint;
  /** The cost of the planned energy at the retail tariff, base units. */
  readonly retailCost: bigint;
  readonly saved: bigint;
  /** The meter that the purchase is for; only while islanded. Null when the buyer has none there. */
  readonly island: IslandBuyer | null | undefined;
}

/** The window in the URL, limited to the day; else the whole day. */
export function windowOf({ day: { slots } }: Market, { first, last }: MarketSearch) {
  const within = (slot: number | undefined, otherwise: number) =>
    slot !== undefined && slot >= slots.firstSlot && slot <= slots.lastSlot ? slot : otherwise;
  const firstSlot = within(first, slots.firstSlot);
  return { firstSlot, lastSlot: Math.max(firstSlot, within(last, slots.lastSlot)) };
}

/** The purchase that the form describes. */
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
