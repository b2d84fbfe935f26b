import type { Snapshot } from "@wattline/relay/chain";
import {
  asker,
  type Batch,
  batchesOf,
  blockOf,
  type EnergyBySlot,
  isClosedIn,
  isIslandedIn,
  LANES,
  laneOf,
  type Microgrid,
  marketplaceAbi,
  NO_RATION_WH,
  OFFER,
  type OpenLimit,
  type Order,
  type Pairing,
  type Pool,
  pairLimits,
  rationWhIn,
  readEnergyWh,
  type SlotRange,
  SOURCES,
  type Source,
  slotAt,
  sourceMask,
} from "@wattline/sdk";
import { type Address, isAddressEqual } from "viem";
import type { Config } from "./config.ts";
import type { Verified } from "./orders/verify.ts";

/** How long past slots are looked after: an order for older ones is left to its deadline. */
const PAST_SECONDS = 7 * 86_400;

/** When slots are cleared. */
export interface Timing {
  /** Seconds after a slot's end. */
  readonly waitSeconds: number;
  /** Seconds before a slot's start at which energy to come is shared out. */
  readonly forwardSeconds: number;
}

export const timingOf = ({ clear }: Pick<Config, "clear">): Timing => ({
  waitSeconds: clear.wait_minutes * 60,
  forwardSeconds: clear.forward_minutes * 60,
});

/**
 * The slots of a microgrid that are due at a time: of minted energy, and of energy to come.
 * @param isIsland While no chain is in reach energy is known by the block, as devices sign it: slots of one block are due together.
 */
export function dueSlots(
  { slotSeconds }: Pick<Microgrid, "slotSeconds">,
  nowSeconds: number,
  { waitSeconds, forwardSeconds }: Timing,
  isIsland = false,
): { readonly spot: SlotRange; readonly forward: SlotRange } {
  const at = (seconds: number): number => slotAt(nowSeconds + seconds, slotSeconds);
  return {
    spot: {
      firstSlot: at(-PAST_SECONDS),
      lastSlot: (isIsland ? blockOf(at(-waitSeconds)) * LANES : at(-waitSeconds)) - 1,
    },
    forward: { firstSlot: at(0) + 1, lastSlot: at(forwardSeconds) },
  };
}

/** The last slot that is due in any microgrid. */
export const lastDueSlot = ({ microgrids, nowSeconds }: Snapshot, timing: Timing): number =>
  [...microgrids.values()].reduce((last, microgrid) => {
    const { spot, forward } = dueSlots(microgrid, nowSeconds, timing);
    return Math.max(last, spot.lastSlot, forward.lastSlot);
  }, 0);

/** Pairings as batches for `settle`, each bounded in gas. */
export function batchesOfPairings(
  view: Snapshot,
  verified: readonly Verified[],
  pairings: readonly Pairing[],
): Batch[] {
  const wallets = new Set(
    verified.filter(({ facts }) => facts.signer?.by === "wallet").map(({ order }) => order.maker),
  );
  return batchesOf(pairings, {
    known: (number) => known(view, number),
    isWallet: (maker) => wallets.has(maker),
  });
}

/**
 * Who gets how much from whom in the due slots of all microgrids.
 * @param isIsland While no chain is in reach, critical loads come first and slots are due by the block.
 */
export async function pairingsOf(
  view: Snapshot,
  verified: readonly Verified[],
  timing: Timing,
  microgrids: readonly number[] | undefined,
  isIsland = false,
): Promise<Pairing[]> {
  const fillable = verified.filter(
    ({ judgement, leftAlone }) => judgement.state === "live" && leftAlone === undefined,
  );
  const pairings: Pairing[] = [];
  for (const [number, orders] of Map.groupBy(fillable, ({ order }) => order.microgrid)) {
    if (microgrids !== undefined && !microgrids.includes(number)) continue;
    const microgrid = known(view, number);
    const due = dueSlots(microgrid, view.nowSeconds, timing, isIsland);
    const [forwards, spots] = [true, false].map((isForward) =>
      orders.filter(({ order }) => order.forward === isForward),
    );
    pairings.push(...(await clear(view, microgrid, spots ?? [], due.spot, isIsland)));
    // A bid demands a bond: those that demand less take part where those that demand more are served.
    for (const level of bondLevels(forwards ?? [])) {
      pairings.push(...(await clear(view, microgrid, level, due.forward)));
    }
  }
  return pairings;
}

/**
 * Forwards by the bond that bids demand, the highest first: each level's bids meet the offers that pay such a bond. An offer that
 * is used up by one level is cut by the contract in the next.
 */
function bondLevels(orders: readonly Verified[]): Verified[][] {
  const bids = orders.filter(({ order }) => order.side !== OFFER);
  const offers = orders.filter(({ order }) => order.side === OFFER);
  const bonds = [...new Set(bids.map(({ order }) => order.bond))].sort((a, b) => (a > b ? -1 : 1));
  return bonds.map((bond) => [
    ...offers.filter(({ order }) => order.bond >= bond),
    ...bids.filter(({ order }) => order.bond === bond),
  ]);
}

async function clear(
  view: Snapshot,
  microgrid: Microgrid,
  orders: readonly Verified[],
  due: SlotRange,
  isIsland = false,
): Promise<Pairing[]> {
  const offers = orders.filter(({ order }) => order.side === OFFER);
  const bids = orders.filter(({ order }) => order.side !== OFFER);
  const slots = slotsOf(microgrid, offers, bids, due);
  const [firstSlot, lastSlot] = [slots[0], slots.at(-1)];
  if (firstSlot === undefined || lastSlot === undefined) return [];
  const pools = new Map<string, EnergyBySlot>();
  const range = { firstSlot, lastSlot };
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
            : await readEnergyWh(view, order, source, range),
        );
      }),
    ),
  );
  const poolOf = (order: Order, source: Source): Pool => {
    const key = poolKey(order, source);
    return { key, energyWh: pools.get(key) ?? new Map() };
  };
  return pairLimits({
    microgrid,
    slots,
    offers: offers.map(openOf),
    bids: await Promise.all(bids.map((bid) => openBid(view, microgrid, bid, slots))),
    moneyMillis: new Map(
      bids.map(({ order, facts }) => [order.maker.toLowerCase(), facts.account.balanceMillis]),
    ),
    poolOf,
    criticalFirst: isIsland,
  });
}

/** The due slots that an offer and a bid reach. */
function slotsOf(
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

/** Offers of one holder share its energy, forward offers of one meter what that can still promise. */
const poolKey = ({ maker, meter, forward }: Order, source: Source): string =>
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

const openOf = ({ order, signature, judgement }: Verified): OpenLimit => ({
  order,
  signature,
  leftWh: judgement.remainingWh,
});

/** A bid, with what its meter's ration leaves of islanded slots. */
async function openBid(
  view: Snapshot,
  microgrid: Microgrid,
  bid: Verified,
  slots: readonly number[],
): Promise<OpenLimit> {
  const open = openOf(bid);
  const { order, facts } = bid;
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

function known(view: Snapshot, number: number): Microgrid {
  const microgrid = view.microgrid(number);
  if (microgrid === undefined) throw new Error(`There is no microgrid ${number}.`);
  return microgrid;
}
