import {
  blockOf,
  costOf,
  type EnergyBySlot,
  LANE_MAX_WH,
  type Mode,
  type Order,
  type Source,
  sourceIndex,
} from "@wattline/sdk";
import { type Address, zeroAddress } from "viem";
import type {
  Action,
  ActionOf,
  Position,
  SignedOrder,
  Take,
  Tariffs,
  TieLine,
  Trade,
} from "./actions.ts";
import { Refused, Rules } from "./rules.ts";
import { type Key, Tally } from "./tally.ts";

export interface MicrogridRecord {
  readonly operator: Address;
  readonly dso: Address;
  readonly slotSeconds: number;
  readonly reportingDeadlineS: number;
  mode: Mode;
  tariffs: Tariffs;
}

export interface MeterRecord {
  readonly microgrid: number;
  readonly source: Source;
  readonly capacityW: bigint;
  readonly critical: boolean;
  readonly sinceS: number;
  owner: Address;
  active: boolean;
}

interface LineRecord {
  readonly agreed: { readonly line: TieLine; readonly fromS: number }[];
  proposed: { readonly line: TieLine; readonly by: number } | undefined;
}

/** Who trades what with whom, on which terms: all that an order and a take say together. */
interface Deal {
  readonly seller: Address;
  readonly buyer: Address;
  readonly from: number;
  readonly to: number;
  /** Per kWh sent: what the seller receives and what the DSOs receive. */
  readonly price: bigint;
  readonly charge: bigint;
  readonly lossBps: bigint;
  readonly sentWh: bigint;
  readonly arrived: EnergyBySlot;
  readonly filledWh: bigint;
}

/** How a batch has cleared: a price for every slot that traded, and per match why it may have been skipped. */
export interface Clearing {
  readonly prices: ReadonlyMap<number, bigint>;
  readonly skipped: readonly ReadonlySet<string>[];
}

/** What came of an action: the rules it breaks, none when it was done. */
export interface Outcome {
  readonly broken: ReadonlySet<string>;
  readonly clearing?: Clearing;
}

const BPS = 10_000n;
const NOTICE_S = 7 * 86_400;
const MOST_LOCK_S = 365 * 86_400;
const DONE: Outcome = { broken: new Set() };

/**
 * The whole market as one would tell it to a child: who has how much money, who has how much energy in which slot, what
 * was signed, promised and delivered. Each rule is what contracts/interfaces say, in that order and no other.
 */
export class Model {
  nowS: number;
  /** What the escrow contract has of the currency. */
  vault = 0n;
  readonly microgrids = new Map<number, MicrogridRecord>();
  readonly meters = new Map<Address, MeterRecord>();
  readonly positions = new Map<string, Position>();
  readonly tallies = {
    money: new Tally<[holder: Address]>(),
    counter: new Tally<[holder: Address]>(),
    lockedUntil: new Tally<[holder: Address]>(),
    filled: new Tally<[maker: Address, nonce: bigint]>(),
    cancelled: new Tally<[maker: Address, nonce: bigint]>(),
    allowance: new Tally<[maker: Address, delegate: Address]>(),
    energy: new Tally<[holder: Address, microgrid: number, source: Source, slot: number]>(),
    reported: new Tally<[meter: Address, slot: number]>(),
    committed: new Tally<[meter: Address, slot: number]>(),
    delivered: new Tally<[meter: Address, slot: number]>(),
    handedOut: new Tally<[meter: Address, slot: number]>(),
    reserved: new Tally<[position: string, slot: number]>(),
    flow: new Tally<[from: number, to: number, slot: number]>(),
    rationed: new Tally<[meter: Address, slot: number]>(),
  };

  private readonly lines = new Map<string, LineRecord>();
  private readonly market: Address;

  constructor(nowS: number, market: Address) {
    this.nowS = nowS;
    this.market = market;
  }

  /** Does an action, or leaves all as it was and says which rules it breaks. */
  act(action: Action): Outcome {
    const tallies: Tally<Key>[] = Object.values(this.tallies);
    for (const tally of tallies) tally.keep();
    const { vault } = this;
    try {
      return this.attempt(action);
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
      for (const tally of tallies) tally.takeBack();
      this.vault = vault;
      return { broken: refused.broken };
    }
  }

  private attempt(action: Action): Outcome {
    switch (action.kind) {
      case "wait":
        this.nowS += action.seconds;
        break;
      case "deposit":
        this.deposit(action);
        break;
      case "withdraw":
        this.withdraw(action);
        break;
      case "lock":
        this.lock(action);
        break;
      case "cancel":
        for (const nonce of action.nonces) this.tallies.cancelled.set(1n, action.who, nonce);
        break;
      case "cancelAll":
        this.tallies.counter.add(1n, action.who);
        break;
      case "authorize":
        this.authorize(action);
        break;
      case "accept":
        this.accept(action);
        break;
      case "reserve":
        this.reserve(action);
        break;
      case "settle":
        return this.settle(action);
      case "release":
        this.release(action);
        break;
      case "report":
        this.report(action);
        break;
      case "retire":
        this.retire(action);
        break;
      case "handOverMeter":
        this.handOverMeter(action);
        break;
      case "retireMeter":
        this.retireMeter(action);
        break;
      case "setMode":
        this.setMode(action);
        break;
      case "setTariffs":
        this.setTariffs(action);
        break;
      case "proposeTieLine":
        this.proposeTieLine(action);
        break;
    }
    return DONE;
  }

  // ---- Escrow --------------------------------------------------------------------------------------------------

  private deposit({ who, amount }: ActionOf<"deposit">): void {
    const rules = new Rules();
    rules.refuse("Escrow_NothingDeposited", amount === 0n);
    rules.enforce();
    this.vault += amount;
    this.tallies.money.add(amount, who);
  }

  private withdraw({ who, amount, to }: ActionOf<"withdraw">): void {
    const rules = new Rules();
    rules.refuse("Escrow_BadRecipient", to === zeroAddress || to === this.market);
    rules.refuse("Escrow_Locked", BigInt(this.nowS) < this.tallies.lockedUntil.of(who));
    this.checkMoney(rules, who, amount);
    rules.enforce();
    this.vault -= amount;
    this.tallies.money.add(-amount, who);
  }

  private lock({ who, until }: ActionOf<"lock">): void {
    const rules = new Rules();
    const isProlonged = BigInt(until) > this.tallies.lockedUntil.of(who);
    rules.refuse("Escrow_BadLock", !isProlonged || until > this.nowS + MOST_LOCK_S);
    rules.enforce();
    this.tallies.lockedUntil.set(BigInt(until), who);
  }

  private checkMoney(rules: Rules, holder: Address, needed: bigint): void {
    rules.refuse("Escrow_InsufficientBalance", needed > this.tallies.money.of(holder));
  }

  /** All to the one DSO, or half each across a line, the odd unit to the receiving one. */
  private payDsos(from: number, to: number, charge: bigint): void {
    const half = from === to ? 0n : charge / 2n;
    this.tallies.money.add(half, this.microgrid(from).dso);
    this.tallies.money.add(charge - half, this.microgrid(to).dso);
  }

  // ---- Orders --------------------------------------------------------------------------------------------------

  private authorize({ who, delegate, allowance }: ActionOf<"authorize">): void {
    const rules = new Rules();
    rules.refuse("Orders_BadDelegate", delegate === zeroAddress || delegate === who);
    rules.enforce();
    this.tallies.allowance.set(allowance, who, delegate);
  }

  /** A maker signs, or a delegate that has anything left to spend. */
  private isSigned({ order, signer }: SignedOrder): boolean {
    return signer === order.maker || this.tallies.allowance.of(order.maker, signer) > 0n;
  }

  private checkTerms(rules: Rules, order: Order, taker: Address, source: Source): void {
    const isForTaker = order.counterparty === zeroAddress || order.counterparty === taker;
    rules.refuse("Orders_Expired", this.nowS > order.deadline);
    rules.refuse("Orders_CounterRaised", order.counter !== this.tallies.counter.of(order.maker));
    rules.refuse("Orders_NotCounterparty", !isForTaker);
    rules.refuse("Orders_SourceNotNamed", ((order.sources >> sourceIndex(source)) & 1) === 0);
  }

  private checkFill(rules: Rules, order: Order, wh: bigint): void {
    rules.refuse("Orders_IsCancelled", this.isCancelled(order));
    rules.refuse("Orders_Overfilled", wh > this.leftWhOf(order));
  }

  /** What is drawn on the allowance of the delegate who signed; nothing when it was the maker. */
  private checkAllowance(rules: Rules, { order, signer }: SignedOrder, worth: bigint): void {
    if (signer === order.maker) return;
    rules.refuse(
      "Orders_AllowanceExceeded",
      worth > this.tallies.allowance.of(order.maker, signer),
    );
  }

  private draw({ order, signer }: SignedOrder, worth: bigint): void {
    if (signer !== order.maker) this.tallies.allowance.add(-worth, order.maker, signer);
  }

  private isCancelled(order: Order): boolean {
    return this.tallies.cancelled.of(order.maker, order.nonce) === 1n;
  }

  leftWhOf(order: Order): bigint {
    return BigInt(order.energy) - this.tallies.filled.of(order.maker, order.nonce);
  }

  // ---- What every trade rests on -------------------------------------------------------------------------------

  private accept({ who, signed, take }: Trade): void {
    const rules = new Rules();
    rules.refuse("Spot_IsForward", signed.order.forward);
    const deal = this.strike(rules, who, signed, take);
    if (deal === undefined) {
      rules.enforce();
      return;
    }
    const paid = amountsOf(deal, deal.sentWh);
    const worth = this.worthOf(signed.order, deal, paid.due + paid.charge, 0n);
    this.checkAllowance(rules, signed, worth);
    this.checkMoney(rules, deal.buyer, paid.due + paid.charge);
    checkLimit(rules, signed.order, take, paid.due, paid.due + paid.charge);
    this.checkEnergy(rules, deal.seller, deal.from, take.source, take.energyWh);
    rules.enforce();

    this.record(signed, take, deal);
    this.draw(signed, worth);
    this.tallies.money.add(-paid.due - paid.charge, deal.buyer);
    this.tallies.money.add(paid.due, deal.seller);
    this.payDsos(deal.from, deal.to, paid.charge);
    this.addEnergy(deal.seller, deal.from, take.source, negated(take.energyWh));
    this.addEnergy(deal.buyer, deal.to, take.source, deal.arrived);
  }

  /** What an order and a take come to, if that can be said at all; collects the rules they break. */
  private strike(rules: Rules, taker: Address, signed: SignedOrder, take: Take): Deal | undefined {
    const { order } = signed;
    const home = this.microgrids.get(order.microgrid);
    if (home === undefined) return void rules.refuse("Microgrids_Unknown");
    rules.refuse("Trading_Closed", home.mode === "Closed");
    rules.refuse("Trading_SelfTrade", taker === order.maker);
    rules.refuse("Orders_BadSignature", !this.isSigned(signed));
    this.checkTerms(rules, order, taker, take.source);
    rules.refuse("Orders_OutsideSlots", reachesBeyond(take.energyWh, order));
    rules.refuse("Trading_NothingTaken", sumOf(take.energyWh) === 0n);

    const deal = this.dealOf(rules, taker, order, take);
    if (deal === undefined) return undefined;
    if (home.mode === "Islanded") this.checkIslandRules(rules, deal, order, take);
    this.checkFill(rules, order, deal.filledWh);
    return deal;
  }

  private record({ order }: SignedOrder, take: Take, deal: Deal): void {
    this.tallies.filled.add(deal.filledWh, order.maker, order.nonce);
    for (const [slot, wh] of withEnergy(take.energyWh)) {
      if (deal.from !== deal.to) this.tallies.flow.add(wh, deal.from, deal.to, slot);
      const meter = order.side === 0 ? take.meter : order.meter;
      if (this.isRationed(deal.to, meter)) this.tallies.rationed.add(wh, meter, slot);
    }
  }

  private dealOf(rules: Rules, taker: Address, order: Order, take: Take): Deal | undefined {
    const isOffer = order.side === 0;
    const [seller, buyer] = isOffer ? [order.maker, taker] : [taker, order.maker];
    const [from, to] = isOffer
      ? [order.microgrid, take.microgrid]
      : [take.microgrid, order.microgrid];
    const way = this.wayOf(rules, order.microgrid, take, from, to);
    if (way === undefined) return undefined;
    const arrived = arrivedOf(take.energyWh, way.lossBps);
    const sentWh = sumOf(take.energyWh);
    // A bid is for what arrives: of a kWh sent it pays what the line leaves of it.
    const bidPrice = (order.price * (BPS - way.lossBps)) / BPS;
    rules.refuse("Trading_ChargeExceedsPrice", !isOffer && way.charge > bidPrice);
    return {
      seller,
      buyer,
      from,
      to,
      price: isOffer ? order.price : bidPrice - way.charge,
      charge: way.charge,
      lossBps: way.lossBps,
      sentWh,
      arrived,
      filledWh: sumOf(isOffer ? take.energyWh : arrived),
    };
  }

  /** What the way from seller to buyer takes: the network fee at home, wheeling charge and loss across a tie line. */
  private wayOf(rules: Rules, home: number, take: Take, from: number, to: number) {
    const charge = this.microgrid(home).tariffs.networkFee;
    if (from === to) return { lossBps: 0n, charge };
    const other = this.microgrids.get(take.microgrid);
    rules.refuse("Trading_Islanded", this.microgrid(home).mode === "Islanded");
    if (other === undefined) return void rules.refuse("Microgrids_Unknown");
    rules.refuse("Trading_Islanded", other.mode === "Islanded");
    rules.refuse("Trading_Closed", other.mode === "Closed");
    const line = this.lineInForce(from, to);
    if (line === undefined) return void rules.refuse("Microgrids_NoTieLine");
    const isFull = [...withEnergy(take.energyWh)].some(
      ([slot, wh]) => this.tallies.flow.of(from, to, slot) + wh > line.capacityWh,
    );
    rules.refuse("Trading_LineFull", isFull);
    return { lossBps: line.lossBps, charge: from < to ? line.wheelingUp : line.wheelingDown };
  }

  /** While islanded a buyer names a meter of its own, pays no more than the cap, and has a ration unless critical. */
  private checkIslandRules(rules: Rules, deal: Deal, order: Order, take: Take): void {
    const { tariffs } = this.microgrid(deal.to);
    const named = order.side === 0 ? take.meter : order.meter;
    const meter = this.meters.get(named);
    rules.refuse("Trading_AboveIslandCap", deal.price + deal.charge > tariffs.islandPriceCap);
    rules.refuse(
      "Trading_BadMeter",
      meter?.owner !== deal.buyer || meter.microgrid !== deal.to || !meter.active,
    );
    const isBeyond = [...withEnergy(take.energyWh)].some(
      ([slot, wh]) => this.tallies.rationed.of(named, slot) + wh > tariffs.islandRationWh,
    );
    rules.refuse("Trading_RationExceeded", isBeyond && this.isRationed(deal.to, named));
  }

  private isRationed(microgrid: number, meter: Address): boolean {
    const isIslanded = this.microgrids.get(microgrid)?.mode === "Islanded";
    return isIslanded && this.meters.get(meter)?.critical !== true;
  }

  /** A fill draws what it costs the buyer, energy sold being worth the feed-in tariff at least, and the bond. */
  private worthOf(order: Order, deal: Deal, cost: bigint, bond: bigint): bigint {
    if (order.side === 1) return cost;
    return larger(cost, costOf(this.microgrid(deal.from).tariffs.feedIn, deal.sentWh)) + bond;
  }

  private checkEnergy(
    rules: Rules,
    holder: Address,
    microgrid: number,
    source: Source,
    energyWh: EnergyBySlot,
  ): void {
    const isShort = !this.holds(holder, microgrid, source, energyWh);
    rules.refuse("ERC1155InsufficientBalance", isShort);
  }

  private holds(holder: Address, microgrid: number, source: Source, energyWh: EnergyBySlot) {
    return [...energyWh].every(
      ([slot, wh]) => wh <= this.tallies.energy.of(holder, microgrid, source, slot),
    );
  }

  private addEnergy(
    holder: Address,
    microgrid: number,
    source: Source,
    energyWh: EnergyBySlot,
  ): void {
    for (const [slot, wh] of energyWh) this.tallies.energy.add(wh, holder, microgrid, source, slot);
  }

  // ---- Batches -------------------------------------------------------------------------------------------------

  private settle({ batch, signatures, matches }: ActionOf<"settle">): Outcome {
    const rules = new Rules();
    const microgrid = batch[0]?.order.microgrid;
    rules.refuse("Settlement_Empty", batch.length === 0 || matches.length === 0);
    rules.refuse("Settlement_LengthMismatch", signatures !== batch.length);
    rules.refuse(
      "Settlement_MixedMicrogrids",
      batch.some(({ order }) => order.microgrid !== microgrid),
    );
    rules.refuse(
      "Spot_IsForward",
      batch.some(({ order }) => order.forward),
    );
    const home = this.microgrids.get(microgrid ?? 0);
    rules.refuse("Microgrids_Unknown", home === undefined);
    rules.refuse("Trading_Closed", home?.mode === "Closed");
    const pairs = matches.flatMap((match) => {
      const [offer, bid] = [batch[match.offer], batch[match.bid]];
      if (offer === undefined || bid === undefined) {
        rules.refuse("Settlement_BadIndex");
        return [];
      }
      rules.refuse("Settlement_WrongSide", offer.order.side !== 0 || bid.order.side !== 1);
      rules.refuse("Trading_SelfTrade", offer.order.maker === bid.order.maker);
      rules.refuse(
        "Orders_OutsideSlots",
        [offer, bid].some(({ order }) => reachesBeyond(match.energyWh, order)),
      );
      rules.refuse("Trading_NothingTaken", sumOf(match.energyWh) === 0n);
      return [{ offer, bid, source: match.source, energyWh: match.energyWh }];
    });
    rules.enforce();
    if (home === undefined || microgrid === undefined) throw new Error("No rule was broken.");

    const fee = home.tariffs.networkFee;
    const cap = home.mode === "Islanded" ? home.tariffs.islandPriceCap : undefined;
    const signed = new Set(batch.filter((each) => this.isSigned(each)));
    const settled: typeof pairs = [];
    const skipped: ReadonlySet<string>[] = [];

    // Match by match, buyers' money is held at their limit, and energy just bought may be sold on.
    for (const pair of pairs) {
      const { offer, bid, source, energyWh } = pair;
      const wh = sumOf(energyWh);
      const held = costOf(bid.order.price, wh);
      const worth = costOf(larger(offer.order.price + fee, home.tariffs.feedIn), wh);
      const skips = new Rules();
      skips.refuse("Orders_BadSignature", !signed.has(offer) || !signed.has(bid));
      this.checkTerms(skips, offer.order, bid.order.maker, source);
      this.checkTerms(skips, bid.order, offer.order.maker, source);
      this.checkFill(skips, offer.order, wh);
      this.checkFill(skips, bid.order, wh);
      this.checkAllowance(skips, offer, worth);
      this.checkAllowance(skips, bid, held);
      this.checkMoney(skips, bid.order.maker, held);
      skips.refuse("Trading_AboveIslandCap", cap !== undefined && offer.order.price + fee > cap);
      skips.refuse(
        "Settlement_NotCovered",
        !this.holds(offer.order.maker, microgrid, source, energyWh),
      );
      if (skips.broken.size > 0) {
        skipped.push(skips.broken);
        continue;
      }
      settled.push(pair);
      this.tallies.filled.add(wh, offer.order.maker, offer.order.nonce);
      this.tallies.filled.add(wh, bid.order.maker, bid.order.nonce);
      this.draw(offer, worth);
      this.draw(bid, held);
      this.tallies.money.add(-held, bid.order.maker);
      this.addEnergy(offer.order.maker, microgrid, source, negated(energyWh));
      this.addEnergy(bid.order.maker, microgrid, source, energyWh);
    }

    const prices = new Map<number, bigint>();
    for (const slot of new Set(settled.flatMap(({ energyWh }) => slotsOf(energyWh)))) {
      const here = settled.filter(({ energyWh }) => (energyWh.get(slot) ?? 0n) > 0n);
      const highestAsk = here.map(({ offer }) => offer.order.price + fee).reduce(larger);
      const lowestBid = here.map(({ bid }) => bid.order.price).reduce(smaller);
      rules.refuse("Settlement_Crossed", highestAsk > lowestBid);
      const midpoint = (highestAsk + lowestBid) / 2n;
      prices.set(slot, cap === undefined ? midpoint : smaller(midpoint, cap));
    }
    if (home.mode === "Islanded") {
      for (const critical of batch.filter((each) => signed.has(each) && this.isCriticalBid(each))) {
        if (!this.isShort(critical)) continue;
        const isOvertaken = settled.some(
          ({ bid, energyWh }) =>
            !this.isCriticalBid(bid) &&
            slotsOf(energyWh).some((slot) => isWithin(slot, critical.order)),
        );
        rules.refuse("Settlement_CriticalShort", isOvertaken);
      }
    }
    rules.enforce();

    let charges = 0n;
    for (const { offer, bid, energyWh } of settled) {
      const wh = sumOf(energyWh);
      const value = [...energyWh].reduce((sum, [slot, each]) => {
        return sum + each * (prices.get(slot) ?? 0n);
      }, 0n);
      const cost = costOf(value, 1n);
      const charge = chargeOf(fee, wh);
      charges += charge;
      this.tallies.money.add(costOf(bid.order.price, wh) - cost, bid.order.maker);
      this.tallies.money.add(cost - charge, offer.order.maker);
    }
    this.payDsos(microgrid, microgrid, charges);
    return { ...DONE, clearing: { prices, skipped } };
  }

  private isCriticalBid({ order }: SignedOrder): boolean {
    const meter = this.meters.get(order.meter);
    return (
      order.side === 1 &&
      meter !== undefined &&
      meter.critical &&
      meter.active &&
      meter.owner === order.maker &&
      meter.microgrid === order.microgrid
    );
  }

  /** A live bid that wants more than it got, and whose maker, or the delegate who signed, could pay for it. */
  private isShort(bid: SignedOrder): boolean {
    const { order } = bid;
    const leftWh = this.leftWhOf(order);
    const held = costOf(order.price, leftWh);
    const defects = new Rules();
    defects.refuse("Orders_Expired", this.nowS > order.deadline);
    defects.refuse("Orders_CounterRaised", order.counter !== this.tallies.counter.of(order.maker));
    defects.refuse("Orders_IsCancelled", this.isCancelled(order));
    this.checkMoney(defects, order.maker, held);
    this.checkAllowance(defects, bid, held);
    return leftWh > 0n && defects.broken.size === 0;
  }

  // ---- Forwards ------------------------------------------------------------------------------------------------

  private reserve({ who, signed, take }: Trade): void {
    const { order } = signed;
    const rules = new Rules();
    rules.refuse("Forwards_IsSpot", !order.forward);
    const deal = this.strike(rules, who, signed, take);
    if (deal === undefined) {
      rules.enforce();
      return;
    }
    const position: Position = {
      seller: deal.seller,
      buyer: deal.buyer,
      meter: order.side === 0 ? order.meter : take.meter,
      source: take.source,
      from: deal.from,
      to: deal.to,
      price: deal.price,
      charge: deal.charge,
      bond: order.bond,
      lossBps: deal.lossBps,
    };
    const id = idOf(position);
    const { due, charge, bond } = this.growthOf(position, take.energyWh);
    checkLimit(rules, order, take, due, due + charge);
    const worth = this.worthOf(order, deal, due + charge, bond);
    this.checkAllowance(rules, signed, worth);
    this.checkMoney(rules, deal.buyer, due + charge);
    this.checkMoney(rules, deal.seller, bond);
    this.checkCommitment(rules, position, take.energyWh);
    rules.enforce();

    this.record(signed, take, deal);
    this.draw(signed, worth);
    this.tallies.money.add(-due - charge, deal.buyer);
    this.tallies.money.add(-bond, deal.seller);
    this.positions.set(id, position);
    for (const [slot, wh] of withEnergy(take.energyWh)) {
      this.tallies.reserved.add(wh, id, slot);
      this.tallies.committed.add(wh, position.meter, slot);
    }
  }

  /** A block of a position locks what its whole energy costs: growing it locks the difference. */
  private growthOf(position: Position, energyWh: EnergyBySlot) {
    const growth = { due: 0n, charge: 0n, bond: 0n };
    for (const [block, addedWh] of byBlock(energyWh)) {
      const beforeWh = this.reservedWhOf(position, block);
      const [before, after] = [
        amountsOf(position, beforeWh),
        amountsOf(position, beforeWh + addedWh),
      ];
      growth.due += after.due - before.due;
      growth.charge += after.charge - before.charge;
      growth.bond += costOf(position.bond, beforeWh + addedWh) - costOf(position.bond, beforeWh);
    }
    return growth;
  }

  private reservedWhOf(position: Position, block: number): bigint {
    return sumOf(this.reservedIn(idOf(position), block));
  }

  reservedIn(id: string, block: number): EnergyBySlot {
    const reserved = slotsIn(block).map(
      (slot) => [slot, this.tallies.reserved.of(id, slot)] as const,
    );
    return new Map(reserved.filter(([, wh]) => wh > 0n));
  }

  /** A seller promises energy of an active meter of its own, in slots still to come, no more than it can export. */
  private checkCommitment(rules: Rules, position: Position, energyWh: EnergyBySlot): void {
    const meter = this.meters.get(position.meter);
    rules.refuse("Meters_Unknown", meter === undefined);
    if (meter === undefined) return;
    rules.refuse("Meters_NotOwner", meter.owner !== position.seller);
    rules.refuse("Meters_Inactive", !meter.active);
    rules.refuse(
      "Meters_NotSuch",
      meter.microgrid !== position.from || meter.source !== position.source,
    );
    const { slotSeconds } = this.microgrid(position.from);
    for (const [slot, wh] of withEnergy(energyWh)) {
      const promisedWh = this.tallies.committed.of(position.meter, slot) + wh;
      rules.refuse("Meters_SlotStarted", slot * slotSeconds <= this.nowS);
      rules.refuse("Meters_OverCommitted", promisedWh > this.mostWhOf(meter));
    }
  }

  private release({ releases }: ActionOf<"release">): void {
    const rules = new Rules();
    rules.refuse("Forwards_NothingReleased", releases.length === 0);
    rules.enforce();
    for (const { position, block } of releases) this.releaseOne(position, block);
  }

  private releaseOne(position: Position, block: number): void {
    const id = idOf(position);
    const promised = this.reservedIn(id, block);
    const rules = new Rules();
    rules.refuse("Forwards_NothingReserved", promised.size === 0);
    rules.refuse(
      "Forwards_NotResolved",
      slotsOf(promised).some((slot) => !this.isResolved(position.meter, slot)),
    );
    rules.enforce();

    const share = new Map<number, bigint>();
    for (const [slot, wh] of promised) {
      const deliveredWh = this.tallies.delivered.of(position.meter, slot);
      const shareWh = (wh * deliveredWh) / this.tallies.committed.of(position.meter, slot);
      share.set(slot, shareWh);
      this.tallies.reserved.set(0n, id, slot);
      this.tallies.handedOut.add(shareWh, position.meter, slot);
      const restWh = deliveredWh - this.tallies.handedOut.of(position.meter, slot);
      if (!this.isOwed(position.meter, slot)) {
        const owner = this.meter(position.meter).owner;
        this.tallies.energy.add(restWh, owner, position.from, position.source, slot);
      }
    }
    const arrived = arrivedOf(share, position.lossBps);
    this.addEnergy(position.buyer, position.to, position.source, arrived);

    const locked = amountsOf(position, sumOf(promised));
    const paid = amountsOf(position, sumOf(share));
    const kept = costOf(position.bond, sumOf(share));
    const forfeited = costOf(position.bond, sumOf(promised)) - kept;
    const refund = locked.due + locked.charge - paid.due - paid.charge;
    this.tallies.money.add(paid.due + kept, position.seller);
    this.tallies.money.add(refund + forfeited, position.buyer);
    this.payDsos(position.from, position.to, paid.charge);
  }

  /** Whether any position still waits for energy of a meter in a slot. */
  private isOwed(meter: Address, slot: number): boolean {
    return [...this.positions].some(
      ([id, position]) => position.meter === meter && this.tallies.reserved.of(id, slot) > 0n,
    );
  }

  /** What a slot has delivered will not change any more: it is reported, or past its reporting deadline. */
  isResolved(meter: Address, slot: number): boolean {
    return this.tallies.reported.of(meter, slot) === 1n || !this.isInTime(meter, slot);
  }

  private isInTime(meter: Address, slot: number): boolean {
    const { slotSeconds, reportingDeadlineS } = this.microgrid(this.meter(meter).microgrid);
    return this.nowS <= (slot + 1) * slotSeconds + reportingDeadlineS;
  }

  /** All that is still locked for positions: payments and bonds. */
  lockedInPositions(): bigint {
    let locked = 0n;
    for (const [id, position] of this.positions) {
      const keys = this.tallies.reserved.entries().filter(({ key }) => key[0] === id);
      for (const block of new Set(keys.map(({ key }) => blockOf(key[1])))) {
        const wh = this.reservedWhOf(position, block);
        const { due, charge } = amountsOf(position, wh);
        locked += due + charge + costOf(position.bond, wh);
      }
    }
    return locked;
  }

  // ---- Meters --------------------------------------------------------------------------------------------------

  private report({ meter: address, signer, exportedWh }: ActionOf<"report">): void {
    const rules = new Rules();
    const meter = this.meters.get(address);
    rules.refuse("Meters_Unknown", meter === undefined);
    if (meter === undefined) {
      rules.enforce();
      return;
    }
    const { slotSeconds } = this.microgrid(meter.microgrid);
    rules.refuse("Meters_Inactive", !meter.active);
    rules.refuse("Meters_BadSignature", signer !== address);
    rules.refuse("Meters_NothingReported", exportedWh.size === 0);
    for (const [slot, wh] of exportedWh) {
      rules.refuse("Meters_SlotNotEnded", (slot + 1) * slotSeconds > this.nowS);
      rules.refuse("Meters_BeforeRegistration", slot * slotSeconds < dayOf(meter.sinceS));
      rules.refuse("Meters_AlreadyReported", this.tallies.reported.of(address, slot) === 1n);
      rules.refuse("Meters_OverCapacity", wh > this.mostWhOf(meter));
    }
    rules.enforce();

    for (const [slot, wh] of exportedWh) {
      const committedWh = this.tallies.committed.of(address, slot);
      const keptWh = this.isInTime(address, slot) ? smaller(wh, committedWh) : 0n;
      this.tallies.reported.set(1n, address, slot);
      this.tallies.delivered.add(keptWh, address, slot);
      this.tallies.energy.add(wh - keptWh, meter.owner, meter.microgrid, meter.source, slot);
    }
  }

  mostWhOf(meter: MeterRecord): bigint {
    return (meter.capacityW * BigInt(this.microgrid(meter.microgrid).slotSeconds)) / 3600n;
  }

  private retire({ who, microgrid, source, energyWh }: ActionOf<"retire">): void {
    const rules = new Rules();
    rules.refuse("EnergyToken_NothingRetired", sumOf(energyWh) === 0n);
    this.checkEnergy(rules, who, microgrid, source, energyWh);
    rules.enforce();
    this.addEnergy(who, microgrid, source, negated(energyWh));
  }

  private handOverMeter({ who, meter: address, to }: ActionOf<"handOverMeter">): void {
    const rules = new Rules();
    const meter = this.meter(address);
    rules.refuse("Meters_NotOwner", meter.owner !== who);
    rules.refuse("Meters_BadOwner", to === zeroAddress);
    rules.enforce();
    meter.owner = to;
  }

  private retireMeter({ who, meter: address }: ActionOf<"retireMeter">): void {
    const rules = new Rules();
    const meter = this.meter(address);
    const isEntitled = who === meter.owner || who === this.microgrid(meter.microgrid).operator;
    rules.refuse("Meters_Inactive", !meter.active);
    rules.refuse("Meters_NotOwner", !isEntitled);
    rules.enforce();
    meter.active = false;
  }

  // ---- Microgrids ----------------------------------------------------------------------------------------------

  private setMode({ who, microgrid, mode }: ActionOf<"setMode">): void {
    const rules = new Rules();
    const record = this.checkOperator(rules, microgrid, who);
    rules.enforce();
    if (record !== undefined) record.mode = mode;
  }

  private setTariffs({ who, microgrid, tariffs }: ActionOf<"setTariffs">): void {
    const rules = new Rules();
    const record = this.checkOperator(rules, microgrid, who);
    rules.refuse("Microgrids_BadTariffs", tariffs.feedIn > tariffs.retail);
    rules.enforce();
    if (record !== undefined) record.tariffs = tariffs;
  }

  /** One operator proposes, the other agrees by proposing the same; a first line holds at once, a change after notice. */
  private proposeTieLine({ who, mine, other, line }: ActionOf<"proposeTieLine">): void {
    const rules = new Rules();
    const here = this.checkOperator(rules, mine, who);
    const there = this.microgrids.get(other);
    rules.refuse("Microgrids_Unknown", there === undefined);
    rules.refuse(
      "Microgrids_TieLineMismatch",
      there !== undefined && here?.slotSeconds !== there.slotSeconds,
    );
    rules.refuse(
      "Microgrids_BadTieLine",
      mine === other || line.lossBps >= BPS || line.capacityWh > LANE_MAX_WH,
    );
    rules.enforce();

    const record = this.lines.get(lineKey(mine, other)) ?? { agreed: [], proposed: undefined };
    this.lines.set(lineKey(mine, other), record);
    if (record.proposed?.by !== other || !isSameLine(record.proposed.line, line)) {
      record.proposed = { line, by: mine };
      return;
    }
    record.proposed = undefined;
    // What is agreed now takes the place of what was agreed and still waits.
    const inForce = record.agreed.filter(({ fromS }) => fromS <= this.nowS).slice(-1);
    const fromS = inForce.length === 0 ? this.nowS : this.nowS + NOTICE_S;
    record.agreed.splice(0, Number.POSITIVE_INFINITY, ...inForce, { line, fromS });
  }

  lineInForce(a: number, b: number): TieLine | undefined {
    const agreed = this.lines.get(lineKey(a, b))?.agreed ?? [];
    return agreed.filter(({ fromS }) => fromS <= this.nowS).at(-1)?.line;
  }

  private checkOperator(rules: Rules, microgrid: number, who: Address) {
    const record = this.microgrids.get(microgrid);
    rules.refuse("Microgrids_Unknown", record === undefined);
    rules.refuse("Microgrids_NotOperator", record !== undefined && record.operator !== who);
    return record;
  }

  microgrid(microgrid: number): MicrogridRecord {
    const record = this.microgrids.get(microgrid);
    if (record === undefined) throw new RangeError(`There is no microgrid ${microgrid}.`);
    return record;
  }

  meter(address: Address): MeterRecord {
    const record = this.meters.get(address);
    if (record === undefined) throw new RangeError(`There is no meter ${address}.`);
    return record;
  }
}

/** A position is its terms. */
export const idOf = (position: Position): string =>
  [
    position.seller,
    position.buyer,
    position.meter,
    position.source,
    position.from,
    position.to,
    position.price,
    position.charge,
    position.bond,
    position.lossBps,
  ].join(":");

/** The seller receives its price rounded up, the DSOs their charge rounded down; the buyer pays the sum. */
const amountsOf = ({ price, charge }: { price: bigint; charge: bigint }, sentWh: bigint) => ({
  due: costOf(price, sentWh),
  charge: chargeOf(charge, sentWh),
});

/** A line's loss is rounded down in every slot. */
const arrivedOf = (sent: EnergyBySlot, lossBps: bigint): EnergyBySlot =>
  new Map([...sent].map(([slot, wh]) => [slot, wh - (wh * lossBps) / BPS]));

const chargeOf = (perKwh: bigint, wh: bigint): bigint => (perKwh * wh) / 1000n;

/** The most a buyer pays for an offer, the least a seller receives for a bid. */
function checkLimit(rules: Rules, order: Order, take: Take, due: bigint, paid: bigint): void {
  rules.refuse("Trading_LimitMissed", order.side === 0 ? paid > take.limit : due < take.limit);
}

const reachesBeyond = (energyWh: EnergyBySlot, order: Order): boolean =>
  slotsOf(energyWh).some((slot) => !isWithin(slot, order));
const isWithin = (slot: number, { firstSlot, lastSlot }: Order): boolean =>
  slot >= firstSlot && slot <= lastSlot;

export const withEnergy = (energyWh: EnergyBySlot): [number, bigint][] =>
  [...energyWh].filter(([, wh]) => wh > 0n);
export const slotsOf = (energyWh: EnergyBySlot): number[] =>
  withEnergy(energyWh).map(([slot]) => slot);
const sumOf = (energyWh: EnergyBySlot): bigint =>
  [...energyWh.values()].reduce((sum, wh) => sum + wh, 0n);
const negated = (energyWh: EnergyBySlot): EnergyBySlot =>
  new Map([...energyWh].map(([slot, wh]) => [slot, -wh]));
export const slotsIn = (block: number): number[] =>
  Array.from({ length: 8 }, (_, i) => 8 * block + i);

function byBlock(energyWh: EnergyBySlot): Map<number, bigint> {
  const blocks = new Map<number, bigint>();
  for (const [slot, wh] of withEnergy(energyWh)) {
    blocks.set(blockOf(slot), (blocks.get(blockOf(slot)) ?? 0n) + wh);
  }
  return blocks;
}

const dayOf = (seconds: number): number => seconds - (seconds % 86_400);
const lineKey = (a: number, b: number): string => `${Math.min(a, b)}-${Math.max(a, b)}`;
const isSameLine = (a: TieLine, b: TieLine): boolean =>
  a.lossBps === b.lossBps &&
  a.capacityWh === b.capacityWh &&
  a.wheelingUp === b.wheelingUp &&
  a.wheelingDown === b.wheelingDown;
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
