import { MendableError } from "@wattline/common/mendable";
import {
  communityPriceIn,
  errorOf,
  isIslandedIn,
  isPosted,
  levelFor,
  type Microgrid,
  OFFER,
  type Order,
  type Pairing,
  signedWh,
  slotEnd,
  slotStart,
} from "@wattline/sdk";
import { type Address, type Hex, isAddressEqual, type PublicClient } from "viem";
import { Ledger } from "../chain/ledger.ts";
import { batchesOfPairings, pairingsOf } from "../clearing.ts";
import type { Settings } from "../config.ts";
import { Relays } from "../orders/relays.ts";
import { type Verified, Verifier } from "../orders/verify.ts";
import { matchOutcomes, settleCall, simulate } from "../simulate.ts";
import { timingOf } from "../timing.ts";
import { type SlotTrade, settledIn } from "./history.ts";

/** What is asked: a household, and a slot of its microgrid. */
export interface Question {
  readonly household: Address;
  readonly microgrid: number;
  /** The slot's number, in slots as long as the microgrid's. */
  slotOf(microgrid: Microgrid): number;
}

/** What became of one order in a slot. */
export interface OrderAnswer {
  readonly order: Order;
  readonly hash: Hex;
  /** Of this slot, by `settle`. */
  readonly tradedWh: bigint;
  /** Of this slot, in what would be sent next. */
  readonly nextWh: bigint;
  /** In a sentence. */
  readonly why: string;
}

/** How a slot was shared out, and why a household got what it got. */
export interface Explanation extends Pick<Question, "household" | "microgrid"> {
  readonly slot: number;
  readonly community: Microgrid;
  readonly pricePerKwh: bigint;
  readonly feePerKwh: bigint;
  readonly isIslanded: boolean;
  /** What was settled of the slot, household by household. */
  readonly soldWh: ReadonlyMap<string, bigint>;
  readonly boughtWh: ReadonlyMap<string, bigint>;
  /** The transactions that did it. */
  readonly transactions: readonly Hex[];
  readonly orders: readonly OrderAnswer[];
}

/** What is known when a question is answered. */
interface Known {
  readonly household: Address;
  readonly slot: number;
  readonly community: Microgrid;
  readonly nowSeconds: number;
  readonly dueAtSeconds: number;
  readonly verified: readonly Verified[];
  readonly trades: readonly SlotTrade[];
  readonly next: readonly Pairing[];
  /** Why matches of what would be sent next are skipped, by the order's hash. */
  readonly skips: ReadonlyMap<string, string>;
}

/**
 * Explains a slot from the chain and from the orders that relays and board have; an order that none of them has any more can't
 * be explained.
 * @throws MendableError when there is no such microgrid; what the node throws.
 */
export async function explain(
  { config, deployment }: Settings,
  client: PublicClient,
  address: Address,
  question: Question,
  report: (message: string) => void,
  signal: AbortSignal,
): Promise<Explanation> {
  const { household, microgrid: number } = question;
  const ledger = new Ledger(client, deployment);
  const { view, pinned } = await ledger.follow();
  const community = view.microgrid(number);
  if (community === undefined) {
    throw new MendableError(`There is no microgrid ${number}; name another one with --microgrid.`);
  }
  const slot = question.slotOf(community);
  const relays = new Relays(config.orders.relays, address, report);
  const reached = ({ order }: { readonly order: Order }): boolean =>
    order.microgrid === number && order.firstSlot <= slot && slot <= order.lastSlot;
  const read = [...(await relays.ordersOf(number, slot, signal)), ...pinned].filter(reached);
  const verified = await new Verifier(deployment, address).verify(view, read);
  // A forward can be settled seven days before its slot.
  const since = slotStart(slot, community.slotSeconds) - 7 * 86_400;
  const trades = await settledIn(
    client,
    deployment,
    { slot, microgrid: number },
    since,
    view.head.number,
  );

  const timing = timingOf(config);
  const next = (
    await pairingsOf(view, verified, { timing, microgrids: [number], lines: [] })
  ).filter(({ energyWh }) => (energyWh.get(slot) ?? 0n) > 0n);
  const skips = new Map<string, string>();
  for (const batch of batchesOfPairings(view, verified, next)) {
    const { events } = await simulate(client, deployment, address, settleCall(deployment, batch));
    for (const { skipped } of matchOutcomes(events ?? [])) {
      if (skipped === undefined) continue;
      for (const hash of [skipped.offerHash, skipped.bidHash])
        skips.set(hash, errorOf(skipped.reason));
    }
  }
  const known: Known = {
    household,
    slot,
    community,
    nowSeconds: view.nowSeconds,
    dueAtSeconds: slotEnd(slot, community.slotSeconds) + timing.waitSeconds,
    verified,
    trades,
    next,
    skips,
  };
  const { feePerKwh } = levelFor(community, slot);
  return {
    household,
    microgrid: number,
    slot,
    community,
    pricePerKwh: communityPriceIn(community, slot),
    feePerKwh,
    isIslanded: isIslandedIn(community, slot),
    soldWh: sumsOf(trades, "seller"),
    boughtWh: sumsOf(trades, "buyer"),
    transactions: [...new Set(trades.map(({ transaction }) => transaction))],
    orders: verified
      .filter(({ order }) => isAddressEqual(order.maker, household))
      .map((each) => answerFor(each, known)),
  };
}

function answerFor(each: Verified, known: Known): OrderAnswer {
  const { order, hash } = each;
  const { slot } = known;
  const tradedWh = known.trades
    .filter(({ offerHash, bidHash }) => offerHash === hash || bidHash === hash)
    .reduce((sum, { sentWh }) => sum + sentWh, 0n);
  const nextWh = known.next
    .filter(({ offer, bid }) => offer.order === order || bid.order === order)
    .reduce((sum, { energyWh }) => sum + (energyWh.get(slot) ?? 0n), 0n);
  return { order, hash, tradedWh, nextWh, why: whyOf(each, known, tradedWh, nextWh) };
}

/** Why an order got what it got, the first reason that holds. */
function whyOf(each: Verified, known: Known, tradedWh: bigint, nextWh: bigint): string {
  const { order, judgement, leftAlone, hash, facts } = each;
  const { community, slot, nowSeconds, dueAtSeconds } = known;
  const isOffer = order.side === OFFER;
  const skip = known.skips.get(hash);
  const price = (isPosted(order) ? postedReason : priceReason)(order, community, slot);
  if (facts.signer === undefined) return "Its signature is of nobody who may sign it.";
  if (price !== undefined) return price;
  if (leftAlone !== undefined) return `This auctioneer leaves it alone: ${leftAlone}.`;
  if (judgement.state === "filled") {
    return tradedWh > 0n
      ? `It is filled: all of its ${signedWh(order)} Wh have traded.`
      : "It is filled by its energy in other slots: slots are served from the first to the last.";
  }
  if (judgement.state !== "live") {
    return `It is ${judgement.state}: ${judgement.reasons.map(({ message }) => message).join(" ")}`;
  }
  if (!order.forward && nowSeconds < dueAtSeconds) {
    return `The slot is shared out from ${isoOf(dueAtSeconds)} on.`;
  }
  if (skip !== undefined) return `It would be skipped by the contract: ${skip}.`;
  if (nextWh > 0n) return `${nextWh} Wh of this slot are shared out to it next.`;
  return rationReason(isOffer, known, tradedWh);
}

/** Why a posted price does not take part: for a limit it would be worse than the community price. */
function postedReason(order: Order, community: Microgrid, slot: number): string | undefined {
  const price = communityPriceIn(community, slot);
  const { feePerKwh } = levelFor(community, slot);
  const isOffer = order.side === OFFER;
  const allIn = isOffer ? order.price + feePerKwh : order.price;
  if (allIn === price || allIn < price === isOffer) return undefined;
  return `Its posted price ${allIn}${isOffer ? ", network fee included," : ""} is ${isOffer ? "above" : "below"} the community price ${price}, which limits trade at. Neighbours may take it themselves.`;
}

/** Why a limit does not take part at a slot's price. */
function priceReason(order: Order, community: Microgrid, slot: number): string | undefined {
  const price = communityPriceIn(community, slot);
  const { feePerKwh } = levelFor(community, slot);
  if (order.side !== OFFER) {
    return order.price < price
      ? `Its limit ${order.price} is below the community price ${price}.`
      : undefined;
  }
  return order.price > price - feePerKwh
    ? `Its limit ${order.price} is above what sellers receive: the community price ${price} less the network fee ${feePerKwh}.`
    : undefined;
}

/** Why a live order has not got more: the other side is used up, and its own side was rationed. */
function rationReason(isOffer: boolean, known: Known, tradedWh: bigint): string {
  const { trades, household, verified } = known;
  const [own, other] = isOffer ? (["seller", "bids"] as const) : (["buyer", "offers"] as const);
  const sums = sumsOf(trades, own);
  if (sums.size === 0) {
    const others = verified.filter(
      ({ order, judgement, leftAlone }) =>
        (order.side === OFFER) !== isOffer && judgement.state === "live" && leftAlone === undefined,
    );
    return others.length === 0
      ? `There are no ${other} that it could meet in this slot.`
      : `What the ${other} of this slot could trade is used up in earlier slots, or not there${isOffer ? "" : ": no energy is reported for them"}.`;
  }
  const level = [...sums.values()].reduce((most, wh) => (wh > most ? wh : most), 0n);
  const mine = sums.get(household.toLowerCase()) ?? 0n;
  const upTo = `Everybody on its side got what they asked for up to a common level, which was ${level} Wh for a household`;
  if (mine >= level) return `There was too little for all. ${upTo}.`;
  if (mine === level - 1n) {
    return `There was too little for all. ${upTo}; the last Wh went to those with the lowest rank in this slot.`;
  }
  return tradedWh === 0n && mine > 0n
    ? `The household's other orders were served first, in the order of their nonces. ${upTo}.`
    : `There was too little for all when it came. ${upTo}; what is reported or ordered later is shared out later.`;
}

function sumsOf(trades: readonly SlotTrade[], side: "seller" | "buyer"): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const trade of trades) {
    const who = trade[side].toLowerCase();
    sums.set(who, (sums.get(who) ?? 0n) + trade.sentWh);
  }
  return sums;
}

const isoOf = (seconds: number): string => new Date(seconds * 1000).toISOString();
