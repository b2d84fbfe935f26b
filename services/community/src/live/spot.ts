import {
  ANYONE,
  arrivedOf,
  batchesOf,
  type EnergyBySlot,
  isLimit,
  landedPricePerKwh,
  leastSentFor,
  pairLimits,
  type SIDES,
  type SignedOrder,
  type SlotRange,
  SOURCES,
  type Source,
  slotEnd,
  slotsIn,
} from "@wattline/sdk";
import { isAddressEqual, zeroAddress } from "viem";
import { report } from "../simulation/community.ts";
import { askingPrice, biddingPrice } from "../simulation/periodOrders.ts";
import { least } from "../simulation/roundBalance.ts";
import { expectedWh } from "./forward.ts";
import { holdingsOf, sumBySlot } from "./holdings.ts";
import {
  type Home,
  keepFunded,
  type LiveCommunity,
  type LiveContext,
  selfActing,
} from "./liveCommunity.ts";
import type { Open } from "./orderBook.ts";

/** Readings, offers and bids are made once an hour, by each home at a slot of its own. */
const SLOTS_PER_HOUR = 4;
/** How long energy is offered to neighbours before it is sold to the grid. */
const PATIENCE_SLOTS = 16;
const BID_OPEN_SECONDS = 4 * 3600;
/** The most offers that a home accepts from, one transaction each. */
const MOST_TAKES = 2;
const BOOK_PAGE = 200;
/** The home that gives the Shelter an hour's energy every day, and when (UTC). */
const GIVER = 1;
const GIFT_HOUR = 12;

/** Whether this home's hour ends with a slot. */
const hasTurn = (index: number, slot: number): boolean => (slot + index + 1) % SLOTS_PER_HOUR === 0;

const hourUntil = (lastSlot: number): SlotRange => ({
  firstSlot: lastSlot - SLOTS_PER_HOUR + 1,
  lastSlot,
});

/** Meters report their hour, and their owners offer the minted energy. */
export async function reportAndOffer(
  context: LiveContext,
  live: LiveCommunity,
  slot: number,
): Promise<void> {
  for (const [index, who] of live.community.households.entries()) {
    if (who.series.capacityW === 0 || !hasTurn(index, slot)) continue;
    const exportedWh = hourOf(context, slot, (each) => live.seasons.exportedWh(index, each));
    if (!isWorthReporting(live, index, exportedWh)) continue;
    if (context.byHand.has(who)) context.waitingReadings.add(who, exportedWh);
    else {
      await context.failures.attempt("reporting and offering", async () => {
        await report(context.simulation.wattline, who, exportedWh);
        await offer(context, live, { who, index }, slot);
      });
    }
  }
}

/**
 * A home signs an offer of its energy of the last hour: every third one a limit for the clearing, the others a posted price,
 * which crosses the tie line too. One home gives the Shelter what it exports in the first hour after noon.
 */
async function offer(
  context: LiveContext,
  live: LiveCommunity,
  { who, index }: Home,
  slot: number,
): Promise<void> {
  const { trading, wattline } = context.simulation;
  const { community } = live;
  const { microgrid } = community;
  const held = await holdingsOf(wattline, who.address, microgrid, "Solar", hourUntil(slot));
  const slots = [...held.keys()];
  const [firstSlot, lastSlot] = [slots[0], slots.at(-1)];
  if (firstSlot === undefined || lastSlot === undefined) return;
  const { feedInPerKwh, retailPerKwh } = context.tariffs;
  const terms = { firstSlot, lastSlot, energyWh: sumBySlot(held) };
  const friend = community.households.find(({ critical }) => critical);
  const isGiver = index === GIVER && Math.floor(slot / SLOTS_PER_HOUR) % 24 === GIFT_HOUR;
  const price =
    isGiver && friend !== undefined && friend !== who
      ? { pricePerKwh: 0n, counterparty: friend.address }
      : index % 3 === 2
        ? { pricePerKwh: feedInPerKwh, settler: ANYONE, crosses: true }
        : {
            pricePerKwh: moodOf(slot, askingPrice(who.name, feedInPerKwh, retailPerKwh[0] ?? 0n)),
            crosses: true,
          };
  context.orderBook.add(await trading.sign(community, who, "offer", { ...terms, ...price }));
}

/** Homes cover their need of the hour before: every other one accepts posted prices, the others sign limits. */
export async function buyOrBid(
  context: LiveContext,
  live: LiveCommunity,
  slot: number,
): Promise<void> {
  for (const home of selfActing(context, live)) {
    if (!hasTurn(home.index, slot)) continue;
    const before = slot - SLOTS_PER_HOUR;
    const neededWh = hourOf(context, before, (each) => live.seasons.importedWh(home.index, each));
    for (const [each, wh] of neededWh) if (wh === 0n) neededWh.delete(each);
    if (neededWh.size === 0) continue;
    await context.failures.attempt("buying", async () => {
      await keepFunded(context, home.who);
      if (home.index % 2 === 0) await buy(context, live, home, before, neededWh);
      else await bid(context, live, home, slot, neededWh);
    });
  }
}

async function bid(
  context: LiveContext,
  { community }: LiveCommunity,
  { who }: Home,
  slot: number,
  neededWh: ReadonlyMap<number, bigint>,
): Promise<void> {
  const { feedInPerKwh, retailPerKwh } = context.tariffs;
  const retail = retailPerKwh[0] ?? 0n;
  const slots = [...neededWh.keys()];
  const signed = await context.simulation.trading.sign(community, who, "bid", {
    firstSlot: slots[0] ?? 0,
    lastSlot: slots.at(-1) ?? 0,
    energyWh: sumBySlot(neededWh),
    settler: ANYONE,
    pricePerKwh: who.critical ? retail : moodOf(slot, biddingPrice(who.name, feedInPerKwh, retail)),
    deadline: slotEnd(slot, community.series.slotSeconds) + BID_OPEN_SECONDS,
  });
  context.orderBook.add(signed);
}

/** A home accepts the cheapest posted prices, gifts first, over the tie line too where that is cheaper. */
async function buy(
  context: LiveContext,
  live: LiveCommunity,
  { who }: Home,
  lastSlot: number,
  neededWh: Map<number, bigint>,
): Promise<void> {
  const { trading, wattline, line } = context.simulation;
  const offers: { offer: Open; price: bigint; lossBps: bigint }[] = [];
  for (const { community } of context.communities) {
    const isHome = community === live.community;
    if (!isHome && line === undefined) continue;
    for (const offer of await spotOrders(
      context,
      community.microgrid,
      "offer",
      hourUntil(lastSlot),
    )) {
      if (isLimit(offer.order) || !isFor(offer, who.address)) continue;
      if (!isHome && !offer.order.crosses) continue;
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
      const taken = least(least(leastSentFor(wh, lossOf(lossBps)), held.get(slot) ?? 0n), left);
      if (taken === 0n) continue;
      sentWh.set(slot, taken);
      left -= taken;
    }
    if (sentWh.size === 0) continue;
    if (!(await trading.isAcceptable(live.community, who, offer, sentWh))) continue;
    await trading.accept(live.community, who, offer, sentWh);
    for (const [slot, wh] of sentWh) {
      neededWh.set(slot, (neededWh.get(slot) ?? 0n) - arrivedOf(wh, lossOf(lossBps)));
    }
  }
}

/** A settler clears the last hours' limits, at the community price of each slot. */
export async function clear(
  context: LiveContext,
  { community }: LiveCommunity,
  slot: number,
): Promise<void> {
  const { simulation, failures } = context;
  const { microgrid, households } = community;
  const range = { firstSlot: slot - PATIENCE_SLOTS, lastSlot: slot };
  const limitsOf = async (side: (typeof SIDES)[number]) =>
    (await spotOrders(context, microgrid, side, range)).filter(({ order }) => isLimit(order));
  const [offers, bids] = [await limitsOf("offer"), await limitsOf("bid")];
  await failures.attempt("clearing", async () => {
    const facts = await simulation.wattline.facts();
    const pools = new Map<string, EnergyBySlot>();
    for (const { order } of offers) {
      const { maker } = order;
      if (pools.has(maker)) continue;
      const held = await holdingsOf(simulation.wattline, maker, microgrid, "Solar", range);
      pools.set(maker, held);
    }
    const critical = new Set(
      households.filter((who) => who.critical).map(({ device }) => device.address),
    );
    const pairings = pairLimits({
      microgrid: facts.known(microgrid),
      slots: slotsIn(range),
      offers: offers.map((open) => ({ ...open, leftWh: open.left })),
      bids: bids.map((open) => ({
        ...open,
        leftWh: open.left,
        mostWh: evenlyOf(open, range),
        critical: critical.has(open.order.meter),
      })),
      poolOf: ({ maker }, source) => ({
        key: `${maker} ${source}`,
        energyWh: (source === "Solar" && pools.get(maker)) || new Map(),
      }),
    });
    for (const batch of batchesOf(pairings, { known: (number) => facts.known(number) })) {
      simulation.check();
      await simulation.trading.settleBatch(simulation.anyone, batch);
    }
  });
}

/** Energy that nobody bought for a while is sold to the grid at the feed-in tariff. */
export async function sellToGrid(
  context: LiveContext,
  live: LiveCommunity,
  slot: number,
  gridBid: SignedOrder | undefined,
): Promise<void> {
  if (gridBid === undefined) return;
  const { community } = live;
  const { trading, wattline } = context.simulation;
  for (const { who, index } of selfActing(context, live)) {
    const range = hourUntil(slot - PATIENCE_SLOTS);
    if (!hasTurn(index, slot) || range.firstSlot < gridBid.order.firstSlot) continue;
    if (range.lastSlot > gridBid.order.lastSlot) continue;
    await context.failures.attempt("selling to the grid", async () => {
      const held = await holdingsOf(wattline, who.address, community.microgrid, "Solar", range);
      // A consumer's energy was bought for its own use.
      if (held.size > 0 && who.series.capacityW > 0) {
        await trading.accept(community, who, gridBid, held);
      }
    });
  }
}

const spotOrders = (
  { orderBook }: LiveContext,
  microgrid: number,
  side: (typeof SIDES)[number],
  { firstSlot, lastSlot }: SlotRange,
): Promise<Open[]> =>
  orderBook.open({
    microgrid,
    side,
    forward: false,
    fromSlot: firstSlot,
    toSlot: lastSlot,
    limit: BOOK_PAGE,
  });

/** The most of a bid in each slot: spread evenly, since its maker has not specified more. */
function evenlyOf(open: Open, range: SlotRange): Map<number, bigint> {
  const { firstSlot, lastSlot } = rangeOf(open);
  const slots = BigInt(lastSlot - firstSlot + 1);
  const energyWh = new Map<number, bigint>();
  const [from, to] = [Math.max(firstSlot, range.firstSlot), Math.min(lastSlot, range.lastSlot)];
  for (let slot = from; slot <= to; slot++) energyWh.set(slot, (open.left + slots - 1n) / slots);
  return energyWh;
}

/** As if the line carried nothing else: a Wh too much or too little at most. */
const lossOf = (lossBps: bigint) => ({ lossBps, flowWh: 0n });

const rangeOf = ({ order }: SignedOrder): SlotRange => order;

/** The source that a taker takes: solar energy where it is offered. */
const sourceOf = ({ order }: SignedOrder): Source =>
  (order.sources & 1) === 1
    ? "Solar"
    : (SOURCES.find((_, i) => (order.sources >> i) & 1) ?? "Grid");

const isFor = ({ order }: SignedOrder, taker: `0x${string}`): boolean =>
  !isAddressEqual(order.maker, taker) &&
  (isAddressEqual(order.counterparty, zeroAddress) || isAddressEqual(order.counterparty, taker));

/** A home's metered energy in the hour that ends with a slot, without slots that were played before. */
function hourOf(
  { firstSlot }: LiveContext,
  lastSlot: number,
  energyWh: (slot: number) => bigint,
): Map<number, bigint> {
  const hour = new Map<number, bigint>();
  for (let slot = lastSlot - SLOTS_PER_HOUR + 1; slot <= lastSlot; slot++) {
    if (slot >= firstSlot) hour.set(slot, energyWh(slot));
  }
  return hour;
}

/** At night nothing is reported, unless energy was expected and may have been promised. */
const isWorthReporting = (
  live: LiveCommunity,
  index: number,
  exportedWh: ReadonlyMap<number, bigint>,
): boolean => [...exportedWh].some(([slot, wh]) => wh > 0n || expectedWh(live, index, slot) > 0n);

/** A price that varies a little from hour to hour. */
const moodOf = (slot: number, pricePerKwh: bigint): bigint =>
  pricePerKwh + (pricePerKwh * BigInt(((slot * 7919) % 11) - 5)) / 100n;
