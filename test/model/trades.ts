import { blockOf, type EnergyBySlot } from "@wattline/sdk";
import {
  bondedFor,
  type Community,
  isFirm,
  isPosted,
  type Line,
  meetsLimit,
  type Party,
  type PositionTerms,
  releaseSlot,
  type Struck,
  shareWh,
  strike,
  totalsOf,
  worthOf,
} from "@wattline/sdk/deals";
import { type Address, zeroAddress } from "viem";
import type { ActionOf, Match, SignedOrder, Take } from "./actions.ts";
import type { Communities } from "./communities.ts";
import type { Metering } from "./metering.ts";
import { isBid, isOffer, type Orders } from "./orders.ts";
import { Rules } from "./rules.ts";
import type { Tallies } from "./tallies.ts";

const OPEN_ENDED = { firstSlot: 0, lastSlot: 2 ** 32 - 1, leftWh: undefined };
const NOTHING_OWED = { from: 0, to: 0, charge: 0n };
const GRACE_S = 30 * 86_400;

export interface Position extends PositionTerms {
  readonly seller: Address;
  readonly buyer: Address;
  readonly meter: Address;
  readonly source: number;
  readonly from: number;
  readonly to: number;
  readonly buyerDelegate: Address;
  readonly rationed: Address;
  readonly firstBlock: number;
  readonly energyWh: EnergyBySlot;
  readonly aheadWh: EnergyBySlot;
}

/** A deal with its two sides: an order, or a taker without one. */
interface Sides {
  readonly seller: Address;
  readonly buyer: Address;
  readonly offer: SignedOrder | undefined;
  readonly bid: SignedOrder | undefined;
  readonly from: number;
  readonly to: number;
  readonly fromSchedule: number;
  readonly toSchedule: number;
  /** The seller's meter, of a forward. */
  readonly sellersMeter: Address;
  /** The meter that the buyer names. */
  readonly buyersMeter: Address;
  readonly source: number;
  readonly isForward: boolean;
  readonly energyWh: EnergyBySlot;
  readonly bondPerKwh: bigint;
  readonly mostAhead: number;
  /** Who calls `settle`; undefined when an order is taken. */
  readonly settler: Address | undefined;
}

/** Why a match was skipped, each of the reasons that hold; or that it was settled. */
export type Outcome = "Matched" | "Reserved" | ReadonlySet<string>;

/** A block that could not be released. */
export interface NotReleased {
  readonly position: number;
  readonly block: number;
  readonly reasons: ReadonlySet<string>;
}

/** Trades and forwards. */
export class Trades {
  readonly positions: Position[] = [];
  private readonly communities: Communities;
  private readonly metering: Metering;
  private readonly orders: Orders;
  private readonly tallies: Tallies;
  nowS = 0;
  private owed = NOTHING_OWED;

  constructor(communities: Communities, metering: Metering, orders: Orders, tallies: Tallies) {
    this.communities = communities;
    this.metering = metering;
    this.orders = orders;
    this.tallies = tallies;
  }

  take({ kind, who, signed, take }: ActionOf<"accept" | "reserve">): void {
    const { order } = signed;
    const isForward = kind === "reserve";
    const rules = new Rules();
    const refuseAll = (broken: readonly string[]) => {
      for (const error of broken) rules.refuse(error);
    };
    rules.refuse("Spot_IsForward", !isForward && order.forward);
    rules.refuse("Forwards_IsSpot", isForward && !order.forward);
    refuseAll(this.orders.defectsOf(signed, who, take.source, undefined));
    const sides = this.sidesOf(who, signed, take, isForward);
    refuseAll(this.pathDefectsOf(sides));
    if (rules.broken.has("Microgrids_NoTieLine") || rules.broken.has("Microgrids_NoSchedule")) {
      rules.enforce();
    }
    const struck = this.strike(sides);
    const totals = totalsOf(struck.slots);
    const isTooLittle = totals.sentWh === 0n || totals.sentWh < BigInt(take.leastWh);
    rules.refuse("Deals_NothingLeft", isTooLittle);
    if (isTooLittle) rules.enforce();
    const taker = who === sides.buyer ? "buyer" : "seller";
    rules.refuse("Deals_LimitMissed", !meetsLimit(totals, taker, take.limit));
    refuseAll(this.fundsDefectsOf(sides, struck));
    rules.enforce();
    this.book(sides, struck);
    this.payOwed();
  }

  settle({ who, orders, signatures, matches }: ActionOf<"settle">): Outcome[] {
    const rules = new Rules();
    rules.refuse("Settlement_Empty", matches.length === 0);
    rules.refuse("Settlement_LengthMismatch", orders.length !== signatures);
    const isBad = (index: number) => index >= orders.length;
    rules.refuse(
      "Settlement_BadIndex",
      matches.some(({ offer, bid }) => isBad(offer) || isBad(bid)),
    );
    rules.enforce();
    const outcomes = matches.map((match) => {
      const [offer, bid] = [orders[match.offer], orders[match.bid]];
      if (offer === undefined || bid === undefined) throw new RangeError("No such order.");
      return this.match(who, offer, bid, match);
    });
    this.payOwed();
    return outcomes;
  }

  release({ kind, who, releases }: ActionOf<"release" | "undelivered">): NotReleased[] {
    const kept: NotReleased[] = [];
    for (const { position: index, blocks } of releases) {
      const position = this.positions[index];
      if (position === undefined) throw new RangeError(`There is no position ${index}.`);
      for (const block of [...blocks].sort((a, b) => a - b)) {
        const reasons = this.keptBy(index, position, block, kind === "undelivered", who);
        if (reasons.size > 0) kept.push({ position: index, block, reasons });
        else this.releaseBlock(index, position, block);
      }
    }
    return kept;
  }

  /** Thousandths that lie in open blocks of positions. */
  locked(): bigint {
    let sum = 0n;
    for (const [index, position] of this.positions.entries()) {
      const open = this.tallies.open.of(index);
      for (const [slot, wh] of position.energyWh) {
        if (((open >> BigInt(blockOf(slot) - position.firstBlock)) & 1n) === 0n) continue;
        const { refundMillis } = releaseSlot(position, wh, 0n);
        sum += refundMillis + bondedFor(position, wh);
      }
    }
    return sum;
  }

  private match(who: Address, offer: SignedOrder, bid: SignedOrder, match: Match): Outcome {
    const reasons = new Set<string>();
    const { order: sold } = offer;
    const { order: bought } = bid;
    if (!isOffer(sold) || !isBid(bought)) return reasons.add("Settlement_WrongSide");
    const slotSeconds = (number: number) => this.communities.of(number).slotSeconds;
    if (
      sold.forward !== bought.forward ||
      slotSeconds(sold.microgrid) !== slotSeconds(bought.microgrid)
    ) {
      return reasons.add("Settlement_NotAlike").add("Microgrids_NoTieLine");
    }
    if (isPosted(sold) && isPosted(bought)) reasons.add("Settlement_BothPosted");
    for (const defect of this.orders.defectsOf(offer, bought.maker, match.source, who)) {
      reasons.add(defect);
    }
    for (const defect of this.orders.defectsOf(bid, sold.maker, match.source, who)) {
      reasons.add(defect);
    }
    const isForward = sold.forward;
    if (isForward && sold.bond < bought.bond) reasons.add("Deals_BondTooSmall");
    const sides: Sides = {
      seller: sold.maker,
      buyer: bought.maker,
      offer,
      bid,
      from: sold.microgrid,
      to: bought.microgrid,
      fromSchedule: match.schedule,
      toSchedule: match.bidSchedule,
      sellersMeter: sold.meter,
      buyersMeter: bought.meter,
      source: match.source,
      isForward,
      energyWh: match.energyWh,
      bondPerKwh: sold.bond,
      mostAhead: bought.mostAhead,
      settler: who,
    };
    for (const defect of this.pathDefectsOf(sides)) reasons.add(defect);
    if (reasons.size > 0) {
      // What else there is to say: the contracts may look at the energy before they look at this.
      if (!reasons.has("Microgrids_NoTieLine") && !reasons.has("Microgrids_NoSchedule")) {
        for (const cut of this.cutsOf(sides)) reasons.add(cut);
      }
      return reasons;
    }
    const struck = this.strike(sides);
    if (struck.slots.length === 0) return this.cutsOf(sides);
    for (const defect of this.fundsDefectsOf(sides, struck)) reasons.add(defect);
    if (reasons.size > 0) return reasons;
    this.book(sides, struck);
    return isForward ? "Reserved" : "Matched";
  }

  private sidesOf(who: Address, signed: SignedOrder, take: Take, isForward: boolean): Sides {
    const { order } = signed;
    const shared = {
      source: take.source,
      isForward,
      energyWh: take.energyWh,
      bondPerKwh: order.bond,
      settler: undefined,
    };
    if (isOffer(order)) {
      return {
        ...shared,
        seller: order.maker,
        buyer: who,
        offer: signed,
        bid: undefined,
        from: order.microgrid,
        to: take.microgrid,
        fromSchedule: take.schedule,
        toSchedule: take.takerSchedule,
        sellersMeter: order.meter,
        buyersMeter: take.meter,
        mostAhead: take.mostAhead,
      };
    }
    return {
      ...shared,
      seller: who,
      buyer: order.maker,
      offer: undefined,
      bid: signed,
      from: take.microgrid,
      to: order.microgrid,
      fromSchedule: take.takerSchedule,
      toSchedule: take.schedule,
      sellersMeter: take.meter,
      buyersMeter: order.meter,
      mostAhead: order.mostAhead,
    };
  }

  /** What keeps energy from going from one side to the other at all. */
  private pathDefectsOf(sides: Sides): string[] {
    const { from, to, fromSchedule, toSchedule } = sides;
    const defects: string[] = [];
    const isHome = from === to;
    if (!isHome && this.communities.crossingOf(from, to, this.nowS) === undefined) {
      defects.push("Microgrids_NoTieLine", "Settlement_NotAlike");
    }
    const named: [number, number][] = isHome
      ? [[from, homeScheduleOf(sides)]]
      : [
          [from, fromSchedule],
          [to, toSchedule],
        ];
    for (const [number, schedule] of named) {
      if (this.communities.of(number).schedules[schedule] === undefined) {
        // A schedule that is missing reaches no slot, either.
        defects.push("Microgrids_NoSchedule", "Deals_OutsideSlots", "Deals_NothingLeft");
      }
    }
    return defects;
  }

  private strike(sides: Sides, over: Partial<Party> = {}): Struck {
    const { from, to, isForward, energyWh, buyersMeter, buyer } = sides;
    const isHome = from === to;
    const crossing = isHome ? undefined : this.communities.crossingOf(from, to, this.nowS);
    const countsDeclared = [sides.offer, sides.bid].some(
      (signed) => signed !== undefined && this.orders.namesLock(signed),
    );
    const line: Line | undefined = crossing && {
      ...crossing,
      flowWh: (slot) => this.tallies.flow.of(from, to, slot),
    };
    const fromSchedule = isHome ? homeScheduleOf(sides) : sides.fromSchedule;
    const toSchedule = isHome ? fromSchedule : sides.toSchedule;
    return strike({
      offer: { ...this.partyOf(sides.offer), ...over },
      bid: { ...this.partyOf(sides.bid), ...over },
      isForward,
      energyWh,
      from: this.communityOf(from, fromSchedule, countsDeclared),
      to: this.communityOf(to, toSchedule, countsDeclared),
      ...(line === undefined ? {} : { line }),
      rationLeftWh: (slot) => this.rationLeft(buyersMeter, buyer, to, slot),
      nowS: this.nowS,
    });
  }

  /**
   * All that keeps energy from trading. Where one price holds for all slots the contracts may look at it first: so what would
   * cut the energy if both orders were open-ended counts, too.
   */
  private cutsOf(sides: Sides): Set<string> {
    return new Set([...this.strike(sides).cuts, ...this.strike(sides, OPEN_ENDED).cuts]);
  }

  private partyOf(signed: SignedOrder | undefined): Party {
    if (signed === undefined) {
      return {
        kind: "taker",
        pricePerKwh: 0n,
        firstSlot: 0,
        lastSlot: 2 ** 32 - 1,
        leftWh: undefined,
        crosses: true,
      };
    }
    const { order } = signed;
    return {
      kind: isPosted(order) ? "posted" : "limit",
      pricePerKwh: order.price,
      firstSlot: order.firstSlot,
      lastSlot: order.lastSlot,
      leftWh: this.orders.leftOf(signed),
      crosses: order.crosses,
    };
  }

  private communityOf(number: number, schedule: number, countsDeclared: boolean): Community {
    const { slotSeconds, utcOffsetMinutes, schedules, closedFrom } = this.communities.of(number);
    const named = schedules[schedule];
    if (named === undefined) throw new RangeError(`There is no schedule ${schedule}.`);
    return {
      slotSeconds,
      utcOffsetMinutes,
      schedule: named,
      closedFrom,
      isIslanded: (slot) => this.communities.isIslanded(number, slot, countsDeclared),
    };
  }

  /** Wh that a buyer may still have of an islanded slot; undefined for a critical load. */
  private rationLeft(meter: Address, buyer: Address, to: number, slot: number): bigint | undefined {
    const of = this.metering.meters.get(meter);
    if (of === undefined || of.owner !== buyer || of.microgrid !== to || !of.active) {
      return 0n;
    }
    if (of.critical) return undefined;
    return this.communities.rationOf(to, slot) - this.tallies.rationed.of(meter, slot);
  }

  /** What both sides have to pay with, and whether they may. */
  private fundsDefectsOf(sides: Sides, struck: Struck): string[] {
    const { seller, buyer, offer, bid, isForward, settler } = sides;
    const defects: string[] = [];
    const { costMillis } = totalsOf(struck.slots);
    const pay = (holder: Address, amount: bigint) => {
      if (amount > this.tallies.money.of(holder)) defects.push("Escrow_InsufficientBalance");
      if (amount > 0n && !this.orders.mayMove(holder, settler)) defects.push("Escrow_Locked");
    };
    pay(buyer, costMillis);
    if (bid !== undefined && !this.orders.covers(bid, costMillis)) {
      defects.push("Orders_AllowanceExceeded");
    }
    if (offer !== undefined && !this.orders.covers(offer, this.drawnOf(sides, struck))) {
      defects.push("Orders_AllowanceExceeded");
    }
    if (isForward) {
      pay(seller, this.bondedOf(sides, struck));
      const { sellersMeter, from, source, mostAhead } = sides;
      const sent = sentBySlot(struck);
      defects.push(
        ...this.metering.commitDefects(sellersMeter, seller, from, source, sent, mostAhead),
      );
    } else {
      const isShort = struck.slots.some(
        ({ slot, sentWh }) =>
          sentWh > this.tallies.energy.of(seller, sides.from, sides.source, slot),
      );
      if (isShort) defects.push("Deals_NotCovered", "ERC1155InsufficientBalance");
    }
    return defects;
  }

  private book(sides: Sides, struck: Struck): void {
    const { seller, buyer, from, to, source, offer, bid, isForward } = sides;
    const { money, energy, flow, rationed } = this.tallies;
    const { sentWh, arrivedWh, costMillis, chargeMillis } = totalsOf(struck.slots);
    if (offer !== undefined) {
      this.orders.fill(offer, sentWh);
      this.orders.draw(offer, this.drawnOf(sides, struck));
    }
    if (bid !== undefined) {
      this.orders.fill(bid, arrivedWh);
      this.orders.draw(bid, costMillis);
    }
    for (const each of struck.slots) {
      if (from !== to) flow.add(each.sentWh, from, to, each.slot);
      if (each.isRationed) rationed.add(each.arrivedWh, sides.buyersMeter, each.slot);
    }
    money.add(-costMillis, buyer);
    if (isForward) {
      this.reserve(sides, struck);
      return;
    }
    money.add(costMillis - chargeMillis, seller);
    this.owe(from, to, chargeMillis);
    for (const each of struck.slots) {
      energy.add(-each.sentWh, seller, from, source, each.slot);
      energy.add(each.arrivedWh, buyer, to, source, each.slot);
    }
  }

  /** Who may act for a bid's maker: the signer of its lock for a firm bid, else the delegate who signed. */
  private actsFor(bid: SignedOrder | undefined): Address {
    if (bid === undefined) return zeroAddress;
    if (isFirm(bid.order)) return this.orders.lockOf(bid.order.maker)?.signer ?? zeroAddress;
    return bid.signer === bid.order.maker ? zeroAddress : bid.signer;
  }

  private reserve(sides: Sides, struck: Struck): void {
    const { seller, buyer, from, to, source, bid, sellersMeter, buyersMeter } = sides;
    this.tallies.money.add(-this.bondedOf(sides, struck), seller);
    const energyWh = sentBySlot(struck);
    const aheadWh = this.metering.commit(sellersMeter, energyWh);
    const firstBlock = blockOf(Math.min(...sides.energyWh.keys()));
    this.positions.push({
      ...this.termsOf(sides, struck),
      seller,
      buyer,
      meter: sellersMeter,
      source,
      from,
      to,
      buyerDelegate: this.actsFor(bid),
      rationed: struck.slots[0]?.isRationed ? buyersMeter : zeroAddress,
      firstBlock,
      energyWh,
      aheadWh,
    });
    let open = 0n;
    for (const slot of energyWh.keys()) open |= 1n << BigInt(blockOf(slot) - firstBlock);
    this.tallies.open.set(open, this.positions.length - 1);
  }

  /** What keeps a block of a position from being released. */
  private keptBy(
    index: number,
    position: Position,
    block: number,
    callsUndelivered: boolean,
    who: Address,
  ): Set<string> {
    const reasons = new Set<string>();
    if (((this.tallies.open.of(index) >> BigInt(block)) & 1n) === 0n) {
      return reasons.add("Forwards_NotOpen");
    }
    const isBuyers = who === position.buyer || who === position.buyerDelegate;
    for (const [slot] of energyOfBlock(position, block)) {
      if (this.tallies.reported.of(position.meter, slot) > 0n) continue;
      const overdueAt = this.communities.overdueAt(position.from, slot, this.nowS);
      const from = isBuyers ? overdueAt : overdueAt + GRACE_S;
      if (!callsUndelivered) reasons.add("Forwards_NotReported");
      else if (this.nowS < from) reasons.add("Forwards_NotOverdue");
    }
    return reasons;
  }

  private releaseBlock(index: number, position: Position, block: number): void {
    const { seller, buyer, meter, source, from, to, rationed } = position;
    const { money, energy, flow, delivered, open } = this.tallies;
    open.set(open.of(index) & ~(1n << BigInt(block)), index);
    let charged = 0n;
    for (const [slot, wh] of energyOfBlock(position, block)) {
      const served = shareWh(wh, position.aheadWh.get(slot) ?? 0n, delivered.of(meter, slot));
      const given = releaseSlot(position, wh, served);
      energy.add(given.arrivedWh, buyer, to, source, slot);
      money.add(given.refundMillis + given.forfeitedMillis, buyer);
      money.add(given.toSellerMillis, seller);
      charged += given.chargeMillis;
      if (from !== to) flow.add(served - wh, from, to, slot);
      if (rationed !== zeroAddress) this.tallies.rationed.add(served - wh, rationed, slot);
    }
    this.payDsos(from, to, charged);
  }

  /** Charges of a batch are halved together as long as they go the same way: an odd thousandth comes up once. */
  private owe(from: number, to: number, charge: bigint): void {
    if (this.owed.from !== from || this.owed.to !== to) this.payOwed();
    this.owed = { from, to, charge: this.owed.charge + charge };
  }

  private payOwed(): void {
    const { from, to, charge } = this.owed;
    if (charge > 0n) this.payDsos(from, to, charge);
    this.owed = NOTHING_OWED;
  }

  /** Half of a wheeling charge goes to each DSO; the odd thousandth to where the energy goes. */
  private payDsos(from: number, to: number, charge: bigint): void {
    const half = from === to ? 0n : charge / 2n;
    this.tallies.money.add(half, this.communities.of(from).dso);
    this.tallies.money.add(charge - half, this.communities.of(to).dso);
  }

  private termsOf({ from, to, bondPerKwh }: Sides, { slots }: Struck): PositionTerms {
    const first = slots[0];
    if (first === undefined) throw new RangeError("Nothing was sold.");
    return {
      pricePerKwh: first.pricePerKwh,
      perArrived: first.perArrived,
      chargePerKwh: first.chargePerKwh,
      bondPerKwh,
      lossBps: this.communities.crossingOf(from, to, this.nowS)?.lossBps ?? 0n,
      crosses: from !== to,
    };
  }

  private bondedOf(sides: Sides, struck: Struck): bigint {
    return bondedFor(this.termsOf(sides, struck), totalsOf(struck.slots).sentWh);
  }

  /** What a delegate who signed the offer has to be allowed. */
  private drawnOf(sides: Sides, struck: Struck): bigint {
    // Of a forward all that it locks: its bond and, across a line, the wheeling charge.
    return worthOf(struck.slots) + (sides.isForward ? this.bondedOf(sides, struck) : 0n);
  }
}

const sentBySlot = ({ slots }: Struck): Map<number, bigint> =>
  new Map(slots.map(({ slot, sentWh }) => [slot, sentWh]));

const energyOfBlock = ({ firstBlock, energyWh }: Position, block: number) =>
  [...energyWh].filter(([slot]) => blockOf(slot) === firstBlock + block);

/** At home both sides go by one schedule: the offer's, or that of a bid which somebody takes. */
const homeScheduleOf = ({ offer, fromSchedule, toSchedule }: Sides): number =>
  offer === undefined ? toSchedule : fromSchedule;
