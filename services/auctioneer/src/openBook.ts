import type { Snapshot } from "@wattline/relay/chain";
import {
  asker,
  blockOf,
  type EnergyBySlot,
  isClosedIn,
  isIslandedIn,
  LANES,
  laneOf,
  type Microgrid,
  marketplaceAbi,
  NO_RATION_WH,
  type OpenBook,
  type OpenLimit,
  type Order,
  rationWhIn,
  readEnergyWh,
  type SlotRange,
  SOURCES,
  type Source,
  sourceMask,
} from "@wattline/sdk";
import { type Address, isAddressEqual } from "viem";
import type { Verified } from "./orders/verify.ts";

/** The due slots that an offer and a bid reach, and in which a microgrid trades. */
export function slotsOf(
  microgrid: Microgrid,
  offers: readonly Verified[],
  bids: readonly Verified[],
  { firstSlot, lastSlot }: SlotRange,
): number[] {
  const reachedBy = (orders: readonly Verified[]): Set<number> => {
    const slots = new Set<number>();
    for (const { order } of orders) {
      const last = Math.min(order.lastSlot, lastSlot);
      for (let slot = Math.max(order.firstSlot, firstSlot); slot <= last; slot++) slots.add(slot);
    }
    return slots;
  };
  const wanted = reachedBy(bids);
  return [...reachedBy(offers)]
    .filter((slot) => wanted.has(slot) && !isClosedIn(microgrid, slot))
    .sort((a, b) => a - b);
}

/** Reads what covers offers, source by source: of minted energy what their makers hold. */
export async function poolsOf(
  view: Snapshot,
  microgrid: Microgrid,
  offers: readonly Verified[],
  slots: readonly number[],
): Promise<OpenBook["poolOf"]> {
  const [firstSlot = 0, lastSlot = 0] = [slots[0], slots.at(-1)];
  const pools = new Map<string, EnergyBySlot>();
  await Promise.all(
    offers.flatMap(({ order, facts }) =>
      SOURCES.filter((source) => (order.sources & sourceMask(source)) !== 0).map(async (source) => {
        const key = poolKey(order, source);
        if (pools.has(key)) return;
        pools.set(key, new Map());
        pools.set(
          key,
          order.forward
            ? promisable(facts, source, slots, microgrid)
            : await readEnergyWh(view, order, source, { firstSlot, lastSlot }),
        );
      }),
    ),
  );
  return (order, source) => {
    const key = poolKey(order, source);
    return { key, energyWh: pools.get(key) ?? new Map() };
  };
}

/** What bids' makers have, in thousandths. */
export const moneyOf = (bids: readonly Verified[]): Map<string, bigint> =>
  new Map(bids.map(({ order, facts }) => [order.maker.toLowerCase(), facts.account.balanceMillis]));

/** Offers of one holder share its energy, forward offers of one meter what that can still promise. */
export const poolKey = ({ maker, meter, forward }: Order, source: Source): string =>
  forward ? `${meter}` : `${maker} ${source}`;

/** What a meter can still promise of its own source. */
function promisable(
  { meter, promisedWh }: Verified["facts"],
  source: Source,
  slots: readonly number[],
  { slotSeconds }: Microgrid,
): EnergyBySlot {
  if (meter === undefined || meter.source !== source) return new Map();
  const mostWh = (BigInt(meter.capacityW) * BigInt(slotSeconds)) / 3600n;
  return new Map(slots.map((slot) => [slot, mostWh - (promisedWh.get(slot) ?? 0n)]));
}

/** A bid, with what its meter's ration leaves of islanded slots. */
export async function rationed(
  view: Snapshot,
  microgrid: Microgrid,
  open: OpenLimit,
  { order, facts }: Verified,
  slots: readonly number[],
): Promise<OpenLimit> {
  const isOwn =
    facts.meter?.active === true &&
    facts.meter.microgrid === order.microgrid &&
    isAddressEqual(facts.meter.owner, order.maker);
  if (isOwn && facts.meter?.critical === true) return { ...open, critical: true };
  if (!slots.some((slot) => isIslandedIn(microgrid, slot))) return open;
  const used = isOwn ? await rationedWh(view, order.meter, slots) : new Map<number, bigint>();
  const mostWh = new Map(
    slots.map((slot) => {
      if (!isIslandedIn(microgrid, slot)) return [slot, open.leftWh];
      if (!isOwn) return [slot, 0n];
      const left = (rationWhIn(microgrid, slot) ?? NO_RATION_WH) - (used.get(slot) ?? 0n);
      return [slot, left > 0n ? left : 0n];
    }),
  );
  return { ...open, mostWh };
}

/** What a meter has bought of islanded slots. */
async function rationedWh(
  view: Snapshot,
  meter: Address,
  slots: readonly number[],
): Promise<Map<number, bigint>> {
  const ask = asker(view, view.deployment.marketplace, marketplaceAbi);
  const blocks = [...new Set(slots.map(blockOf))];
  const words = new Map(
    await Promise.all(
      blocks.map(async (block) => [block, await ask("rationedOf", [meter, block])] as const),
    ),
  );
  return new Map(slots.map((slot) => [slot, laneOf(words.get(blockOf(slot)) ?? 0n, slot % LANES)]));
}
