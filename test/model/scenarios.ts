import type { Order } from "@wattline/sdk";
import { ANY_SOURCE, blockOf, type EnergyBySlot } from "@wattline/sdk";
import { ANYONE, FIRST_FIRM_NONCE, isPosted } from "@wattline/sdk/deals";
import { type Address, zeroAddress } from "viem";
import { DAY, LEVEL, type Level, SLOT_SECONDS, START } from "../support/world.ts";
import type { Action, Kind, Match, SignedOrder, Take } from "./actions.ts";
import { MIDDLE, slotOf } from "./communities.ts";
import { Dice } from "./dice.ts";
import type { MeterRecord } from "./metering.ts";
import type { Model } from "./model.ts";
import { isBid, isOffer } from "./orders.ts";
import type { Position } from "./trades.ts";

/** Who and what there is to act with. */
export interface Participants {
  readonly operator: Address;
  readonly successor: Address;
  readonly households: readonly Address[];
  readonly delegate: Address;
  readonly settler: Address;
  readonly stranger: Address;
  readonly dsos: readonly [Address, Address];
  readonly devices: readonly Address[];
  readonly market: Address;
}

/** How often each kind of action is tried, compared with the others. */
const WEIGHTS: Record<Kind, number> = {
  found: 1,
  schedule: 3,
  setRation: 2,
  setDso: 1,
  setIslanded: 7,
  declareIslanded: 4,
  setClosed: 4,
  handOver: 2,
  acceptHandOver: 2,
  proposeTieLine: 5,
  endTieLine: 2,
  register: 3,
  handOverMeter: 2,
  acceptMeter: 2,
  moveMeter: 2,
  setCritical: 3,
  retireMeter: 2,
  report: 16,
  retire: 4,
  deposit: 3,
  withdraw: 6,
  lock: 6,
  cancel: 4,
  cancelAll: 3,
  authorize: 7,
  accept: 26,
  reserve: 30,
  settle: 40,
  release: 34,
  undelivered: 12,
  wait: 16,
};

/** Every kind of action there is, as often as it is tried. */
const KINDS = Object.keys(WEIGHTS)
  .filter((key): key is Kind => key in WEIGHTS)
  .flatMap((kind) => Array.from({ length: WEIGHTS[kind] }, () => kind));

/** Two communities that a line joins, and a third with longer slots. The world's own is the first, and stays quiet. */
export const [HILL, LAKE, FARM] = [2, 3, 4] as const;
const PAST_SLOTS = 12;
const LINE = { lossBps: 250, capacity: 400, wheelingUp: 30_001n, wheelingDown: 5_001n };
const OTHER_LINE = { lossBps: 1_000, capacity: 300, wheelingUp: 0n, wheelingDown: 20_000n };
const PRICE = 200_000n;
const MOST = 2 ** 31 - 1;
const NO_LIMIT = 2n ** 127n;
const HOUR_S = 3_600;

const level = (over: Partial<Level> = {}): Level => ({ ...LEVEL, ...over });

/** What has to happen for a scenario to begin: the same each time. */
export function openingActions(participants: Participants): Action[] {
  const { operator, households, devices, dsos } = participants;
  const found = (over: object): Action => ({
    kind: "found",
    who: operator,
    slotSeconds: SLOT_SECONDS,
    reportingDeadline: HOUR_S,
    utcOffsetMinutes: 0,
    levelOfHour: 0n,
    levels: [level({ fee: 10_000n, cap: 150_000n })],
    dso: dsos[0],
    ration: 150,
    ...over,
  });
  const meters = [
    [HILL, 0, 4_000, false],
    [HILL, 1, 3_000, false],
    [HILL, 0, 4_000, true],
    [LAKE, 0, 4_000, false],
    [LAKE, 1, 2_401, true],
    [FARM, 0, 1_000, false],
  ] as const;
  const past = Array.from({ length: PAST_SLOTS }, (_, i) => START / SLOT_SECONDS + i);
  return [
    found({}),
    found({
      utcOffsetMinutes: 60,
      reportingDeadline: DAY,
      levelOfHour: 0x044011044001n,
      levels: [level({ price: MIDDLE, fee: 20_001n }), level({ price: 150_000n, fee: 0n })],
      dso: dsos[1],
      ration: 100,
    }),
    found({ slotSeconds: 3_600 }),
    { kind: "proposeTieLine", who: operator, mine: HILL, other: LAKE, line: LINE },
    { kind: "proposeTieLine", who: operator, mine: LAKE, other: HILL, line: LINE },
    ...meters.map(([microgrid, source, capacityW, critical], i): Action => {
      const meter = at(devices, i);
      return {
        kind: "register",
        who: operator,
        registration: { microgrid, owner: at(households, i % 5), meter, source, capacityW },
        critical,
        signer: meter,
      };
    }),
    ...households.map((who): Action => ({ kind: "deposit", who, amount: 300_000n })),
    { kind: "wait", who: operator, seconds: HOUR_S + PAST_SLOTS * SLOT_SECONDS },
    ...[0, 1, 2, 3, 4].map((i): Action => {
      const meter = at(devices, i);
      const exportedWh = new Map(past.map((slot) => [slot, 300n]));
      return { kind: "report", who: operator, meter, signer: meter, exportedWh };
    }),
  ];
}

/** The actions of a scenario, one by one: mostly sensible ones, now and then one that the market has to refuse. */
export class Planner {
  private readonly dice: Dice;
  private readonly model: Model;
  private readonly participants: Participants;
  private readonly book: SignedOrder[] = [];
  private nonces = 0n;

  constructor(seed: number, model: Model, participants: Participants) {
    this.dice = new Dice(seed);
    this.model = model;
    this.participants = participants;
  }

  next(): Action {
    return this.plan(this.dice.pick(KINDS));
  }

  private plan(kind: Kind): Action {
    const { dice, participants } = this;
    const who = dice.pick(participants.households);
    switch (kind) {
      case "wait":
        return { kind, who, seconds: this.pause() };
      case "deposit":
        return { kind, who, amount: dice.percent(20) ? 0n : dice.wh(1, 300_000) };
      case "withdraw":
        return this.withdrawal(who);
      case "lock":
        return this.lock(who);
      case "cancel": {
        const nonce = dice.percent(15) ? FIRST_FIRM_NONCE : this.nonces;
        const known = this.book.length > 0 ? dice.pick(this.book).order : undefined;
        const nonces = known === undefined || dice.percent(20) ? [nonce] : [known.nonce];
        return { kind, who: known?.maker ?? who, nonces };
      }
      case "cancelAll":
        return { kind, who };
      case "authorize": {
        const delegate = dice.percent(10) ? dice.pick([zeroAddress, who]) : participants.delegate;
        const amount = dice.pick([0n, 2_000n, 20_000n, 200_000n, 200_000n]);
        const until = this.now + dice.pick([0, HOUR_S, 20 * DAY, 20 * DAY]);
        return { kind, who, delegate, amount, until };
      }
      case "accept":
      case "reserve":
        return this.taking(kind);
      case "settle":
        return this.batch();
      case "release":
      case "undelivered":
        return this.release(kind);
      case "report":
        return this.report();
      case "retire":
        return this.retirement(who);
      case "register":
        return this.registration();
      case "handOverMeter": {
        const [meter, { owner }] = this.meter();
        const to = dice.percent(40) ? zeroAddress : who;
        return { kind, who: this.mostly(owner), meter, to };
      }
      case "acceptMeter": {
        const offered = [...this.model.metering.meters].find(
          ([, { pendingOwner }]) => pendingOwner !== zeroAddress,
        );
        const [meter, of] = offered ?? this.meter();
        const taker = offered === undefined ? who : of.pendingOwner;
        const offer = of.offers + (dice.percent(25) ? 1 : 0);
        return { kind, who: taker, meter, offer };
      }
      case "moveMeter": {
        const [meter, { owner, microgrid, movingTo }] = this.meter();
        const to = movingTo !== 0 ? 0 : microgrid === HILL ? LAKE : HILL;
        return { kind, who: this.mostly(owner), meter, microgrid: to };
      }
      case "setCritical": {
        const [meter, { critical, microgrid }] = this.meter();
        return { kind, who: this.operatorOf(microgrid), meter, critical: !critical };
      }
      case "retireMeter": {
        const [meter, { owner, microgrid }] = this.meter();
        return { kind, who: dice.pick([owner, this.operatorOf(microgrid), who]), meter };
      }
      default:
        return this.planCommunity(kind);
    }
  }

  private planCommunity(kind: CommunityKind): Action {
    const { dice, participants } = this;
    const microgrid = dice.pick([HILL, HILL, LAKE, LAKE, FARM]);
    const other = microgrid === HILL ? LAKE : HILL;
    const who = this.operatorOf(microgrid);
    const of = this.model.communities.of(microgrid);
    const slot = slotOf(of, this.now);
    switch (kind) {
      case "found":
        return at(
          openingActions({ ...participants, operator: dice.pick(participants.households) }),
          0,
        );
      case "schedule": {
        const early = slotOf(of, this.now + 7 * DAY);
        const firstSlot = early + dice.pick([-1, 0, 1, 2, 40]);
        const levels = [0, 1].map(() =>
          level({
            price: dice.wh(100_000, 300_000),
            fee: dice.percent(10) ? 400_000n : dice.wh(0, 30_000),
          }),
        );
        return { kind, who, microgrid, firstSlot, levelOfHour: 0x5550005550n, levels };
      }
      case "setRation":
        return { kind, who, microgrid, ration: dice.between(50, 300) };
      case "setDso":
        return { kind, who, microgrid, dso: dice.pick(participants.dsos) };
      case "setIslanded":
        return { kind, who, microgrid, islanded: dice.percent(55) };
      case "declareIslanded": {
        const lastSlot = slot - dice.between(0, 3);
        return { kind, who, microgrid, firstSlot: lastSlot - dice.between(-1, 4), lastSlot };
      }
      case "setClosed":
        return { kind, who, microgrid, closed: dice.percent(40) };
      case "handOver":
        return {
          kind,
          who,
          microgrid,
          successor: dice.percent(20) ? zeroAddress : participants.successor,
        };
      case "acceptHandOver":
        return {
          kind,
          who: dice.percent(80) ? participants.successor : participants.stranger,
          microgrid,
        };
      case "proposeTieLine":
        return {
          kind,
          who,
          mine: microgrid,
          other: dice.percent(5) ? FARM : other,
          line: dice.percent(20) ? LINE : OTHER_LINE,
        };
      case "endTieLine":
        return { kind, who, mine: microgrid, other };
    }
  }

  private get now(): number {
    return this.model.nowS;
  }

  private pause(): number {
    const { dice } = this;
    return dice.pick([
      dice.between(1, SLOT_SECONDS),
      dice.between(1, 4 * HOUR_S),
      2 * HOUR_S,
      DAY,
      dice.percent(50) ? 8 * DAY : 31 * DAY,
    ]);
  }

  private withdrawal(who: Address): Action {
    const { dice } = this;
    const balance = this.model.tallies.money.of(who) / 1_000n;
    const amount = dice.pick([balance + 1n, balance, balance / 3n, balance / 5n]);
    const to = dice.percent(10) ? dice.pick([zeroAddress, this.participants.market]) : who;
    return { kind: "withdraw", who, amount, to };
  }

  private lock(who: Address): Action {
    const { dice, participants } = this;
    const settler = dice.percent(8)
      ? zeroAddress
      : dice.percent(90)
        ? participants.settler
        : participants.stranger;
    const signer = dice.percent(50) ? zeroAddress : participants.delegate;
    const until = this.now + dice.pick([-60, HOUR_S, DAY, DAY, 3 * DAY, 31 * DAY]);
    return { kind: "lock", who, settler, signer, until };
  }

  private registration(): Action {
    const { dice, participants } = this;
    const known = this.model.metering.meters;
    const moving = [...known].find(([, { movingTo }]) => movingTo !== 0);
    const fresh = participants.devices.find((device) => !known.has(device));
    const meter =
      moving?.[0] ?? (dice.percent(80) ? fresh : undefined) ?? at(participants.devices, 0);
    const microgrid = moving?.[1].movingTo ?? dice.pick([HILL, LAKE]);
    const owner = moving?.[1].owner ?? dice.pick(participants.households);
    return {
      kind: "register",
      who: this.operatorOf(microgrid),
      registration: {
        microgrid,
        owner: dice.percent(8) ? dice.pick([zeroAddress, participants.stranger]) : owner,
        meter,
        source: dice.between(0, 1),
        capacityW: dice.between(0, 4_000),
      },
      critical: dice.percent(30),
      signer: dice.percent(92) ? meter : dice.pick(participants.devices),
    };
  }

  private report(): Action {
    const { dice } = this;
    const [meter, of] = this.meter();
    const current = slotOf(this.model.communities.of(of.microgrid), this.now);
    const { reported, committed } = this.model.tallies;
    const promised = committed
      .entries()
      .flatMap(({ key: [promiser, slot] }) => (promiser === meter ? [slot] : []))
      .filter((slot) => slot < current && reported.of(meter, slot) === 0n);
    const earliest = promised[0] ?? Math.max(of.firstSlot, current - dice.between(1, 10));
    const first = dice.percent(90) ? earliest : dice.pick([of.firstSlot - 1, current - 1]);
    const most = this.model.metering.mostWh(of);
    const exportedWh = new Map<number, bigint>();
    for (let slot = first; slot <= first + dice.between(0, 11); slot++) {
      const isUseful = slot >= of.firstSlot && slot < current && reported.of(meter, slot) === 0n;
      if (!isUseful && !dice.percent(4)) continue;
      const wh = dice.pick([0n, most / 4n, most / 2n, most, most]);
      exportedWh.set(slot, dice.percent(2) ? most + 1n : wh);
    }
    const signer = dice.percent(4) ? dice.pick(this.participants.devices) : meter;
    return { kind: "report", who: this.participants.stranger, meter, signer, exportedWh };
  }

  private retirement(who: Address): Action {
    const { dice } = this;
    const owned = this.model.tallies.energy
      .entries()
      .filter(({ key: [holder], amount }) => holder === who && amount > 0n);
    if (owned.length === 0) {
      return { kind: "retire", who, microgrid: HILL, source: 0, energyWh: new Map([[0, 1n]]) };
    }
    const { key, amount } = dice.pick(owned);
    const [, microgrid, source, slot] = key;
    const wh = dice.pick([0n, amount + 1n, amount, amount / 2n]);
    return { kind: "retire", who, microgrid, source, energyWh: new Map([[slot, wh]]) };
  }

  private release(kind: "release" | "undelivered"): Action {
    const { dice, participants } = this;
    const { positions } = this.model.trades;
    if (positions.length === 0) return this.taking("reserve");
    const all = positions.map((position, index) => ({ position, index }));
    const open = all.filter(({ index }) => this.model.tallies.open.of(index) > 0n);
    const known = open.length > 0 && dice.percent(90) ? open : all;
    const step = dice.percent(80) ? this.towardsRelease(dice.pick(known).position) : undefined;
    if (step !== undefined) return step;
    const some = dice.some(known, dice.between(1, 3));
    const releases = some.map(({ position, index }) => {
      const held = [...position.energyWh.keys()].map((slot) => blockOf(slot) - position.firstBlock);
      const blocks = [...new Set(held)];
      return { position: index, blocks: dice.percent(70) ? blocks : [dice.pick(blocks)] };
    });
    const { buyer, buyerDelegate } = at(some, 0).position;
    const delegate = buyerDelegate === zeroAddress ? buyer : buyerDelegate;
    return { kind, who: dice.pick([buyer, buyer, delegate, participants.stranger]), releases };
  }

  /** What has to happen before a position can be released: its slots end, and its meter reports them. */
  private towardsRelease({ meter, energyWh }: Position): Action | undefined {
    const { dice } = this;
    const of = this.model.metering.of(meter);
    const { slotSeconds } = this.model.communities.of(of.microgrid);
    const end = (Math.max(...energyWh.keys()) + 1) * slotSeconds;
    const who = this.participants.stranger;
    if (end > this.now) return { kind: "wait", who, seconds: end - this.now };
    const most = this.model.metering.mostWh(of);
    const missing = [...energyWh].filter(
      ([slot]) => this.model.tallies.reported.of(meter, slot) === 0n,
    );
    if (missing.length === 0 || dice.percent(20)) return undefined;
    const exportedWh = new Map(
      missing.map(([slot, wh]) => [slot, dice.pick([most, wh, wh / 2n, 0n])]),
    );
    return { kind: "report", who, meter, signer: meter, exportedWh };
  }

  // ---- Orders --------------------------------------------------------------------------------------------------

  private taking(kind: "accept" | "reserve"): Action {
    const { dice, participants } = this;
    const isForward = dice.percent(97) === (kind === "reserve");
    const known = this.book.filter(
      ({ order }) =>
        order.forward === isForward &&
        (isPosted(order) || dice.percent(2)) &&
        (order.deadline >= this.now || dice.percent(10)),
    );
    const signed =
      known.length > 0 && dice.percent(40)
        ? dice.pick(known)
        : this.order(isForward, { settler: dice.percent(96) ? zeroAddress : ANYONE });
    const { order } = signed;
    const other = order.microgrid === HILL ? LAKE : HILL;
    const crosses = order.crosses ? dice.percent(70) : dice.percent(5);
    const microgrid = crosses && order.microgrid !== FARM ? other : order.microgrid;
    const sellersMicrogrid = isOffer(order) ? order.microgrid : microgrid;
    const seller = isOffer(order) ? order.meter : this.meterIn(microgrid);
    const of = this.model.metering.of(seller);
    const who = isOffer(order)
      ? this.mostly(dice.pick(participants.households.filter((each) => each !== order.maker)))
      : this.mostly(of.owner);
    const meter = isOffer(order) ? this.meterOf(who, microgrid) : seller;
    const take: Take = {
      microgrid,
      meter,
      source: this.sourceOf(of),
      schedule: dice.percent(3) ? 9 : this.scheduleOf(order.microgrid),
      takerSchedule: this.scheduleOf(microgrid),
      energyWh: this.energyFor(order, sellersMicrogrid),
      leastWh: dice.percent(80) ? 0 : dice.between(1, 300),
      limit: this.limitFor(order),
      mostAhead: dice.percent(85) ? MOST : dice.between(0, 400),
    };
    return { kind, who, signed, take };
  }

  private limitFor(order: Order): bigint {
    const { dice } = this;
    if (dice.percent(75)) return isOffer(order) ? NO_LIMIT : 0n;
    const limit = order.price + dice.pick([-20_000n, 0n, 10_000n, 40_000n]);
    return limit < 0n ? 0n : limit;
  }

  private batch(): Action {
    const { dice, participants } = this;
    const orders: SignedOrder[] = [];
    const matches: Match[] = [];
    for (let i = dice.between(1, 4); i > 0; i--) {
      const isForward = dice.percent(40);
      const posted = dice.between(0, 3);
      const settler = (side: number) =>
        posted === side && dice.percent(95)
          ? zeroAddress
          : dice.pick([
              ANYONE,
              participants.settler,
              participants.settler,
              dice.percent(10) ? participants.stranger : ANYONE,
            ]);
      const microgrid = dice.pick([HILL, HILL, LAKE, FARM]);
      const crosses = dice.percent(50);
      const pick = (side: number, other?: SignedOrder) => {
        const isOther = side === 1 && crosses && microgrid !== FARM;
        const where = isOther ? (microgrid === HILL ? LAKE : HILL) : microgrid;
        const known = [...orders, ...this.book].filter(
          ({ order }) =>
            order.side === side &&
            order.forward === isForward &&
            (order.microgrid === where || dice.percent(2)) &&
            (order.maker !== other?.order.maker || dice.percent(2)),
        );
        if (known.length > 0 && dice.percent(35)) return dice.pick(known);
        const over = { side, settler: settler(side), crosses };
        return this.order(isForward, over, where, other?.order.maker);
      };
      const offer = pick(0);
      const bid = pick(1, offer);
      for (const signed of [offer, bid]) if (!orders.includes(signed)) orders.push(signed);
      const match = {
        offer: orders.indexOf(offer),
        bid: orders.indexOf(bid),
        source: this.sourceOf(this.model.metering.of(offer.order.meter)),
        schedule: dice.percent(3) ? 9 : this.scheduleOf(offer.order.microgrid),
        bidSchedule: this.scheduleOf(bid.order.microgrid),
        energyWh: this.energyFor(offer.order, offer.order.microgrid),
      };
      matches.push(dice.percent(3) ? { ...match, offer: match.bid, bid: match.offer } : match);
    }
    return {
      kind: "settle",
      who: dice.percent(85) ? participants.settler : participants.stranger,
      orders,
      signatures: orders.length - (dice.percent(2) ? 1 : 0),
      matches: dice.percent(2) ? [] : matches,
    };
  }

  /** A new order, good enough to trade in most cases. */
  private order(
    forward: boolean,
    over: Partial<Order> = {},
    where?: number,
    other?: Address,
  ): SignedOrder {
    const { dice, participants } = this;
    const microgrid = where ?? dice.pick([HILL, HILL, LAKE, LAKE, FARM]);
    const meter = this.meterIn(microgrid);
    const { owner } = this.model.metering.of(meter);
    const side = over.side ?? dice.between(0, 1);
    const isOwners = side === 0 || (owner !== other && dice.percent(70));
    const others = participants.households.filter((each) => each !== other);
    const maker = isOwners ? owner : dice.pick(dice.percent(97) ? others : participants.households);
    const settler = over.settler ?? zeroAddress;
    const lock = this.model.orders.lockOf(maker);
    const firm = settler !== zeroAddress && dice.percent(lock === undefined ? 4 : 60);
    const current = slotOf(this.model.communities.of(microgrid), this.now);
    const firstSlot = forward
      ? current - dice.between(0, 1)
      : current - (dice.percent(90) ? 10_000 : dice.between(8, 20));
    const counter = this.model.tallies.counter.of(maker);
    const until = Number(this.model.tallies.lockedUntil.of(maker));
    const order: Order = {
      maker,
      meter,
      microgrid,
      side,
      sources: dice.percent(95) ? ANY_SOURCE : dice.between(1, 2),
      firstSlot,
      lastSlot: forward ? firstSlot + dice.between(12, 60) : current + dice.between(-12, 20),
      energy: dice.pick([50, 400, 1_500, 5_000]),
      price: this.priceFor(side, settler === zeroAddress),
      forward,
      bond: forward ? dice.pick([0n, 20_000n, 20_000n]) : 0n,
      mostAhead: dice.percent(85) ? MOST : dice.between(0, 400),
      crosses: dice.percent(50),
      counterparty: dice.percent(97) ? zeroAddress : dice.pick(participants.households),
      settler,
      nonce: (firm ? FIRST_FIRM_NONCE : 0n) + this.nonces++,
      counter: firm ? 0n : counter + (dice.percent(3) ? 1n : 0n),
      deadline:
        firm && lock
          ? until - dice.pick([-1, 0, 60])
          : this.now + dice.pick([HOUR_S, 40 * DAY, 40 * DAY]),
      ...over,
    };
    const isDelegated =
      this.model.tallies.allowance.of(maker, participants.delegate) > 0n ||
      (firm && lock !== undefined);
    const usual = isDelegated && dice.percent(50) ? participants.delegate : maker;
    const signer = dice.percent(97)
      ? usual
      : dice.pick([participants.delegate, participants.stranger]);
    const signed = { order, signer };
    this.book.push(signed);
    return signed;
  }

  private priceFor(side: number, posted: boolean): bigint {
    const { dice } = this;
    if (dice.percent(5)) return dice.pick([0n, 2n ** 90n]);
    const beside = dice.wh(0, 90_000);
    // Limits are generous, posted prices near those of the community.
    if (posted) return PRICE + (side === 0 ? -beside : beside) + dice.pick([0n, 0n, 10_000n]);
    return side === 0 ? PRICE / 2n + beside : PRICE - 30_000n + 2n * beside;
  }

  private energyFor(order: Order, sellers: number): EnergyBySlot {
    const { dice } = this;
    const current = slotOf(this.model.communities.of(sellers), this.now);
    const first = order.forward
      ? current + dice.pick([-1, 1, 1, 2, dice.between(1, 30)])
      : dice.pick(this.soldSlots(order, current));
    const wh = dice.pick([1n, 30n, 100n, 100n, 250n, 900n]);
    const energyWh = new Map<number, bigint>();
    for (let slot = first; slot < first + dice.between(1, 10); slot++) {
      if (dice.percent(85)) energyWh.set(slot, wh + dice.wh(0, 9));
    }
    return energyWh.size > 0 ? energyWh : new Map([[first, wh]]);
  }

  /** Slots of which somebody has energy, or else some that are over. */
  private soldSlots(order: Order, current: number): number[] {
    const { delivered } = this.model.tallies;
    if (this.dice.percent(5)) return [...delivered.entries().map(({ key }) => key[1]), current];
    const held = this.model.tallies.energy
      .entries()
      .filter(({ key: [holder, microgrid], amount }) => {
        const isSellers = isBid(order) || holder === order.maker;
        return isSellers && microgrid === order.microgrid && amount > 0n;
      })
      .map(({ key }) => key[3]);
    return held.length > 0 ? held : [current - 5, current - 1];
  }

  // ---- Who and what --------------------------------------------------------------------------------------------

  private operatorOf(microgrid: number): Address {
    return this.dice.percent(94)
      ? this.model.communities.of(microgrid).operator
      : this.participants.stranger;
  }

  private mostly(who: Address): Address {
    return this.dice.percent(95) ? who : this.dice.pick(this.participants.households);
  }

  private meter(): [Address, MeterRecord] {
    return this.dice.pick([...this.model.metering.meters]);
  }

  private meterIn(microgrid: number): Address {
    const there = [...this.model.metering.meters].filter(([, of]) => of.microgrid === microgrid);
    return this.dice.pick(there.length > 0 ? there : [this.meter()])[0];
  }

  /** A meter that a buyer names: mostly its own there. */
  private meterOf(owner: Address, microgrid: number): Address {
    if (this.dice.percent(10)) return zeroAddress;
    const own = [...this.model.metering.meters].find(
      ([, of]) => of.owner === owner && of.microgrid === microgrid,
    );
    return own?.[0] ?? this.meterIn(microgrid);
  }

  private sourceOf({ source }: MeterRecord): number {
    return this.dice.percent(95) ? source : 1 - source;
  }

  private scheduleOf(microgrid: number): number {
    const { schedules, slotSeconds } = this.model.communities.of(microgrid);
    const current = Math.floor(this.now / slotSeconds);
    const inForce = schedules.findLastIndex(({ firstSlot }) => firstSlot <= current);
    return this.dice.percent(95) ? inForce : this.dice.between(0, schedules.length - 1);
  }
}

type CommunityKind =
  | "found"
  | "schedule"
  | "setRation"
  | "setDso"
  | "setIslanded"
  | "declareIslanded"
  | "setClosed"
  | "handOver"
  | "acceptHandOver"
  | "proposeTieLine"
  | "endTieLine";

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`There is no item ${index}.`);
  return item;
}
