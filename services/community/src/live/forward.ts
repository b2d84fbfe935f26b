import { blockOf, dueBlocksOf, LANES, positionIdOf, type Release } from "@wattline/sdk";
import { isAddressEqual } from "viem";
import { BOND_PER_KWH } from "../simulation/forwardMarket.ts";
import type { Forwards } from "../simulation/forwards.ts";
import { askingPrice } from "../simulation/periodOrders.ts";
import { least } from "../simulation/roundBalance.ts";
import type { Receipt } from "../simulation/trading.ts";
import {
  type Home,
  keepFunded,
  type LiveCommunity,
  type LiveContext,
  selfActing,
} from "./liveCommunity.ts";

/** Forwards are offered a day ahead: twelve blocks of two hours. */
const BLOCKS_AHEAD = 12;
const SLOTS_PER_DAY = 96;
/** Less than this in a block is not worth a signature. */
const LEAST_OFFERED_WH = 200n;
const MOST_RELEASES = 30;

/** A home's expected export in a slot: that of the day before. */
export const expectedWh = ({ seasons }: LiveCommunity, home: number, slot: number): bigint =>
  seasons.exportedWh(home, slot - SLOTS_PER_DAY);

/** Homes offer their expected export, for every block of the coming day. */
export async function offerDay(
  context: LiveContext,
  live: LiveCommunity,
  slot: number,
): Promise<void> {
  for (let ahead = 1; ahead <= BLOCKS_AHEAD; ahead++) {
    for (const home of selfActing(context, live)) {
      await offerBlock(context, live, home, blockOf(slot) + ahead);
    }
  }
}

/** During a block, every home offers one more block of the day ahead. */
export async function offerNext(
  context: LiveContext,
  live: LiveCommunity,
  slot: number,
): Promise<void> {
  for (const home of selfActing(context, live)) {
    if (home.index % LANES !== slot % LANES) continue;
    await offerBlock(context, live, home, blockOf(slot) + BLOCKS_AHEAD);
  }
}

async function offerBlock(
  context: LiveContext,
  live: LiveCommunity,
  { who, index }: Home,
  block: number,
): Promise<void> {
  const expected = lanesOf(block).filter((slot) => expectedWh(live, index, slot) > 0n);
  const energyWh = expected.reduce((sum, slot) => sum + expectedWh(live, index, slot), 0n);
  const [firstSlot, lastSlot] = [expected[0], expected.at(-1)];
  if (firstSlot === undefined || lastSlot === undefined || energyWh < LEAST_OFFERED_WH) return;
  const { feedInPerKwh, retailPerKwh } = context.tariffs;
  await context.failures.attempt("offering energy to come", async () => {
    await keepFunded(context, who);
    const signed = await context.simulation.trading.sign(live.community, who, "offer", {
      firstSlot,
      lastSlot,
      energyWh,
      // Energy that is only expected is offered a tenth cheaper.
      pricePerKwh: (askingPrice(who.name, feedInPerKwh, retailPerKwh[0] ?? 0n) * 9n) / 10n,
      bondPerKwh: BOND_PER_KWH,
      crosses: true,
    });
    context.orderBook.add(signed);
  });
}

/** One home reserves a part of its expected need in a coming block, from the cheapest offer. */
export async function reserveSome(
  context: LiveContext,
  live: LiveCommunity,
  slot: number,
  forwards: Forwards,
): Promise<void> {
  const homes = selfActing(context, live);
  const home = homes[slot % homes.length];
  if (home === undefined) return;
  const block = blockOf(slot) + 2 + (slot % (BLOCKS_AHEAD - 3));
  const neededWh = new Map<number, bigint>();
  for (const each of lanesOf(block)) {
    const wh = live.seasons.importedWh(home.index, each - SLOTS_PER_DAY);
    if (wh > 0n) neededWh.set(each, wh);
  }
  if (neededWh.size === 0) return;
  const [firstSlot = 0, lastSlot = 0] = [block * LANES, block * LANES + LANES - 1];
  const { microgrid } = live.community;
  const offers = await context.orderBook.open({
    microgrid,
    side: "offer",
    forward: true,
    fromSlot: firstSlot,
    toSlot: lastSlot,
    counterparty: home.who.address,
    limit: 10,
  });
  const offer = offers.find(({ order }) => order.maker !== home.who.address);
  if (offer === undefined) return;
  await context.failures.attempt("reserving", async () => {
    // Half of the offer is left for others.
    let left = offer.left / 2n;
    const takenWh = new Map<number, bigint>();
    for (const [each, wh] of neededWh) {
      if (each < offer.order.firstSlot || each > offer.order.lastSlot) continue;
      const taken = least(wh, left / BigInt(LANES));
      if (taken === 0n) continue;
      takenWh.set(each, taken);
      left -= taken;
    }
    if (takenWh.size === 0) return;
    await keepFunded(context, home.who);
    const { trading, wattline } = context.simulation;
    const receipt = await trading.reserve(live.community, home.who, offer, takenWh);
    for (const event of wattline.eventsIn(receipt.logs)) {
      if (event.eventName === "Reserved") forwards.reserved(event.args);
    }
  });
}

/**
 * Anyone releases every forward whose block is reported; a buyer calls undelivered what is overdue, as when somebody has not
 * submitted a reading by hand.
 */
export async function releaseDue(
  context: LiveContext,
  slot: number,
  forwards: Forwards,
): Promise<void> {
  const { trading, anyone } = context.simulation;
  const due: Release[] = [];
  const overdue: Release[] = [];
  await context.failures.attempt("reading what can be released", async () => {
    for (const release of forwards.openBefore(blockOf(slot + 1))) {
      const state = await stateOf(context, release);
      // Somebody else released it first.
      if (state === "gone") forwards.forget(release);
      if (state === "due" && due.length < MOST_RELEASES) due.push(release);
      if (state === "overdue") overdue.push(release);
    }
  });
  if (due.length > 0) {
    await context.failures.attempt("releasing", async () => {
      record(context, forwards, await trading.release(anyone, due));
    });
  }
  for (const release of overdue) {
    const buyer = buyerOf(context, release);
    if (buyer === undefined) continue;
    await context.failures.attempt("calling energy undelivered", async () => {
      record(context, forwards, await trading.undelivered(buyer, [release]));
    });
  }
}

function record({ simulation }: LiveContext, forwards: Forwards, receipt: Receipt): void {
  for (const event of simulation.wattline.eventsIn(receipt.logs)) {
    if (event.eventName === "Released") forwards.released(event.args);
  }
}

const buyerOf = ({ communities }: LiveContext, { position }: Release) =>
  communities
    .flatMap(({ community }) => community.households)
    .find(({ address }) => isAddressEqual(address, position.buyer));

/** Whether blocks of a forward can be released, wait for a reading, can be called undelivered, or have been released. */
async function stateOf(
  { simulation: { wattline } }: LiveContext,
  { position, blocks }: Release,
): Promise<"due" | "waiting" | "overdue" | "gone"> {
  const open = await wattline.marketplace.openOf(positionIdOf(position));
  if ((open & blocks) !== blocks) return "gone";
  const marks = new Map<number, bigint>();
  for (const index of position.energy.keys()) {
    const block = position.firstBlock + index;
    const { reported } = await wattline.meters.deliveryOf(position.meter, block);
    marks.set(block, reported);
  }
  const due = dueBlocksOf(position, {
    open: blocks,
    reported: (block) => marks.get(block) ?? 0n,
    microgrid: (await wattline.facts()).known(position.from),
    nowSeconds: await wattline.chain.chainTime(),
    isBuyer: true,
  });
  if ((due.reported | due.overdue) !== blocks) return "waiting";
  return due.overdue === 0n ? "due" : "overdue";
}

const lanesOf = (block: number): number[] =>
  Array.from({ length: LANES }, (_, lane) => block * LANES + lane);
