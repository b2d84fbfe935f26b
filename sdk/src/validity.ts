import { type Address, isAddressEqual } from "viem";
import { isPosted } from "./deals/order.ts";
import type { OrderFacts } from "./facts.ts";
import type { Order } from "./typedData.ts";
import { coverOf, mayBeBacked } from "./validity/cover.ts";
import {
  atLeast,
  atMost,
  type Breach,
  isNobody,
  type Judgement,
  type OrderState,
  type Reason,
  signedWh,
} from "./validity/judgement.ts";
import { lifeBreaches, shapeBreaches, signatureBreaches } from "./validity/life.ts";
import { meterBreaches, microgridBreaches } from "./validity/place.ts";

export {
  goodUntil,
  type Judgement,
  type OrderState,
  type Reason,
  signedWh,
} from "./validity/judgement.ts";

/**
 * Whether a signed order can be traded, judged as the contracts would: pure functions over facts read from a chain.
 * Every reason has the name and the values of the contracts' custom error.
 */

/** Which state counts when several rules are broken: the most final one first. */
const GRAVITY: readonly OrderState[] = ["cancelled", "filled", "expired", "void", "unbacked"];

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
