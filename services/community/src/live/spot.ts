import {
  arrivingWh,
  type Demand,
  landedPricePerKwh,
  planBatches,
  type SIDES,
  type SignedOrder,
  type SlotRange,
  SOURCES,
  type Source,
  type Supply,
  sentForWh,
  slotEnd,
} from "@wattline/sdk";
import { isAddressEqual, zeroAddress } from "viem";
import { report } from "../simulation/community.ts";
import { askingPrice, biddingPrice } from "../simulation/dayBook.ts";
import { least } from "../simulation/tally.ts";
import type { Open } from "./book.ts";
import { expectedWh } from "./forward.ts";
import { holdingsOf, sumBySlot } from "./holdings.ts";
import { type Home, keepFunded, selfActing, type Town, type World } from "./town.ts";

/** Readings, offers and bids go by the hour, each home at a slot of its own. */
const SLOTS_PER_HOUR = 4;
/** How long energy waits for a neighbour before the grid gets it. */
const PATIENCE_SLOTS = 16;
const BID_OPEN_SECONDS = 4 * 3600;
/** How many offers a home takes of at most, one transaction each. */
const MOST_TAKES = 2;
const BOOK_PAGE = 200;

/** Whether an hour of this home ends with a slot. */
const hasTurn = (index: number, slot: number): boolean => (slot + index + 1) % SLOTS_PER_HOUR === 0;

const hourUntil = (lastSlot: number): SlotRange => ({
  firstSlot: lastSlot - SLOTS_PER_HOUR + 1,
  lastSlot,
});

/** Meters report their hour, and their owners offer what was minted of it. */
export async function reportAndOffer(world: World, town: Town, slot: number): Promise<void> {
  for (const [index, who] of town.community.households.entries()) {
    if (who.series.capacityW === 0 || !hasTurn(index, slot)) continue;
    const exportedWh = hourOf(world, slot, (each) => town.seasons.exportedWh(index, each));
    if (!isWorthReporting(town, index, exportedWh)) continue;
    if (world.byHand.has(who)) world.inbox.add(who, exportedWh);
    else {
      await world.complaints.attempt("reporting and offering", async () => {
        await report(world.stage.wattline, who, exportedWh);
        await offer(world, town, { who, index }, slot);
      });
    }
  }
}

/** A home signs an offer of what it holds of its hour. */
async function offer(world: World, town: Town, { who }: Home, slot: number): Promise<void> {
  const { trading, wattline } = world.stage;
  const { microgrid } = town.community;
  const held = await holdingsOf(wattline, who.address, microgrid, "Solar", hourUntil(slot));
  const slots = [...held.keys()];
  const [firstSlot, lastSlot] = [slots[0], slots.at(-1)];
  if (firstSlot === undefined || lastSlot === undefined) return;
  const { feedInPerKwh, retailPerKwh } = world.tariffs;
  const pricePerKwh = moodOf(slot, askingPrice(who.name, feedInPerKwh, retailPerKwh[0] ?? 0n));
  const terms = { firstSlot, lastSlot, pricePerKwh, energyWh: sumBySlot(held) };
  world.book.add(await trading.sign(town.community, who, "offer", terms));
}

/** Homes cover the hour before this one: every other one takes offers, the others sign bids. */
export async function buyOrBid(world: World, town: Town, slot: number): Promise<void> {
  for (const home of selfActing(world, town)) {
    if (!hasTurn(home.index, slot)) continue;
    const before = slot - SLOTS_PER_HOUR;
    const neededWh = hourOf(world, before, (each) => town.seasons.importedWh(home.index, each));
    for (const [each, wh] of neededWh) if (wh === 0n) neededWh.delete(each);
    if (neededWh.size === 0) continue;
    await world.complaints.attempt("buying", async () => {
      await keepFunded(world, home.who);
      if (home.index % 2 === 0) await buy(world, town, home, before, neededWh);
      else await bid(world, town, home, slot, neededWh);
    });
  }
}

async function bid(
  world: World,
  { community }: Town,
  { who }: Home,
  slot: number,
  neededWh: ReadonlyMap<number, bigint>,
): Promise<void> {
  const { feedInPerKwh, retailPerKwh } = world.tariffs;
  const retail = retailPerKwh[0] ?? 0n;
  const slots = [...neededWh.keys()];
  const signed = await world.stage.trading.sign(community, who, "bid", {
    firstSlot: slots[0] ?? 0,
    lastSlot: slots.at(-1) ?? 0,
    energyWh: sumBySlot(neededWh),
    pricePerKwh: who.critical ? retail : moodOf(slot, biddingPrice(who.name, feedInPerKwh, retail)),
    deadline: slotEnd(slot, community.series.slotSeconds) + BID_OPEN_SECONDS,
  });
  world.book.add(signed);
}

/** A home takes the cheapest offers, over the tie line too where that comes cheaper. */
async function buy(
  world: World,
  town: Town,
  { who }: Home,
  lastSlot: number,
  neededWh: Map<number, bigint>,
): Promise<void> {
  const { trading, wattline, line } = world.stage;
  const offers: { offer: Open; price: bigint; lossBps: bigint }[] = [];
  for (const { community } of world.towns) {
    const isHome = community === town.community;
    if (!isHome && line === undefined) continue;
    for (const offer of await spotOrders(
      world,
      community.microgrid,
      "offer",
      hourUntil(lastSlot),
    )) {
      if (!isFor(offer, who.address)) continue;
      const price =
        isHome || line === undefined
          ? offer.order.price
          : landedPricePerKwh(offer.order.price, line.wheelingPerKwh, line.lossBps);
      offers.push({ offer, price, lossBps: isHome ? 0n : (line?.lossBps ?? 0n) });
    }
  }
  offers.sort((a, b) => (a.price < b.price ? -1 : a.price > b.price ? 1 : 0));
  for (const { offer, lossBps } of offers.slice(0, MOST_TAKES)) {
    const { maker, microgrid } = offer.order;
    const held = await holdingsOf(wattline, maker, microgrid, sourceOf(offer), rangeOf(offer));
    let left = offer.left;
    const sentWh = new Map<number, bigint>();
    for (const [slot, wh] of neededWh) {
      const taken = least(least(sentForWh(wh, lossBps), held.get(slot) ?? 0n), left);
      if (taken === 0n) continue;
      sentWh.set(slot, taken);
      left -= taken;
    }
    if (sentWh.size === 0) continue;
    if (!(await trading.isAcceptable(town.community, who, offer, sentWh))) continue;
    await trading.accept(town.community, who, offer, sentWh);
    for (const [slot, wh] of sentWh) {
      neededWh.set(slot, (neededWh.get(slot) ?? 0n) - arrivingWh(wh, lossBps));
    }
  }
}

/** An auctioneer clears what the book holds of the last hours, at one price per slot. */
export async function clear(world: World, { community }: Town, slot: number): Promise<void> {
  const { stage, complaints } = world;
  const { microgrid } = community;
  const range = { firstSlot: slot - PATIENCE_SLOTS, lastSlot: slot };
  const offers = await spotOrders(world, microgrid, "offer", range);
  const bids = await spotOrders(world, microgrid, "bid", range);
  await complaints.attempt("clearing", async () => {
    const { networkFee } = await stage.wattline.meters.termsOf(microgrid);
    const supplies = await suppliesOf(world, offers, range);
    const demands = bids.map((open) => demandOf(open, range));
    for (const batch of planBatches(supplies, demands, { networkFee })) {
      stage.check();
      await stage.trading.settleBatch(stage.anyone, batch);
    }
  });
}

/** What nobody has taken for a while goes to the grid at the feed-in tariff. */
export async function sellToGrid(
  world: World,
  town: Town,
  slot: number,
  gridBid: SignedOrder | undefined,
): Promise<void> {
  if (gridBid === undefined) return;
  const { community } = town;
  const { trading, wattline } = world.stage;
  for (const { who, index } of selfActing(world, town)) {
    const range = hourUntil(slot - PATIENCE_SLOTS);
    if (!hasTurn(index, slot) || range.firstSlot < gridBid.order.firstSlot) continue;
    if (range.lastSlot > gridBid.order.lastSlot) continue;
    await world.complaints.attempt("selling to the grid", async () => {
      const held = await holdingsOf(wattline, who.address, community.microgrid, "Solar", range);
      // What a consumer holds it has bought to use.
      if (held.size > 0 && who.series.capacityW > 0) {
        await trading.accept(community, who, gridBid, held);
      }
    });
  }
}

const spotOrders = (
  { book }: World,
  microgrid: number,
  side: (typeof SIDES)[number],
  { firstSlot, lastSlot }: SlotRange,
): Promise<Open[]> =>
  book.open({
    microgrid,
    side,
    forward: false,
    fromSlot: firstSlot,
    toSlot: lastSlot,
    limit: BOOK_PAGE,
  });

/** What stands behind offers, each Wh behind one of them: the cheapest. */
async function suppliesOf(world: World, offers: readonly Open[], range: SlotRange) {
  const pools = new Map<string, Map<number, bigint>>();
  const supplies: Supply[] = [];
  for (const open of offers) {
    const { maker, microgrid } = open.order;
    const source = sourceOf(open);
    const key = `${maker} ${source}`;
    const pool =
      pools.get(key) ?? (await holdingsOf(world.stage.wattline, maker, microgrid, source, range));
    pools.set(key, pool);
    const energyWh = new Map<number, bigint>();
    let left = open.left;
    for (const [slot, wh] of pool) {
      if (slot < open.order.firstSlot || slot > open.order.lastSlot) continue;
      const taken = least(wh, left);
      if (taken === 0n) continue;
      energyWh.set(slot, taken);
      pool.set(slot, wh - taken);
      left -= taken;
    }
    if (energyWh.size > 0) supplies.push({ ...open, source, energyWh, leftWh: open.left });
  }
  return supplies;
}

/** A bid spread evenly over its slots, as its maker has said no more. */
function demandOf(open: Open, range: SlotRange): Demand {
  const { firstSlot, lastSlot } = rangeOf(open);
  const slots = BigInt(lastSlot - firstSlot + 1);
  const energyWh = new Map<number, bigint>();
  const [from, to] = [Math.max(firstSlot, range.firstSlot), Math.min(lastSlot, range.lastSlot)];
  for (let slot = from; slot <= to; slot++) energyWh.set(slot, (open.left + slots - 1n) / slots);
  return { ...open, energyWh, leftWh: open.left };
}

const rangeOf = ({ order }: SignedOrder): SlotRange => order;

/** The source that a taker asks for: solar energy where it is offered. */
const sourceOf = ({ order }: SignedOrder): Source =>
  (order.sources & 1) === 1
    ? "Solar"
    : (SOURCES.find((_, i) => (order.sources >> i) & 1) ?? "Grid");

const isFor = ({ order }: SignedOrder, taker: `0x${string}`): boolean =>
  !isAddressEqual(order.maker, taker) &&
  (isAddressEqual(order.counterparty, zeroAddress) || isAddressEqual(order.counterparty, taker));

/** What a home's meter saw in the hour that ends with a slot, as far as nobody has played it before. */
function hourOf(
  { firstSlot }: World,
  lastSlot: number,
  energyWh: (slot: number) => bigint,
): Map<number, bigint> {
  const hour = new Map<number, bigint>();
  for (let slot = lastSlot - SLOTS_PER_HOUR + 1; slot <= lastSlot; slot++) {
    if (slot >= firstSlot) hour.set(slot, energyWh(slot));
  }
  return hour;
}

/** At night nothing is reported, unless something was expected and may have been promised. */
const isWorthReporting = (
  town: Town,
  index: number,
  exportedWh: ReadonlyMap<number, bigint>,
): boolean => [...exportedWh].some(([slot, wh]) => wh > 0n || expectedWh(town, index, slot) > 0n);

/** A price that differs a little from hour to hour. */
const moodOf = (slot: number, pricePerKwh: bigint): bigint =>
  pricePerKwh + (pricePerKwh * BigInt(((slot * 7919) % 11) - 5)) / 100n;
