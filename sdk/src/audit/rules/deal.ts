import { type Address, type Hex, zeroAddress } from "viem";
import {
  type Deal,
  type Line,
  OFFER,
  type Party,
  type Struck,
  strike,
  totalsOf,
  worthOf,
} from "../../deals/index.ts";
import { isFirm, isPosted } from "../../deals/order.ts";
import { communityOf, crossingOf, type Microgrid, rationWhIn } from "../../microgrid.ts";
import {
  blockOf,
  type EnergyBySlot,
  LANE_MAX_WH,
  LANES,
  laneOf,
  unpackProfile,
} from "../../profile.ts";
import type { Order } from "../../typedData.ts";
import type { CallOf, SettleMatch } from "../calls.ts";
import type { AuditContext } from "../context.ts";
import { accountOf, communitiesIn, directionOf, fillIn, type Words } from "../state.ts";
import type { JudgedSigner } from "./orders.ts";

/** A signed order, and who signed it. */
export interface SignedSide {
  readonly order: Order;
  readonly signature: Hex;
  readonly hash: Hex;
  /** Changes when a contract wallet stands by what a delegate with too small an allowance has signed. */
  signer: JudgedSigner;
}

/** One of the two sides that a call names: a signed order, or the caller who takes it. */
export interface Side {
  readonly holder: Address;
  readonly meter: Address;
  readonly microgrid: number;
  /** Undefined of a taker. */
  readonly signed: SignedSide | undefined;
}

/** A deal as a call asks for it. */
export interface Asked {
  readonly offer: Side;
  readonly bid: Side;
  readonly isForward: boolean;
  readonly source: number;
  /** The numbers of the schedules that it names. */
  readonly fromSchedule: number;
  readonly toSchedule: number;
  readonly energyWh: EnergyBySlot;
  /** Who makes the call. */
  readonly caller: Address;
  /** Base units per kWh that the seller of a forward pledges. */
  readonly bondPerKwh: bigint;
  /** Wh of a slot that the meter may have promised before. */
  readonly mostAheadWh: bigint;
  /** What a taker wants; undefined of a match. */
  readonly taker?: { readonly leastWh: bigint; readonly limitPerKwh: bigint };
  readonly currency: Address;
}

/** What an accepted or reserved order and its taker come to. */
export function askedOfTake(
  { state }: AuditContext,
  { kind, sender, order, signature, take }: CallOf<"accept" | "reserve">,
  hash: Hex,
  signer: JudgedSigner,
): Asked | undefined {
  const microgrid = communitiesIn(state).get(order.microgrid);
  if (microgrid === undefined) return undefined;
  const maker: Side = {
    holder: order.maker,
    meter: order.meter,
    microgrid: order.microgrid,
    signed: { order, signature, hash, signer },
  };
  const taker: Side = {
    holder: sender,
    meter: take.meter,
    microgrid: take.microgrid,
    signed: undefined,
  };
  const isOffer = order.side === OFFER;
  const mine = take.microgrid === order.microgrid ? take.schedule : take.takerSchedule;
  return {
    offer: isOffer ? maker : taker,
    bid: isOffer ? taker : maker,
    isForward: kind === "reserve",
    source: take.source,
    fromSchedule: isOffer ? take.schedule : mine,
    toSchedule: isOffer ? mine : take.schedule,
    energyWh: energyOf(take),
    caller: sender,
    bondPerKwh: order.bond,
    mostAheadWh: BigInt(isOffer ? take.mostAhead : order.mostAhead),
    taker: { leastWh: BigInt(take.leastWh), limitPerKwh: take.limit },
    currency: microgrid.currency,
  };
}

/** What two matched orders come to. */
export function askedOfMatch(
  { state }: AuditContext,
  caller: Address,
  match: SettleMatch,
  offer: SignedSide,
  bid: SignedSide,
): Asked | undefined {
  const microgrid = communitiesIn(state).get(offer.order.microgrid);
  if (microgrid === undefined) return undefined;
  const sideOf = (signed: SignedSide): Side => ({
    holder: signed.order.maker,
    meter: signed.order.meter,
    microgrid: signed.order.microgrid,
    signed,
  });
  const isHome = offer.order.microgrid === bid.order.microgrid;
  return {
    offer: sideOf(offer),
    bid: sideOf(bid),
    isForward: offer.order.forward,
    source: match.source,
    fromSchedule: match.schedule,
    toSchedule: isHome ? match.schedule : match.bidSchedule,
    energyWh: energyOf(match),
    caller,
    bondPerKwh: offer.order.bond,
    mostAheadWh: BigInt(bid.order.mostAhead),
    currency: microgrid.currency,
  };
}

const energyOf = ({
  firstBlock,
  energy,
}: {
  readonly firstBlock: number;
  readonly energy: readonly bigint[];
}): EnergyBySlot => unpackProfile({ firstBlock, words: energy });

/**
 * What of a deal can trade, and for how much, by the chain's state at this moment.
 * @param isFresh Whether to look at the orders as if nothing of them was filled.
 */
export function strikeAsked(context: AuditContext, asked: Asked, isFresh = false): Struck {
  const communities = communitiesIn(context.state);
  const from = communities.get(asked.offer.microgrid);
  const to = communities.get(asked.bid.microgrid);
  if (from === undefined || to === undefined) return { slots: [], cuts: new Set() };
  const isLocked = namesLock(context, asked, asked.offer) || namesLock(context, asked, asked.bid);
  const line = from === to ? undefined : lineOf(context, from, to);
  const deal: Deal = {
    offer: partyOf(context, asked, asked.offer, isFresh),
    bid: partyOf(context, asked, asked.bid, isFresh),
    isForward: asked.isForward,
    energyWh: asked.energyWh,
    from: communityOf(from, asked.fromSchedule, isLocked),
    to: communityOf(to, asked.toSchedule, isLocked),
    ...(line === undefined ? {} : { line }),
    rationLeftWh: (slot) => rationLeftWh(context, asked.bid, to, slot),
    nowS: context.time,
  };
  return strike(deal);
}

/** Whether an order names the settler of its maker's lock: slots declared islanded afterwards then count. */
function namesLock(
  { state }: AuditContext,
  { currency }: Asked,
  { signed, holder }: Side,
): boolean {
  if (signed === undefined) return false;
  const { settler } = signed.order;
  return BigInt(settler) > 1n && settler === accountOf(state, currency, holder).settler;
}

function partyOf(
  context: AuditContext,
  { currency }: Asked,
  { signed }: Side,
  isFresh: boolean,
): Party {
  if (signed === undefined) return TAKER;
  const { order } = signed;
  return {
    kind: isPosted(order) ? "posted" : "limit",
    pricePerKwh: order.price,
    firstSlot: order.firstSlot,
    lastSlot: order.lastSlot,
    leftWh: isFresh ? LANE_MAX_WH : leftWh(context, order, currency),
    crosses: order.crosses,
  };
}

const TAKER: Party = {
  kind: "taker",
  pricePerKwh: 0n,
  firstSlot: 0,
  lastSlot: 2 ** 32 - 1,
  leftWh: LANE_MAX_WH,
  crosses: true,
};

/** Wh of an order that can still be filled. */
export function leftWh({ state }: AuditContext, order: Order, currency: Address): bigint {
  const signed = BigInt(order.energy) > LANE_MAX_WH ? LANE_MAX_WH : BigInt(order.energy);
  const { filledWh, cancelled } = fillIn(state, { ...order, currency });
  return cancelled || filledWh > signed ? 0n : signed - filledWh;
}

/** The tie line between two microgrids, and what it carries already; undefined when there is none. */
export function lineOf(
  { state, time }: AuditContext,
  { microgrid: from }: Microgrid,
  { microgrid: to }: Microgrid,
): Line | undefined {
  const line = communitiesIn(state).lineBetween(from, to);
  if (line === undefined) return undefined;
  const flows = state.flows.get(directionOf(from, to));
  return { ...crossingOf(line, from, time), flowWh: (slot) => whIn(flows, slot) };
}

/** Wh that a buyer may still have of an islanded slot; undefined for a critical load. */
function rationLeftWh(
  { state }: AuditContext,
  { holder, meter: address, microgrid: number }: Side,
  microgrid: Microgrid,
  slot: number,
): bigint | undefined {
  const meter = state.meters.get(address);
  if (meter?.owner !== holder || meter.microgrid !== number || !meter.active) return 0n;
  if (meter.critical) return undefined;
  const leftOfIt =
    (rationWhIn(microgrid, slot) ?? LANE_MAX_WH) - whIn(state.rationed.get(address), slot);
  return leftOfIt > 0n ? leftOfIt : 0n;
}

const whIn = (words: Words | undefined, slot: number): bigint =>
  laneOf(words?.get(blockOf(slot)) ?? 0n, slot % LANES);

/** What both sides pay, lock or draw for a deal that was struck. Thousandths of a base unit. */
export function duesOf({ offer, bid, isForward, bondPerKwh }: Asked, struck: Struck) {
  const { sentWh, costMillis, chargeMillis, arrivedWh } = totalsOf(struck.slots);
  const chargePerKwh = struck.slots[0]?.chargePerKwh ?? 0n;
  const isHome = offer.microgrid === bid.microgrid;
  // Across a line the seller locks the wheeling charge as well.
  const bondedMillis = isForward ? (bondPerKwh + (isHome ? 0n : chargePerKwh)) * sentWh : 0n;
  return {
    sentWh,
    arrivedWh,
    costMillis,
    chargeMillis,
    bondedMillis,
    /** What a sale draws on the allowance of the delegate who signed it. */
    drawnBySaleMillis: worthOf(struck.slots) + bondedMillis,
  };
}

/** Who may call a forward undelivered beside the buyer. */
export function actingFor(context: AuditContext, { currency }: Asked, side: Side): Address {
  const { signed, holder } = side;
  if (signed === undefined) return zeroAddress;
  if (isFirm(signed.order)) return accountOf(context.state, currency, holder).signer;
  return signed.signer.delegate ?? zeroAddress;
}
