import {
  costMillis,
  isIslandedIn,
  levelFor,
  type Purchase,
  planPurchase,
  slotStart,
  slotsIn,
} from "@wattline/sdk";
import { useMemo } from "react";
import { type Address, isAddressEqual } from "viem";
import { useConnection } from "wagmi";
import { useIslandBuyer } from "./island.ts";
import type { MarketSearch } from "./search.ts";
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
  /** Whether energy is offered in the window at higher prices only. */
  readonly isDearer: boolean;
  /** What the grid would charge for the planned energy. */
  readonly retailMillis: bigint;
  /** Whether some slots of the window are islanded: there is no grid to compare with then. */
  readonly isIslanded: boolean;
  /** The meter that islanded slots are bought for; undefined when the buyer has none there. */
  readonly meter: Address | undefined;
  /** Whether it is known yet what the buyer may buy. */
  readonly isReady: boolean;
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
  const { address } = useConnection();
  const { microgrid, asks, day, currentSlot } = market;
  const { first, last, wh } = search;
  const window = useMemo(() => windowOf(market, { first, last }), [market, first, last]);
  const island = useIslandBuyer(microgrid, address, day.slots);
  const isIslanded = useMemo(
    () => slotsIn(window).some((slot) => isIslandedIn(microgrid, slot)),
    [microgrid, window],
  );

  const buy = useMemo(() => {
    const others = asks.filter(
      ({ order }) => address === undefined || !isAddressEqual(order.maker, address),
    );
    const buyer = {
      microgrid,
      meter: island?.meter,
      rationLeftWh: (slot: number) =>
        island === undefined ? nothingIn(isIslandedIn(microgrid, slot)) : island.rationLeftWh(slot),
      nowSeconds: slotStart(currentSlot, day.slotSeconds),
    };
    // What the grid charges, where there is a grid.
    const retailIn = (slot: number) =>
      isIslandedIn(microgrid, slot) ? undefined : levelFor(microgrid, slot).retailPerKwh;
    return (energyWh: bigint, mostPerKwh: (slot: number) => bigint | undefined = retailIn) =>
      planPurchase(others, { window, energyWh, mostPerKwh }, buyer);
  }, [asks, address, microgrid, island, currentSlot, day.slotSeconds, window]);

  const mostWh = useMemo(() => buy(EVERYTHING_WH).totalWh, [buy]);
  const energyWh =
    wh === undefined ? (mostWh > 0n && mostWh < USUAL_WH ? mostWh : USUAL_WH) : BigInt(wh);
  const plan = useMemo(() => {
    const found = buy(energyWh);
    return found.totalWh === 0n ? undefined : found;
  }, [buy, energyWh]);
  const isDearer = useMemo(
    () => plan === undefined && buy(1n, () => undefined).totalWh > 0n,
    [plan, buy],
  );
  const retailMillis = useMemo(
    () =>
      [...(plan?.arrivedWh ?? [])].reduce(
        (sum, [slot, arrivedWh]) =>
          sum + costMillis(levelFor(microgrid, slot).retailPerKwh, arrivedWh),
        0n,
      ),
    [plan, microgrid],
  );

  return {
    window,
    energyWh,
    plan,
    mostWh,
    isDearer,
    retailMillis,
    isIslanded,
    meter: island?.meter,
    isReady: island !== undefined,
  };
}

/** Until it is known what the buyer may have of an islanded slot, nothing of it is planned. */
const nothingIn = (isIslanded: boolean): bigint | undefined => (isIslanded ? 0n : undefined);
