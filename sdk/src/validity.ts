import { type Address, isAddressEqual, zeroAddress } from "viem";
import { ANYONE, isFirm, isPosted, OFFER } from "./deals/order.ts";
import type { Level } from "./deals/schedule.ts";
import { SOURCES, sourceMask } from "./energyId.ts";
import type { MeterFacts, OrderFacts } from "./facts.ts";
import { isClosedIn, levelsOver, type Microgrid } from "./microgrid.ts";
import { ceilDiv, costMillis } from "./money.ts";
import { LANE_MAX_WH } from "./profile.ts";
import { slotAt, slotEnd, slotStart } from "./slots.ts";
import type { Order } from "./typedData.ts";

/**
 * Whether a signed order can be traded, judged as the contracts would: pure functions over facts read from a chain.
 * Every reason has the name and the values of the contracts' custom error.
 */

/** The state of an order. */
export type OrderState = "live" | "filled" | "cancelled" | "expired" | "unbacked" | "void";

/** One rule that an order breaks. */
export interface Reason {
  /** The contracts' custom error; `Relay_...` for rules that only a relay has. */
  readonly code: string;
  /** The rule as text, with the values. */
  readonly message: string;
  /** The order's invalid member, if it is one. */
  readonly path?: keyof Order;
  /** The error's arguments; integers that may exceed a JSON number's precision are decimal strings. */
  readonly values?: Readonly<Record<string, string | number>>;
}

/** The judgement of an order. */
export interface Judgement {
  readonly state: OrderState;
  /** Every broken rule; empty when the order is live. */
  readonly reasons: readonly Reason[];
  /** Wh that can still be traded: the unfilled part that money or energy covers. */
  readonly remainingWh: bigint;
  /** Whether the maker's own meter may still report energy that would cover an unbacked offer. */
  readonly mayBeBacked: boolean;
}

/** A broken rule and the order state that it causes. */
interface Breach extends Reason {
  readonly makes: OrderState;
}

/** Which state counts when several rules are broken: the most final one first. */
const GRAVITY: readonly OrderState[] = ["cancelled", "filled", "expired", "void", "unbacked"];

const SECONDS_PER_HOUR = 3600n;

/** Wh that an order is signed for, at most what a lane holds. */
export const signedWh = (order: Order): bigint =>
  BigInt(order.energy) > LANE_MAX_WH ? LANE_MAX_WH : BigInt(order.energy);

/** The last Unix second at which an order can be traded: its deadline, or before the start of a forward's last slot. */
export function goodUntil(order: Order, slotSeconds: number): number {
  if (!order.forward) return order.deadline;
  // A forward's slot must not have started, so its first second is too late.
  return Math.min(order.deadline, slotStart(order.lastSlot, slotSeconds) - 1);
}

/** Judges an order by the facts of one block: its state, why, and how much of it can be traded. */
export function judgeOrder(order: Order, facts: OrderFacts): Judgement {
  const breaches: Breach[] = [
    ...shapeBreaches(order),
    ...lifeBreaches(order, facts),
    ...signatureBreaches(order, facts),
    ...microgridBreaches(order, facts),
    ...meterBreaches(order, facts),
  ];
  const leftWh = atLeast(0n, signedWh(order) - facts.fill.filledWh);
  const cover = coverOf(order, facts);
  if (leftWh > 0n && cover.breach !== undefined) breaches.push(cover.breach);
  const state = GRAVITY.find((grave) => breaches.some(({ makes }) => makes === grave)) ?? "live";
  return {
    state,
    reasons: breaches.map(({ makes: _, ...reason }) => reason),
    remainingWh: state === "live" ? atMost(leftWh, cover.wh) : 0n,
    mayBeBacked: state === "unbacked" && mayBeBacked(order, facts),
  };
}

/** Rules that an order breaks for this taker only, who would take it by `accept` or `reserve`. */
export function takerReasons(order: Order, taker: Address): Reason[] {
  const reasons: Reason[] = [];
  if (isAddressEqual(order.maker, taker)) {
    reasons.push({
      code: "Deals_SelfTrade",
      message: `${taker} made the order and can't trade with itself.`,
      path: "maker",
      values: { maker: order.maker },
    });
  }
  if (!isNobody(order.counterparty) && !isAddressEqual(order.counterparty, taker)) {
    reasons.push({
      code: "Orders_NotCounterparty",
      message: `The order is for ${order.counterparty} alone, not for ${taker}.`,
      path: "counterparty",
      values: { counterparty: order.counterparty, caller: taker },
    });
  }
  if (!isPosted(order)) {
    reasons.push({
      code: "Orders_NotSettler",
      message: "The order is a limit, which nobody takes: it is settled at the community price.",
      path: "settler",
      values: { settler: order.settler, caller: taker },
    });
  }
  return reasons;
}

const isNobody = (address: Address): boolean => isAddressEqual(address, zeroAddress);
const isOffer = (order: Order): boolean => order.side === OFFER;
const atLeast = (floor: bigint, value: bigint): bigint => (value < floor ? floor : value);
const atMost = (ceiling: bigint, value: bigint): bigint => (value > ceiling ? ceiling : value);

/** Rules that an order breaks for ever, whatever the chain's state. */
function shapeBreaches(order: Order): Breach[] {
  const breaches: Breach[] = [];
  const never = (
    code: string,
    path: keyof Order,
    message: string,
    values: NonNullable<Reason["values"]> = {},
  ) => breaches.push({ code, message, path, values, makes: "void" });
  if (order.energy === 0) {
    never("Orders_Filled", "energy", "The order is for 0 Wh; a trade needs at least 1 Wh.", {
      maker: order.maker,
      nonce: order.nonce.toString(),
    });
  }
  if (order.lastSlot < order.firstSlot) {
    never(
      "Deals_OutsideSlots",
      "lastSlot",
      `The order ends with slot ${order.lastSlot}, before its first slot ${order.firstSlot}: it has no slot.`,
    );
  }
  if ((order.sources & sourceMask(...SOURCES)) === 0) {
    never(
      "Orders_SourceNotNamed",
      "sources",
      `The mask ${order.sources} names no source of energy.`,
      { sources: order.sources, source: 0 },
    );
  }
  if (isAddressEqual(order.counterparty, order.maker)) {
    never(
      "Deals_SelfTrade",
      "counterparty",
      `The order is for ${order.maker} alone, its own maker, who can't trade with itself.`,
      { maker: order.maker },
    );
  }
  if (isFirm(order)) {
    const settler = isNobody(order.settler) || isAddressEqual(order.settler, ANYONE);
    if (settler || order.counter !== 0n) {
      never(
        "Orders_NoLock",
        settler ? "settler" : "counter",
        "An order with a nonce from 2^63 on is firm: it names the settler of its maker's lock, and carries the counter 0.",
        { maker: order.maker, nonce: order.nonce.toString() },
      );
    }
  }
  return breaches;
}

/** Rules about time, counter, lock and fill. */
function lifeBreaches(order: Order, facts: OrderFacts): Breach[] {
  const { nowSeconds, account, fill, microgrid } = facts;
  const breaches: Breach[] = [];
  if (nowSeconds > order.deadline) {
    breaches.push({
      code: "Orders_Expired",
      message: `The deadline ${order.deadline} has passed; it is ${nowSeconds}.`,
      path: "deadline",
      values: { deadline: order.deadline, time: nowSeconds },
      makes: "expired",
    });
  }
  if (microgrid !== undefined && order.forward) {
    const start = slotStart(order.lastSlot, microgrid.slotSeconds);
    if (nowSeconds >= start) {
      breaches.push({
        code: "Deals_OutOfTime",
        message: `The last slot ${order.lastSlot} started at ${start}; a forward sells what is still to come.`,
        path: "lastSlot",
        makes: "expired",
      });
    }
  }
  if (isFirm(order)) breaches.push(...lockBreaches(order, facts));
  else if (microgrid !== undefined && order.counter !== account.counter) {
    breaches.push({
      code: "Orders_CounterRaised",
      message: `The order carries the counter ${order.counter}; its maker's is ${account.counter}.`,
      path: "counter",
      values: {
        maker: order.maker,
        signed: order.counter.toString(),
        current: account.counter.toString(),
      },
      makes: order.counter < account.counter ? "cancelled" : "void",
    });
  }
  if (fill.cancelled) {
    breaches.push({
      code: "Orders_IsCancelled",
      message: `${order.maker} has cancelled the nonce ${order.nonce}.`,
      path: "nonce",
      values: { maker: order.maker, nonce: order.nonce.toString() },
      makes: "cancelled",
    });
  }
  if (order.energy > 0 && fill.filledWh >= signedWh(order)) {
    breaches.push({
      code: "Orders_Filled",
      message: `All ${signedWh(order)} Wh of the nonce ${order.nonce} are filled.`,
      path: "energy",
      values: { maker: order.maker, nonce: order.nonce.toString() },
      makes: "filled",
    });
  }
  return breaches;
}

/** What a firm order lacks of its lock. A lock may still be made or prolonged. */
function lockBreaches(order: Order, { account: { lock }, nowSeconds }: OrderFacts): Breach[] {
  const inForce = lock !== undefined && nowSeconds < lock.untilSeconds ? lock : undefined;
  const isHeld =
    inForce !== undefined &&
    order.deadline <= inForce.untilSeconds &&
    isAddressEqual(inForce.settler, order.settler);
  if (isHeld) return [];
  const found =
    inForce === undefined
      ? "has no lock in force"
      : `has a lock until ${inForce.untilSeconds} for ${inForce.settler}`;
  return [
    {
      code: "Orders_NoLock",
      message: `The order is firm: ${order.maker} needs a lock for ${order.settler} until ${order.deadline} at least, and ${found}.`,
      path: "nonce",
      values: { maker: order.maker, nonce: order.nonce.toString() },
      makes: "unbacked",
    },
  ];
}

function signatureBreaches(order: Order, { signer, microgrid }: OrderFacts): Breach[] {
  // Without a microgrid there is no currency, and so no allowance to read.
  if (signer !== undefined || microgrid === undefined) return [];
  const who = isFirm(order)
    ? `Neither ${order.maker} nor the signer that its lock names has signed it.`
    : `Neither ${order.maker}, nor a delegate with an allowance, nor the maker's wallet has signed it.`;
  return [
    {
      code: "Orders_BadSignature",
      message: who,
      values: { maker: order.maker },
      makes: "void",
    },
  ];
}

function microgridBreaches(order: Order, { microgrid }: OrderFacts): Breach[] {
  const unfit = (
    code: string,
    path: keyof Order,
    message: string,
    values: NonNullable<Reason["values"]> = {},
  ): Breach[] => [{ code, message, path, values, makes: "void" }];
  if (microgrid === undefined) {
    return unfit("Microgrids_Unknown", "microgrid", `There is no microgrid ${order.microgrid}.`, {
      microgrid: order.microgrid,
    });
  }
  if (isClosedIn(microgrid, order.firstSlot)) {
    return unfit(
      "Deals_Closed",
      "microgrid",
      `The microgrid ${order.microgrid} is closed for trades of slots from ${microgrid.closedFrom} on.`,
    );
  }
  if (!isPosted(order) || !isIslandedThroughout(microgrid, order)) return [];
  const levels = levelsOver(microgrid, order);
  const paid = ({ feePerKwh }: Level) => order.price + (isOffer(order) ? feePerKwh : 0n);
  if (levels.some((level) => paid(level) <= level.capPerKwh)) return [];
  const most = levels.map(({ capPerKwh }) => capPerKwh).join(", ");
  return unfit(
    "Deals_PricesDontMeet",
    "price",
    `A buyer would pay more per kWh than the most in islanded slots, ${most}.`,
  );
}

/** Whether an order is for islanded slots only. */
const isIslandedThroughout = (
  { islands }: Microgrid,
  { firstSlot, lastSlot }: Pick<Order, "firstSlot" | "lastSlot">,
): boolean =>
  islands.some(
    (island) =>
      island.firstSlot <= firstSlot &&
      (island.lastSlot === undefined || lastSlot <= island.lastSlot),
  );

/** Rules about the named meter: whose energy a forward offer sells, or for which load islanded slots are bought. */
function meterBreaches(order: Order, { meter, microgrid }: OrderFacts): Breach[] {
  if (microgrid === undefined) return [];
  if (order.forward && isOffer(order)) return promiseBreaches(order, meter);
  const needsLoad = !isOffer(order) && isIslandedThroughout(microgrid, order);
  if (!needsLoad || isOwn(order, meter)) return [];
  return [
    {
      code: "Deals_Rationed",
      message: `Islanded slots are bought for a meter of one's own: ${order.maker} names none in the microgrid ${order.microgrid}.`,
      path: "meter",
      makes: "void",
    },
  ];
}

const isOwn = (order: Order, meter: MeterFacts | undefined): boolean =>
  meter?.active === true &&
  isAddressEqual(meter.owner, order.maker) &&
  meter.microgrid === order.microgrid;

/** What keeps a meter from promising the energy of a forward offer. */
function promiseBreaches(order: Order, meter: MeterFacts | undefined): Breach[] {
  const unfit = (
    code: string,
    message: string,
    values: NonNullable<Reason["values"]>,
  ): Breach[] => [{ code, message, path: "meter", values, makes: "void" }];
  if (meter === undefined) {
    return unfit("Meters_Unknown", `No meter ${order.meter} is registered.`, {
      meter: order.meter,
    });
  }
  if (!isAddressEqual(meter.owner, order.maker)) {
    return unfit(
      "Meters_NotOwner",
      `The meter ${order.meter} belongs to ${meter.owner}, not to ${order.maker}.`,
      { meter: order.meter, caller: order.maker, owner: meter.owner },
    );
  }
  if (!meter.active) {
    return unfit("Meters_Inactive", `The meter ${order.meter} is retired.`, { meter: order.meter });
  }
  const isNamed = (order.sources & sourceMask(meter.source)) !== 0;
  if (meter.microgrid !== order.microgrid || !isNamed) {
    return unfit(
      "Meters_NotSuch",
      `The meter ${order.meter} makes ${meter.source} energy in the microgrid ${meter.microgrid}, which the order does not sell.`,
      { meter: order.meter, microgrid: order.microgrid, source: meter.source },
    );
  }
  if (meter.isLeaving) {
    return unfit(
      "Meters_Leaving",
      `The meter ${order.meter} is offered to a new owner or about to move: until then it promises nothing.`,
      { meter: order.meter },
    );
  }
  return [];
}

/** How many Wh money or energy covers, and the broken rule when it is none. */
interface Cover {
  readonly wh: bigint;
  readonly breach?: Breach;
}

function coverOf(order: Order, facts: OrderFacts): Cover {
  const { microgrid, allowance, signer } = facts;
  if (microgrid === undefined) return { wh: 0n };
  const covers: Cover[] = [];
  if (!isOffer(order))
    covers.push(moneyCover(order, facts, microgrid, paidPerKwh(order, microgrid)));
  else if (!order.forward) covers.push(energyCover(order, facts));
  else {
    covers.push(moneyCover(order, facts, microgrid, order.bond));
    covers.push(promiseCover(order, facts, microgrid));
  }
  if (signer?.by === "delegate" && allowance !== undefined) {
    covers.push(allowanceCover(order, microgrid, allowance.allowanceMillis, signer.delegate));
  }
  return covers.reduce((narrow, cover) => (cover.wh < narrow.wh ? cover : narrow));
}

/** What a meter can still promise in the slots that have not started. */
function promiseCover(
  order: Order,
  { meter, nowSeconds, promisedWh }: OrderFacts,
  { slotSeconds }: Microgrid,
): Cover {
  if (meter === undefined) return { wh: 0n };
  const next = slotAt(nowSeconds, slotSeconds) + 1;
  const slots = order.lastSlot - Math.max(order.firstSlot, next) + 1;
  const perSlot = ceilDiv(BigInt(meter.capacityW) * BigInt(slotSeconds), SECONDS_PER_HOUR);
  const promised = [...promisedWh.values()].reduce((sum, wh) => sum + wh, 0n);
  const wh = atLeast(0n, perSlot * BigInt(Math.max(0, slots)) - promised);
  if (wh > 0n || slots <= 0) return { wh };
  return {
    wh,
    breach: {
      code: "Meters_OverCommitted",
      message: `The meter ${order.meter} has promised all that it can make in the order's slots, ${promised} Wh.`,
      path: "meter",
      values: { meter: order.meter, committed: promised.toString() },
      makes: "unbacked",
    },
  };
}

function moneyCover(
  order: Order,
  facts: OrderFacts,
  { currency, slotSeconds }: Microgrid,
  perKwh: bigint,
): Cover {
  if (perKwh === 0n) return { wh: LANE_MAX_WH };
  const bound = boundBreach(order, facts, slotSeconds);
  if (bound !== undefined) return { wh: 0n, breach: bound };
  const { balanceMillis } = facts.account;
  const wh = balanceMillis / perKwh;
  if (wh > 0n) return { wh };
  return {
    wh,
    breach: {
      code: "Escrow_InsufficientBalance",
      message: `${order.maker} has ${balanceMillis} thousandths of a base unit of ${currency} in escrow; a single Wh takes ${perKwh}.`,
      path: isOffer(order) ? "bond" : "price",
      values: {
        currency,
        holder: order.maker,
        balance: balanceMillis.toString(),
        needed: perKwh.toString(),
      },
      makes: "unbacked",
    },
  };
}

/**
 * Why money does not count: a lock lets it move in fills of its settler only, and while the chain can't be heard money that
 * is not locked may be withdrawn unseen.
 */
function boundBreach(
  order: Order,
  { account: { lock }, isOffline, nowSeconds }: OrderFacts,
  slotSeconds: number,
): Breach | undefined {
  if (isOffline && !isFirm(order)) {
    const end = goodUntil(order, slotSeconds);
    return {
      code: "Relay_NotLocked",
      message: `The relay is offline, so only money that is locked until the order's end, ${end}, counts: sign a firm order under a lock.`,
      path: "nonce",
      values: { holder: order.maker, end },
      makes: "unbacked",
    };
  }
  if (lock === undefined || lock.untilSeconds <= nowSeconds) return undefined;
  const mayMove =
    !isPosted(order) &&
    (isAddressEqual(order.settler, ANYONE) || isAddressEqual(order.settler, lock.settler));
  if (mayMove) return undefined;
  return {
    code: "Escrow_Locked",
    message: `The escrow of ${order.maker} is locked until ${lock.untilSeconds}: it moves only in fills that ${lock.settler} makes.`,
    path: "settler",
    values: { holder: order.maker, until: lock.untilSeconds },
    makes: "unbacked",
  };
}

function energyCover(order: Order, { heldWh }: OrderFacts): Cover {
  const wh = [...heldWh.values()].reduce((sum, each) => sum + each, 0n);
  if (wh > 0n) return { wh };
  return {
    wh: 0n,
    breach: {
      code: "ERC1155InsufficientBalance",
      message: `${order.maker} holds no energy of the named sources in the slots ${order.firstSlot} to ${order.lastSlot}.`,
      path: "energy",
      values: { sender: order.maker, balance: "0", needed: "1" },
      makes: "unbacked",
    },
  };
}

/**
 * What a delegate's allowance covers: a bid draws what the buyer pays; a sale what the buyer pays, or what the energy is worth
 * at the community price when that is more, and a forward its bond as well.
 */
function allowanceCover(
  order: Order,
  microgrid: Microgrid,
  allowanceMillis: bigint,
  delegate: Address,
): Cover {
  const perKwh = drawnPerKwh(order, microgrid);
  if (perKwh === 0n) return { wh: LANE_MAX_WH };
  const wh = allowanceMillis / perKwh;
  if (wh > 0n) return { wh };
  return {
    wh,
    breach: {
      code: "Orders_AllowanceExceeded",
      message: `The delegate ${delegate} has ${allowanceMillis} thousandths of a base unit left to spend for ${order.maker}; a single Wh takes ${perKwh}.`,
      values: {
        maker: order.maker,
        delegate,
        left: allowanceMillis.toString(),
        needed: costMillis(perKwh, 1n).toString(),
      },
      makes: "unbacked",
    },
  };
}

/**
 * The most that a bid pays for a kWh. A limit at home pays the community price at most, so that a household may name a limit
 * far above it.
 */
function paidPerKwh(order: Order, microgrid: Microgrid): bigint {
  if (isPosted(order) || order.crosses) return order.price;
  const dearest = levelsOver(microgrid, order).reduce(
    (most, { pricePerKwh }) => atLeast(most, pricePerKwh),
    0n,
  );
  return atMost(order.price, dearest);
}

/** The most that a kWh draws on an allowance, in any of an order's slots; a limit's sale to a dearer posted bid draws more. */
function drawnPerKwh(order: Order, microgrid: Microgrid): bigint {
  if (!isOffer(order)) return paidPerKwh(order, microgrid);
  const bond = order.forward ? order.bond : 0n;
  return levelsOver(microgrid, order).reduce((most, { pricePerKwh, feePerKwh }) => {
    const paid = isPosted(order) ? order.price + feePerKwh : 0n;
    return atLeast(most, atLeast(paid, pricePerKwh) + bond);
  }, 0n);
}

/**
 * Energy for a spot offer may still be reported when its maker's own live meter makes it and its slots can still be reported
 * in time.
 */
function mayBeBacked(order: Order, { microgrid, meter, nowSeconds }: OrderFacts): boolean {
  if (microgrid === undefined || order.forward || !isOffer(order) || meter === undefined) {
    return false;
  }
  const lastReport =
    slotEnd(order.lastSlot, microgrid.slotSeconds) + microgrid.reportingDeadlineSeconds;
  return (
    isOwn(order, meter) &&
    (order.sources & sourceMask(meter.source)) !== 0 &&
    nowSeconds <= lastReport
  );
}
