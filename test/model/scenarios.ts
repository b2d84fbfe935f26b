import {
  ANY_SOURCE,
  blockOf,
  costOf,
  type EnergyBySlot,
  type Order,
  type Source,
  sourceMask,
} from "@wattline/sdk";
import fc from "fast-check";
import { type Address, zeroAddress } from "viem";
import type { Action, Match, SignedOrder, Take } from "./actions.ts";
import { Dice } from "./dice.ts";
import { type MeterRecord, type Model, slotsOf } from "./model.ts";

/** Who and what there is to act with. */
export interface Cast {
  readonly operator: Address;
  readonly households: readonly Address[];
  readonly delegate: Address;
  readonly stranger: Address;
  readonly market: Address;
  readonly slotSeconds: number;
}

/** A step before it meets the market: its particulars follow from the seed and from how things stand by then. */
export interface Step {
  readonly kind: Action["kind"];
  readonly seed: number;
}

/** How often each kind of action is tried, compared with the others. */
const WEIGHTS: Record<Action["kind"], number> = {
  accept: 26,
  reserve: 22,
  settle: 30,
  release: 28,
  wait: 14,
  report: 12,
  setMode: 9,
  authorize: 6,
  setTariffs: 4,
  proposeTieLine: 6,
  cancel: 5,
  cancelAll: 4,
  deposit: 3,
  withdraw: 6,
  lock: 4,
  retire: 4,
  handOverMeter: 2,
  retireMeter: 3,
};

/** Every kind of action there is. */
export const KINDS = Object.keys(WEIGHTS).filter((key): key is Action["kind"] => key in WEIGHTS);

const kind = fc.oneof(
  ...KINDS.map((each) => ({ weight: WEIGHTS[each], arbitrary: fc.constant(each) })),
);

/** How things stand when a scenario begins: an island, home agents or a changed line come up too seldom by chance. */
export type Opening = "calm" | "islanded" | "agents" | "changed line";

/** Some twenty steps. */
export const scenario = fc.record({
  opening: fc.constantFrom<Opening[]>("calm", "calm", "islanded", "agents", "changed line"),
  steps: fc.array(fc.record({ kind, seed: fc.nat() }), {
    minLength: 20,
    maxLength: 30,
    size: "max",
  }),
});

/** What has to happen for a scenario to begin so. */
export function openingActions(
  opening: Opening,
  { operator, households, delegate }: Cast,
): Action[] {
  switch (opening) {
    case "calm":
      return [];
    case "islanded":
      return [1, 2].map((microgrid) => ({
        kind: "setMode",
        who: operator,
        microgrid,
        mode: "Islanded",
      }));
    case "agents":
      return households.map((who) => ({ kind: "authorize", who, delegate, allowance: 60_000n }));
    case "changed line":
      return [
        { kind: "proposeTieLine", who: operator, mine: 1, other: 2, line: BETTER_LINE },
        { kind: "proposeTieLine", who: operator, mine: 2, other: 1, line: BETTER_LINE },
        { kind: "wait", seconds: WEEK_S },
      ];
  }
}

const UNKNOWN_MICROGRID = 9;
const DAY_S = 86_400;
const WEEK_S = 7 * DAY_S;
const NO_LIMIT = 2n ** 255n;
const BETTER_LINE = { lossBps: 100n, capacityWh: 500n, wheelingUp: 12_345n, wheelingDown: 0n };

/** Turns steps into actions: mostly sensible ones, now and then one that the market has to refuse. */
export class Planner {
  private readonly model: Model;
  private readonly cast: Cast;
  private readonly book: SignedOrder[] = [];
  private nonces = 0n;

  constructor(model: Model, cast: Cast) {
    this.model = model;
    this.cast = cast;
  }

  plan(step: Step): Action {
    const dice = new Dice(step.seed);
    switch (step.kind) {
      case "wait":
        return this.planWait(dice);
      case "deposit":
        return {
          kind: "deposit",
          who: this.household(dice),
          amount: dice.percent(25) ? 0n : dice.wh(1, 300_000),
        };
      case "withdraw":
        return this.planWithdrawal(dice);
      case "lock":
        return {
          kind: "lock",
          who: this.household(dice),
          until: this.now + (dice.percent(30) ? dice.pick([-60, 366 * DAY_S]) : 2 * DAY_S),
        };
      case "cancel":
        return this.planCancel(dice);
      case "cancelAll":
        return { kind: "cancelAll", who: this.household(dice) };
      case "authorize": {
        const who = this.household(dice);
        const delegate = dice.percent(12) ? dice.pick([zeroAddress, who]) : this.cast.delegate;
        const allowance = dice.pick([0n, 2_000n, 20_000n, 200_000n, 200_000n]);
        return { kind: "authorize", who, delegate, allowance };
      }
      case "accept":
        return this.planAccept(dice);
      case "reserve":
        return this.planReserve(dice);
      case "settle":
        return this.planSettle(dice);
      case "release":
        return this.planRelease(dice);
      case "report":
        return this.planReport(dice);
      case "retire":
        return this.planRetire(dice);
      case "handOverMeter": {
        const [meter, { owner }] = this.meter(dice);
        const who = dice.percent(25) ? this.household(dice) : owner;
        const to = dice.percent(25) ? zeroAddress : this.household(dice);
        return { kind: "handOverMeter", who, meter, to };
      }
      case "retireMeter": {
        const [meter, { owner }] = this.meter(dice);
        const who = dice.pick([owner, this.cast.operator, this.household(dice)]);
        return { kind: "retireMeter", who, meter };
      }
      case "setMode":
        return {
          kind: "setMode",
          who: this.operator(dice),
          microgrid: dice.percent(5) ? UNKNOWN_MICROGRID : dice.between(1, 2),
          mode: dice.pick([
            "Connected",
            "Connected",
            "Connected",
            "Islanded",
            "Islanded",
            "Islanded",
            "Closed",
          ]),
        };
      case "setTariffs":
        return {
          kind: "setTariffs",
          who: this.operator(dice),
          microgrid: dice.between(1, 2),
          tariffs: {
            feedIn: dice.percent(15) ? 400_000n : dice.wh(0, 150_000),
            retail: 320_000n,
            networkFee: dice.wh(0, 40_000),
            islandPriceCap: dice.wh(60_000, 220_000),
            islandRationWh: dice.wh(50, 300),
          },
        };
      case "proposeTieLine":
        return this.planTieLine(dice);
    }
  }

  private planWait(dice: Dice): Action {
    const { slotSeconds } = this.cast;
    if (dice.percent(6)) return { kind: "wait", seconds: WEEK_S };
    // Mostly past the slots of a forward, that it can be reported and released.
    const [waiting] = this.open().filter(({ position, slots }) =>
      slots.some((slot) => !this.model.isResolved(position.meter, slot)),
    );
    const last = waiting?.slots.at(-1);
    const until = ((last ?? 0) + 1) * slotSeconds;
    if (until > this.now && dice.percent(70)) return { kind: "wait", seconds: until - this.now };
    return { kind: "wait", seconds: dice.between(1, 6) * slotSeconds + dice.between(0, 1) };
  }

  private planWithdrawal(dice: Dice): Action {
    const who = this.household(dice);
    const balance = this.model.tallies.money.of(who);
    const amount = dice.percent(20) ? balance + 1n : balance / 3n;
    const to = dice.percent(15) ? dice.pick([zeroAddress, this.cast.market]) : who;
    return { kind: "withdraw", who, amount, to };
  }

  private planCancel(dice: Dice): Action {
    const orders = this.book.length === 0 ? [this.signOffer(dice, false)] : this.book;
    const { maker, nonce } = dice.pick(orders).order;
    return { kind: "cancel", who: maker, nonces: [nonce, 1_000n + this.nonces] };
  }

  // ---- Trades --------------------------------------------------------------------------------------------------

  private planAccept(dice: Dice): Action {
    const isWrongKind = dice.percent(3);
    const signed = this.orderFor(dice, isWrongKind);
    return this.planTake(dice, "accept", signed);
  }

  private planReserve(dice: Dice): Action {
    const isWrongKind = dice.percent(3);
    const signed = this.orderFor(dice, !isWrongKind);
    return this.planTake(dice, "reserve", signed);
  }

  private planTake(dice: Dice, kind: "accept" | "reserve", signed: SignedOrder): Action {
    const { order } = signed;
    const isOffer = order.side === 0;
    const others = this.ownedMeters().filter(([, { owner }]) => owner !== order.maker);
    const neighbours = others.filter(([, { microgrid }]) => microgrid === order.microgrid);
    const isAcross = dice.percent(30) || neighbours.length === 0;
    const takers = isAcross ? others : neighbours;
    // When all meters are in one hand there is nobody else to trade with.
    const [address, taker] = dice.pick(takers.length > 0 ? takers : this.ownedMeters());
    const meter = dice.percent(isOffer ? 4 : 2) ? dice.pick([zeroAddress, order.meter]) : address;
    const who = dice.percent(2) ? order.maker : taker.owner;
    const microgrid = dice.percent(2)
      ? dice.pick([3, UNKNOWN_MICROGRID])
      : dice.percent(2)
        ? 3 - taker.microgrid
        : taker.microgrid;
    const seller = isOffer ? order.maker : who;
    const source =
      kind === "reserve"
        ? this.sourceOf(isOffer ? order.meter : address, dice)
        : this.heldSource(dice, seller, isOffer ? order.microgrid : microgrid);
    const energyWh = dice.percent(2)
      ? new Map([[order.firstSlot, 0n]])
      : kind === "reserve"
        ? this.futureEnergy(dice, order)
        : this.heldEnergy(dice, order, seller, isOffer ? order.microgrid : microgrid, source);
    const take = { microgrid, meter, source, energyWh, limit: isOffer ? NO_LIMIT : 0n };
    return { kind, who, signed, take: { ...take, limit: this.limitFor(dice, order, take) } };
  }

  /** Mostly any price, sometimes one near what it comes to at home. */
  private limitFor(dice: Dice, order: Order, { energyWh, limit }: Take): bigint {
    if (dice.percent(80)) return limit;
    const wh = [...energyWh.values()].reduce((sum, each) => sum + each, 0n);
    const fee = this.model.microgrids.get(order.microgrid)?.tariffs.networkFee ?? 0n;
    const price = order.side === 0 ? order.price : order.price - fee;
    const near = costOf(price, wh) + (order.side === 0 ? (fee * wh) / 1000n : 0n);
    return near > 1n ? near + dice.wh(-1, 1) : 1n;
  }

  private planSettle(dice: Dice): Action {
    const microgrid = dice.between(1, 2);
    const count = dice.between(1, 3);
    const most = dice.between(1, 5);
    const isWrong = (percent: number) => dice.percent(percent);
    const known = (side: number) =>
      this.book.filter(
        ({ order }) => order.side === side && !order.forward && order.microgrid === microgrid,
      );
    const reuse = (side: number) => (isWrong(30) ? dice.some(known(side), 1) : []);
    const offers = [
      ...reuse(0),
      ...Array.from({ length: count }, () => this.signOffer(dice, isWrong(1), microgrid)),
    ];
    const bids = [
      ...reuse(1),
      ...Array.from({ length: count }, () => this.signBid(dice, isWrong(1), microgrid)),
    ];
    if (isWrong(2)) bids.push(this.signBid(dice, false, 3 - microgrid));
    const batch = [...offers, ...bids];
    const matches: Match[] = [];
    for (let i = 0; i < most; i++) {
      const offer = dice.between(0, offers.length - 1);
      const partners = bids.filter(
        ({ order }) => order.maker !== offers[offer]?.order.maker || isWrong(2),
      );
      const chosen = offers[offer];
      if (partners.length === 0 || chosen === undefined) continue;
      const bid = dice.pick(partners);
      const source = this.heldSource(dice, chosen.order.maker, microgrid);
      const both = {
        ...bid.order,
        firstSlot: Math.max(chosen.order.firstSlot, bid.order.firstSlot),
        lastSlot: Math.min(chosen.order.lastSlot, bid.order.lastSlot),
      };
      if (both.firstSlot > both.lastSlot && !isWrong(5)) continue;
      const held = this.heldEnergy(dice, both, chosen.order.maker, microgrid, source);
      const energyWh = isWrong(1) ? new Map([[both.firstSlot, 0n]]) : held;
      matches.push({
        offer: isWrong(2) ? dice.pick([batch.length, offers.length]) : offer,
        bid: batch.indexOf(bid),
        source,
        energyWh,
      });
    }
    if (matches.length === 0 && isWrong(80)) return this.planAccept(dice);
    return {
      kind: "settle",
      who: this.cast.stranger,
      batch: isWrong(1) ? [] : batch,
      signatures: batch.length - (isWrong(3) ? 1 : 0),
      matches,
    };
  }

  private planRelease(dice: Dice): Action {
    const open = this.open().map(({ position, block, slots }) => ({
      position,
      block,
      isResolved: slots.every((slot) => this.model.isResolved(position.meter, slot)),
    }));
    const resolved = open.filter(({ isResolved }) => isResolved);
    // Without anything to release, rather do what it takes.
    if (open.length === 0 && dice.percent(92)) return this.planReserve(dice);
    if (resolved.length === 0 && dice.percent(85)) {
      return dice.percent(60) ? this.planReport(dice) : this.planWait(dice);
    }
    const releases = dice.some(dice.percent(8) || resolved.length === 0 ? open : resolved, 4);
    // One that was released before, perhaps a moment ago.
    if (dice.percent(10)) releases.push(...releases.slice(0, 1));
    return { kind: "release", who: this.cast.stranger, releases };
  }

  // ---- Meters and microgrids -----------------------------------------------------------------------------------

  private planReport(dice: Dice): Action {
    const current = this.slotNow;
    const promised = this.open().find(({ position, slots }) =>
      slots.some((slot) => slot < current && !this.isReported(position.meter, slot)),
    );
    const owing = promised?.position.meter;
    const meter = owing !== undefined && dice.percent(80) ? owing : this.meter(dice)[0];
    const record = this.model.meter(meter);
    const first =
      meter === owing && promised !== undefined ? promised.block * 8 : blockOf(current - 1) * 8;
    const ended = Array.from({ length: 8 }, (_, i) => first + i).filter(
      (slot) => slot < current && !this.isReported(meter, slot),
    );
    const most = Number(this.model.mostWhOf(record));
    const exportedWh = new Map(
      ended.map((slot) => [slot, dice.wh(0, dice.percent(50) ? most : Math.floor(most / 4))]),
    );
    if (ended.length === 0 && dice.percent(85)) return this.planWait(dice);
    if (ended.length === 0 || dice.percent(3)) exportedWh.set(current - dice.between(1, 9), 1n);
    if (dice.percent(3)) exportedWh.set(current, 1n);
    if (dice.percent(5)) exportedWh.set(current - 1, BigInt(most) + 1n);
    if (dice.percent(3)) exportedWh.set(Math.floor(record.sinceS / DAY_S) * 96 - 1, 1n);
    const signer = dice.percent(4) ? this.meter(dice)[0] : meter;
    return { kind: "report", who: this.cast.stranger, meter, signer, exportedWh };
  }

  private planRetire(dice: Dice): Action {
    const [, { owner, microgrid }] = this.meter(dice);
    const source = this.heldSource(dice, owner, microgrid);
    const slots = this.heldSlots(owner, microgrid, source);
    const energyWh = new Map(
      dice
        .some(slots, 3)
        .map((slot) => [
          slot,
          this.model.tallies.energy.of(owner, microgrid, source, slot) +
            (dice.percent(8) ? 1n : 0n),
        ]),
    );
    if (energyWh.size === 0 || dice.percent(8))
      return {
        kind: "retire",
        who: owner,
        microgrid,
        source,
        energyWh: new Map([[this.slotNow, 0n]]),
      };
    return { kind: "retire", who: owner, microgrid, source, energyWh };
  }

  private planTieLine(dice: Dice): Action {
    const [mine, other] = dice.percent(50) ? [1, 2] : [2, 1];
    const isOdd = dice.percent(10);
    // Few values, that two proposals meet.
    const lossBps = isOdd ? 10_000n : dice.pick([0n, 700n]);
    const line = { ...BETTER_LINE, lossBps };
    const far = dice.percent(15) ? dice.pick([3, UNKNOWN_MICROGRID]) : other;
    return { kind: "proposeTieLine", who: this.operator(dice), mine, other: far, line };
  }

  // ---- Orders --------------------------------------------------------------------------------------------------

  /** One that was signed before, or a new one. */
  private orderFor(dice: Dice, forward: boolean): SignedOrder {
    const known = this.book.filter(({ order }) => order.forward === forward);
    if (known.length > 0 && dice.percent(40)) return dice.pick(known);
    return dice.percent(55) ? this.signOffer(dice, forward) : this.signBid(dice, forward);
  }

  private signOffer(dice: Dice, forward: boolean, microgrid?: number): SignedOrder {
    const price = dice.percent(4) ? 400_000n : dice.wh(40_000, 160_000);
    return this.sign(dice, forward, microgrid, { side: 0, price });
  }

  private signBid(dice: Dice, forward: boolean, microgrid?: number): SignedOrder {
    const price = dice.percent(4) ? 5_000n : dice.wh(200_000, 320_000);
    return this.sign(dice, forward, microgrid, { side: 1, price });
  }

  private sign(
    dice: Dice,
    forward: boolean,
    microgrid: number | undefined,
    terms: { side: number; price: bigint },
  ): SignedOrder {
    const [address, meter] = dice.pick(this.ownedMeters(microgrid));
    const [firstSlot, lastSlot] = forward ? this.futureRun(dice) : this.pastRun(dice);
    const order: Order = {
      maker: meter.owner,
      meter: dice.percent(3) ? zeroAddress : address,
      microgrid: dice.percent(1) ? UNKNOWN_MICROGRID : meter.microgrid,
      sources: dice.percent(7) ? sourceMask(dice.pick(["Solar", "Wind"])) : ANY_SOURCE,
      firstSlot,
      lastSlot,
      energy: dice.percent(40) ? dice.between(100, 800) : dice.between(800, 4_000),
      forward,
      bond: forward ? dice.wh(0, 100_000) : 0n,
      counterparty: dice.percent(5) ? this.household(dice) : zeroAddress,
      nonce: this.nonces++,
      counter: this.model.tallies.counter.of(meter.owner),
      deadline: dice.percent(4) ? this.now + dice.pick([-1, 0, 900]) : this.now + 30 * DAY_S,
      ...terms,
    };
    const signed = { order, signer: this.signerOf(dice, meter.owner) };
    this.book.push(signed);
    return signed;
  }

  private signerOf(dice: Dice, maker: Address): Address {
    if (dice.percent(2)) return this.cast.stranger;
    const isTrusted = this.model.tallies.allowance.of(maker, this.cast.delegate) > 0n;
    return dice.percent(isTrusted ? 60 : 2) ? this.cast.delegate : maker;
  }

  // ---- Energy --------------------------------------------------------------------------------------------------

  /** Slots around those in which somebody has energy. */
  private pastRun(dice: Dice): [number, number] {
    const held = this.model.tallies.energy.entries().filter(({ amount }) => amount > 0n);
    const slot = held.length === 0 ? this.slotNow : dice.pick(held).key[3];
    return [slot - dice.between(1, 5), slot + dice.between(1, 6)];
  }

  private futureRun(dice: Dice): [number, number] {
    const first = this.slotNow + dice.between(1, 4);
    return [first, first + dice.between(1, 9)];
  }

  private futureEnergy(dice: Dice, order: Order): EnergyBySlot {
    const slots = this.slotsOf(dice, order);
    const isGreedy = dice.percent(9);
    return new Map(
      dice
        .some(slots, dice.between(1, 5))
        .map((slot) => [slot, dice.wh(1, isGreedy ? 1_500 : 300)]),
    );
  }

  private heldEnergy(
    dice: Dice,
    order: Order,
    holder: Address,
    microgrid: number,
    source: Source,
  ): EnergyBySlot {
    const held = this.heldSlots(holder, microgrid, source);
    const slots = this.slotsOf(dice, order);
    const both = slots.filter((slot) => held.includes(slot));
    const chosen = dice.some(both.length === 0 ? slots : both, dice.between(1, 5));
    return new Map(
      chosen.map((slot) => {
        const most = Number(this.model.tallies.energy.of(holder, microgrid, source, slot));
        const wh = dice.wh(1, Math.max(1, Math.min(most, 120)));
        return [slot, dice.percent(1) ? wh + BigInt(most) : wh];
      }),
    );
  }

  private slotsOf(dice: Dice, { firstSlot, lastSlot }: Order): number[] {
    const slots = [];
    for (let slot = firstSlot; slot <= lastSlot; slot++) slots.push(slot);
    if (dice.percent(3) || slots.length === 0) slots.push(lastSlot + 1);
    return slots;
  }

  private heldSlots(holder: Address, microgrid: number, source: Source): number[] {
    return this.model.tallies.energy
      .entries()
      .filter(({ key, amount }) => {
        const [who, where, from] = key;
        return who === holder && where === microgrid && from === source && amount > 0n;
      })
      .map(({ key }) => key[3]);
  }

  private heldSource(dice: Dice, holder: Address, microgrid: number): Source {
    const held = this.model.tallies.energy
      .entries()
      .filter(({ key, amount }) => key[0] === holder && key[1] === microgrid && amount > 0n);
    return held.length === 0 ? "Solar" : dice.pick(held).key[2];
  }

  // ---- How things stand ----------------------------------------------------------------------------------------

  private get now(): number {
    return this.model.nowS;
  }

  private get slotNow(): number {
    return Math.floor(this.now / this.cast.slotSeconds);
  }

  /** The blocks of positions that are not released yet, with their slots. */
  private open() {
    const blocks = new Map<string, { id: string; block: number }>();
    for (const { key, amount } of this.model.tallies.reserved.entries()) {
      const [id, block] = [key[0], blockOf(key[1])];
      if (amount > 0n) blocks.set(`${id}/${block}`, { id, block });
    }
    return [...blocks.values()].flatMap(({ id, block }) => {
      const position = this.model.positions.get(id);
      if (position === undefined) return [];
      return [{ position, block, slots: slotsOf(this.model.reservedIn(id, block)).sort() }];
    });
  }

  private isReported(meter: Address, slot: number): boolean {
    return this.model.tallies.reported.of(meter, slot) === 1n;
  }

  /** The meters of a microgrid, or of any: active ones as long as there are several. */
  private ownedMeters(microgrid?: number): [Address, MeterRecord][] {
    const all = [...this.model.meters].filter(
      ([, meter]) => microgrid === undefined || meter.microgrid === microgrid,
    );
    const active = all.filter(([, meter]) => meter.active);
    return active.length > 1 ? active : all;
  }

  private meter(dice: Dice): [Address, MeterRecord] {
    return dice.pick([...this.model.meters]);
  }

  private sourceOf(meter: Address, dice: Dice): Source {
    const source = this.model.meters.get(meter)?.source ?? "Solar";
    return dice.percent(3) ? "Hydro" : source;
  }

  private household(dice: Dice): Address {
    return dice.pick(this.cast.households);
  }

  private operator(dice: Dice): Address {
    return dice.percent(8) ? this.cast.stranger : this.cast.operator;
  }
}
