import {
  clockSecondsOf,
  costMillis,
  type EnergyBySlot,
  isIslandedIn,
  levelFor,
  type Purchase,
  planPurchase,
  type SlotRange,
  slotStart,
  slotsIn,
  type Wish,
} from "@wattline/sdk";
import {
  meanLoadWatts,
  type OwnUse,
  ownLoadWatts,
  soonestNeed,
  spreadNeed,
  standardLoadWatts,
} from "@wattline/sdk/need";
import { useMemo } from "react";
import { type Address, isAddressEqual } from "viem";
import { useConnection } from "wagmi";
import { localZone } from "../browser/index.ts";
import { useIslandBuyer } from "./island.ts";
import type { MarketSearch, Way } from "./search.ts";
import type { Market } from "./useMarket.ts";
import { type Part, partOf, windowOf } from "./window.ts";

/** More than any window holds. */
const EVERYTHING_WH = 1n << 62n;
/** The energy in the form at first. */
const USUAL_WH = 3_000n;

/** The values of the form, and the purchase that they give. */
export interface PurchaseView {
  readonly part: Part;
  readonly window: SlotRange;
  /** How the need is spread over the window. */
  readonly way: Way;
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

/**
 * The purchase that the form describes.
 * @param own How the buyer uses energy; undefined when that is not known.
 */
export function usePurchase(
  market: Market,
  search: MarketSearch,
  own: OwnUse | undefined,
): PurchaseView {
  const { address } = useConnection();
  const { microgrid, asks, day, currentSlot } = market;
  const { first, last, how, wh } = search;
  const way = how ?? usualWay(own);
  const part = useMemo(() => partOf(market, { first }), [market, first]);
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
    return (energyWh: bigint, { mostPerKwh = retailIn, mostWh }: Bounds = {}) =>
      planPurchase(others, { window, energyWh, mostPerKwh, ...(mostWh && { mostWh }) }, buyer);
  }, [asks, address, microgrid, island, currentSlot, day.slotSeconds, window]);

  const available = useMemo(() => buy(EVERYTHING_WH), [buy]);
  const mostWh = available.totalWh;
  const energyWh =
    wh === undefined ? (mostWh > 0n && mostWh < USUAL_WH ? mostWh : USUAL_WH) : BigInt(wh);
  const plan = useMemo(() => {
    const curve = curveOf(way, energyWh, available.arrivedWh, microgrid.slotSeconds, own);
    const found = buy(energyWh, curve && { mostWh: (slot) => curve.get(slot) ?? 0n });
    return found.totalWh === 0n ? undefined : found;
  }, [buy, way, energyWh, available, microgrid.slotSeconds, own]);
  const isDearer = useMemo(
    () => plan === undefined && buy(1n, { mostPerKwh: () => undefined }).totalWh > 0n,
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
    part,
    window,
    way,
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

/** What bounds a purchase besides the offers: prices and energy by slot. */
type Bounds = Pick<Wish, "mostPerKwh" | "mostWh">;

/** How a need is spread unless somebody chooses: as the buyer uses energy, as far as that is known. */
const usualWay = (own: OwnUse | undefined): Way => (own === undefined ? "standard" : "own");

/** How much of a need is covered in which slot; undefined when only the price decides. */
function curveOf(
  way: Way,
  energyWh: bigint,
  availableWh: EnergyBySlot,
  slotSeconds: number,
  own: OwnUse | undefined,
): EnergyBySlot | undefined {
  if (way === "cheapest") return undefined;
  if (way === "soonest") return soonestNeed(energyWh, availableWh);
  const wattsAt = (clockSeconds: number): number =>
    way === "own" && own !== undefined
      ? ownLoadWatts(own, clockSeconds)
      : standardLoadWatts(clockSeconds);
  return spreadNeed(energyWh, availableWh, (slot) => {
    const clockSeconds = clockSecondsOf(slotStart(slot, slotSeconds), localZone());
    return meanLoadWatts(wattsAt, clockSeconds, slotSeconds);
  });
}

/** Until it is known what the buyer may have of an islanded slot, nothing of it is planned. */
const nothingIn = (isIslanded: boolean): bigint | undefined => (isIslanded ? 0n : undefined);
