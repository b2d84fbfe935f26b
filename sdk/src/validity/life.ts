import { isAddressEqual } from "viem";
import { ANYONE, isFirm } from "../deals/order.ts";
import { SOURCES, sourceMask } from "../energyId.ts";
import type { OrderFacts } from "../facts.ts";
import { slotStart } from "../slots.ts";
import type { Order } from "../typedData.ts";
import { type Breach, isNobody, type Reason, signedWh } from "./judgement.ts";

/** What an order is by itself: its members, its time, its counter and lock, its fill and its signature. */

/** Rules that an order breaks for ever, whatever the chain's state. */
export function shapeBreaches(order: Order): Breach[] {
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
export function lifeBreaches(order: Order, facts: OrderFacts): Breach[] {
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

export function signatureBreaches(order: Order, { signer, microgrid }: OrderFacts): Breach[] {
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
