import { type Address, isAddressEqual } from "viem";
import { ANYONE, isFirm, isPosted } from "../deals/order.ts";
import { sourceMask } from "../energyId.ts";
import type { OrderFacts } from "../facts.ts";
import { levelsOver, type Microgrid } from "../microgrid.ts";
import { ceilDiv, costMillis } from "../money.ts";
import { LANE_MAX_WH } from "../profile.ts";
import { slotAt, slotEnd } from "../slots.ts";
import type { Order } from "../typedData.ts";
import { atLeast, atMost, type Breach, goodUntil, isOffer } from "./judgement.ts";
import { isOwn } from "./place.ts";

/** How much of an order money, energy, a meter's capacity and an allowance cover. */

const SECONDS_PER_HOUR = 3600n;

/** How many Wh money or energy covers, and the broken rule when it is none. */
interface Cover {
  readonly wh: bigint;
  readonly breach?: Breach;
}

export function coverOf(order: Order, facts: OrderFacts): Cover {
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
export function mayBeBacked(order: Order, { microgrid, meter, nowSeconds }: OrderFacts): boolean {
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
