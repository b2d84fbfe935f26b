import { type Address, isAddressEqual, zeroAddress } from "viem";
import { SOURCES, sourceMask } from "./energyId.ts";
import type { OrderFacts } from "./facts.ts";
import type { Mode } from "./modes.ts";
import { costOf } from "./money.ts";
import { LANE_MAX_WH } from "./profile.ts";
import { type Order, SIDES } from "./typedData.ts";

/**
 * Whether a signed order can be traded, judged as the contracts would: pure functions over facts read from a chain.
 * Every reason has the name and the values of the contracts' custom error.
 */

/** The data of an order's microgrid. Prices and fees are base units per kWh. */
export interface MicrogridFacts {
  readonly currency: Address;
  readonly slotSeconds: number;
  readonly mode: Mode;
  readonly networkFeePerKwh: bigint;
  readonly feedInPerKwh: bigint;
  /** The most a buyer pays while the microgrid is islanded. */
  readonly islandPriceCapPerKwh: bigint;
  /** Seconds after a slot's end within which its reading should arrive. */
  readonly reportingDeadlineSeconds: number;
}

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

const WH_PER_KWH = 1000n;
const SECONDS_PER_HOUR = 3600n;

/** Wh that an order is signed for, at most what a lane holds. */
export const signedWh = (order: Order): bigint =>
  BigInt(order.energy) > LANE_MAX_WH ? LANE_MAX_WH : BigInt(order.energy);

/** The last Unix second at which an order can be traded: its deadline, or before the start of a forward's last slot. */
export function goodUntil(order: Order, slotSeconds: number): number {
  if (!order.forward) return order.deadline;
  // A forward's slot must not have started, so its first second is too late.
  return Math.min(order.deadline, order.lastSlot * slotSeconds - 1);
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
  const leftWh = least(0n, signedWh(order) - facts.fill.filledWh);
  const cover = coverOf(order, facts, leftWh);
  if (leftWh > 0n && cover.breach !== undefined) breaches.push(cover.breach);
  const state = GRAVITY.find((grave) => breaches.some(({ makes }) => makes === grave)) ?? "live";
  return {
    state,
    reasons: breaches.map(({ makes: _, ...reason }) => reason),
    remainingWh: state === "live" ? most(leftWh, cover.wh) : 0n,
    mayBeBacked: state === "unbacked" && mayBeBacked(order, facts),
  };
}

/** Rules that an order breaks for this taker only. */
export function takerReasons(order: Order, taker: Address): Reason[] {
  const reasons: Reason[] = [];
  if (isAddressEqual(order.maker, taker)) {
    reasons.push({
      code: "Trading_SelfTrade",
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
  return reasons;
}

const isNobody = (address: Address): boolean => isAddressEqual(address, zeroAddress);
const isOffer = (order: Order): boolean => SIDES[order.side] === "offer";
const least = (floor: bigint, value: bigint): bigint => (value < floor ? floor : value);
const most = (ceiling: bigint, value: bigint): bigint => (value > ceiling ? ceiling : value);

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
    never("Trading_NothingTaken", "energy", "The order is for 0 Wh; a trade needs at least 1 Wh.");
  }
  if (order.lastSlot < order.firstSlot) {
    never(
      "Orders_OutsideSlots",
      "lastSlot",
      `The order ends with slot ${order.lastSlot}, before its first slot ${order.firstSlot}: it has no slot.`,
      { slot: order.firstSlot, firstSlot: order.firstSlot, lastSlot: order.lastSlot },
    );
  }
  if ((order.sources & sourceMask(...SOURCES)) === 0) {
    never(
      "Orders_SourceNotNamed",
      "sources",
      `The mask ${order.sources} names no source of energy.`,
      {
        sources: order.sources,
        source: 0,
      },
    );
  }
  if (isAddressEqual(order.counterparty, order.maker)) {
    never(
      "Trading_SelfTrade",
      "counterparty",
      `The order is for ${order.maker} alone, its own maker, who can't trade with itself.`,
      { maker: order.maker },
    );
  }
  return breaches;
}

/** Rules about time, counter and fill. */
function lifeBreaches(order: Order, { nowSeconds, account, fill, microgrid }: OrderFacts) {
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
    const start = order.lastSlot * microgrid.slotSeconds;
    if (nowSeconds >= start) {
      breaches.push({
        code: "Meters_SlotStarted",
        message: `The last slot ${order.lastSlot} started at ${start}; a forward sells what is still to come.`,
        path: "lastSlot",
        values: { meter: order.meter, slot: order.lastSlot },
        makes: "expired",
      });
    }
  }
  if (microgrid !== undefined && order.counter !== account.counter) {
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
      code: "Orders_Overfilled",
      message: `All ${signedWh(order)} Wh of the nonce ${order.nonce} are filled.`,
      path: "energy",
      values: { maker: order.maker, nonce: order.nonce.toString(), left: "0", asked: "1" },
      makes: "filled",
    });
  }
  return breaches;
}

function signatureBreaches(order: Order, { signer, microgrid }: OrderFacts): Breach[] {
  // Without a microgrid there is no currency, and so no allowance to read.
  if (signer !== undefined || microgrid === undefined) return [];
  return [
    {
      code: "Orders_BadSignature",
      message: `Neither ${order.maker}, nor a delegate with an allowance, nor the maker's wallet has signed it.`,
      values: { maker: order.maker },
      makes: "void",
    },
  ];
}

function microgridBreaches(order: Order, { microgrid }: OrderFacts): Breach[] {
  const unfit = (
    code: string,
    message: string,
    values: NonNullable<Reason["values"]> = {},
  ): Breach[] => [{ code, message, path: "microgrid", values, makes: "void" }];
  if (microgrid === undefined) {
    return unfit("Microgrids_Unknown", `There is no microgrid ${order.microgrid}.`, {
      microgrid: order.microgrid,
    });
  }
  if (microgrid.mode === "Closed") {
    return unfit("Trading_Closed", `The microgrid ${order.microgrid} is closed for new trades.`, {
      microgrid: order.microgrid,
    });
  }
  const paid = order.price + microgrid.networkFeePerKwh;
  if (microgrid.mode === "Islanded" && isOffer(order) && paid > microgrid.islandPriceCapPerKwh) {
    return [
      {
        code: "Trading_AboveIslandCap",
        message: `A buyer would pay ${paid} per kWh; while islanded the most is ${microgrid.islandPriceCapPerKwh}.`,
        path: "price",
        values: {
          price: paid.toString(),
          priceCap: microgrid.islandPriceCapPerKwh.toString(),
        },
        makes: "void",
      },
    ];
  }
  return [];
}

/**
 * Rules about the named meter. A forward offer sells a meter's energy. Elsewhere a meter is optional, but an order must
 * not name another household's meter, above all a critical load.
 */
function meterBreaches(order: Order, { meter, microgrid }: OrderFacts): Breach[] {
  const sells = order.forward && isOffer(order);
  if (microgrid === undefined || (isNobody(order.meter) && !sells)) return [];
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
  if (meter.microgrid !== order.microgrid) {
    return unfit(
      "Trading_BadMeter",
      `The meter ${order.meter} is in the microgrid ${meter.microgrid}, not in ${order.microgrid}.`,
      { meter: order.meter, holder: order.maker, microgrid: order.microgrid },
    );
  }
  if (sells && !meter.active) {
    return unfit("Meters_Inactive", `The meter ${order.meter} is retired.`, { meter: order.meter });
  }
  if (sells && (order.sources & sourceMask(meter.source)) === 0) {
    return unfit(
      "Meters_NotSuch",
      `The meter ${order.meter} makes ${meter.source} energy, which the order does not name.`,
      { meter: order.meter, microgrid: order.microgrid, source: meter.source },
    );
  }
  return [];
}

/** How many Wh money or energy covers, and the broken rule when it is none. */
interface Cover {
  readonly wh: bigint;
  readonly breach?: Breach;
}

function coverOf(order: Order, facts: OrderFacts, leftWh: bigint): Cover {
  const { microgrid, meter, nowSeconds } = facts;
  if (microgrid === undefined) return { wh: 0n };
  const covers: Cover[] = [];
  if (!isOffer(order)) covers.push(moneyCover(order, facts, order.price));
  else if (!order.forward) covers.push(energyCover(order, facts));
  else {
    covers.push(moneyCover(order, facts, order.bond));
    if (meter !== undefined) {
      const openSlots = openSlotsOf(order, nowSeconds, microgrid.slotSeconds);
      const perSlot = (BigInt(meter.capacityW) * BigInt(microgrid.slotSeconds)) / SECONDS_PER_HOUR;
      covers.push({ wh: perSlot * BigInt(openSlots) });
    }
  }
  if (facts.signer?.by === "delegate") {
    covers.push(allowanceCover(order, microgrid, facts, facts.signer.delegate, leftWh));
  }
  return covers.reduce((narrow, cover) => (cover.wh < narrow.wh ? cover : narrow));
}

/** Slots of a forward that have not started. */
const openSlotsOf = (order: Order, nowSeconds: number, slotSeconds: number): number =>
  Math.max(
    0,
    order.lastSlot - Math.max(order.firstSlot, Math.floor(nowSeconds / slotSeconds) + 1) + 1,
  );

function moneyCover(order: Order, facts: OrderFacts, perKwh: bigint): Cover {
  if (perKwh === 0n) return { wh: LANE_MAX_WH };
  const { account, microgrid } = facts;
  const unlocked = unlockedBreach(order, facts);
  if (unlocked !== undefined) return { wh: 0n, breach: unlocked };
  // ceil(perKwh * wh / 1000) <= balance exactly when perKwh * wh <= 1000 * balance.
  const wh = (account.balance * WH_PER_KWH) / perKwh;
  if (wh > 0n) return { wh };
  const needed = costOf(perKwh, 1n);
  const currency = microgrid?.currency ?? zeroAddress;
  return {
    wh,
    breach: {
      code: "Escrow_InsufficientBalance",
      message: `${order.maker} has ${account.balance} in escrow of ${currency}; a single Wh takes ${needed}.`,
      path: isOffer(order) ? "bond" : "price",
      values: {
        currency,
        holder: order.maker,
        balance: account.balance.toString(),
        needed: needed.toString(),
      },
      makes: "unbacked",
    },
  };
}

/** The broken rule of a maker's money during an outage. */
function unlockedBreach(order: Order, { lockedUntil, microgrid }: OrderFacts): Breach | undefined {
  if (lockedUntil === undefined || microgrid === undefined) return undefined;
  const end = goodUntil(order, microgrid.slotSeconds);
  // From the lock's end, its money may be withdrawn.
  if (lockedUntil > BigInt(end)) return undefined;
  return {
    code: "Relay_NotLocked",
    message: `The relay is offline, so only money that is locked until the order's end, ${end}, counts; the escrow of ${order.maker} is locked until ${lockedUntil}.`,
    path: "deadline",
    values: { holder: order.maker, lockedUntil: lockedUntil.toString(), end },
    makes: "unbacked",
  };
}

function energyCover(order: Order, { heldWh }: OrderFacts): Cover {
  if (heldWh > 0n) return { wh: heldWh };
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

/** What a delegate's allowance covers; see `authorize` in the contracts for what a fill draws. */
function allowanceCover(
  order: Order,
  { networkFeePerKwh, feedInPerKwh }: MicrogridFacts,
  { allowance }: OrderFacts,
  delegate: Address,
  leftWh: bigint,
): Cover {
  const draws = (wh: bigint): bigint => {
    if (!isOffer(order)) return costOf(order.price, wh);
    const paid = costOf(order.price, wh) + (networkFeePerKwh * wh) / WH_PER_KWH;
    const worth = costOf(feedInPerKwh, wh);
    return (paid > worth ? paid : worth) + (order.forward ? costOf(order.bond, wh) : 0n);
  };
  if (draws(leftWh) <= allowance) return { wh: leftWh };
  const wh = largest(leftWh, (tried) => draws(tried) <= allowance);
  if (wh > 0n) return { wh };
  return {
    wh,
    breach: {
      code: "Orders_AllowanceExceeded",
      message: `The delegate ${delegate} has ${allowance} left to spend for ${order.maker}; a single Wh takes ${draws(1n)}.`,
      values: {
        maker: order.maker,
        delegate,
        left: allowance.toString(),
        needed: draws(1n).toString(),
      },
      makes: "unbacked",
    },
  };
}

/** The largest number up to `limit` that fits; all smaller ones must fit too. */
function largest(limit: bigint, fits: (tried: bigint) => boolean): bigint {
  let [low, high] = [0n, limit];
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (fits(middle)) low = middle;
    else high = middle - 1n;
  }
  return low;
}

/**
 * Energy for a spot offer may still be reported when its maker's own live meter supplies it and its slots can be
 * reported.
 */
function mayBeBacked(order: Order, { microgrid, meter, nowSeconds }: OrderFacts): boolean {
  if (microgrid === undefined || order.forward || !isOffer(order) || meter === undefined) {
    return false;
  }
  const lastReport = (order.lastSlot + 1) * microgrid.slotSeconds;
  return (
    meter.active &&
    (order.sources & sourceMask(meter.source)) !== 0 &&
    nowSeconds <= lastReport + microgrid.reportingDeadlineSeconds
  );
}
