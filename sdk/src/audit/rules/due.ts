import type { Address } from "viem";
import { type Cut, meetsLimit, type Struck, totalsOf } from "../../deals/index.ts";
import { isLimit } from "../../deals/order.ts";
import type { BareTrade } from "../../history/trades.ts";
import type { Check } from "../checks.ts";
import { type AuditContext, expect, expectEqual } from "../context.ts";
import type { MessageCode } from "../messages.ts";
import { type Asked, duesOf, strikeAsked } from "./deal.ts";
import { type Objection, ORDER_CHECKS, objectionsTo } from "./objections.ts";
import type { Draw } from "./orders.ts";

/** What a deal should have come to, by its call and the chain's state just before. */
export interface Due {
  readonly asked: Asked;
  readonly struck: Struck;
  /** What speaks against it. */
  readonly objections: readonly Objection[];
  /** What delegates should have drawn; undefined where signatures were not judged. */
  readonly draws: readonly Draw[] | undefined;
}

export async function dueOf(context: AuditContext, asked: Asked): Promise<Due> {
  const struck = strikeAsked(context, asked);
  const objections = await objectionsTo(context, asked, struck);
  return { asked, struck, objections, draws: drawsOf(context, asked, struck) };
}

function drawsOf(context: AuditContext, asked: Asked, struck: Struck): Draw[] | undefined {
  if (!context.checksSignatures) return undefined;
  const { costMillis, drawnBySaleMillis } = duesOf(asked, struck);
  const draws: Draw[] = [];
  for (const [{ signed, holder }, amountMillis] of [
    [asked.offer, drawnBySaleMillis],
    [asked.bid, costMillis],
  ] as const) {
    if (signed?.signer.by === "not seen") return undefined;
    const delegate: Address | undefined = signed?.signer.delegate;
    if (delegate !== undefined) draws.push({ maker: holder, delegate, amountMillis });
  }
  return draws;
}

/** Judges a trade by what it should have come to: energy, cost, charge, arrival, the taker's wants, both orders. */
export function judgeByDue(context: AuditContext, trade: BareTrade, due: Due): void {
  const { asked, struck, objections } = due;
  const { from, to } = trade;
  const orders = [asked.offer, asked.bid].filter(({ signed }) => signed !== undefined);
  for (const check of ORDER_CHECKS) context.checked(check, orders.length);
  for (const objection of objections) objection.report(context, from);
  const areLimits =
    orders.length === 2 && orders.every(({ signed }) => signed && isLimit(signed.order));
  const price: Check = areLimits ? "community-price" : "price";
  for (const check of ["fees", "island", "lock", price] as const) context.checked(check);
  if (from !== to) for (const check of ["loss", "line-capacity"] as const) context.checked(check);
  if (!judgeEnergy(context, trade, due)) return;

  const totals = totalsOf(struck.slots);
  expectEqual(context, price, "other-cost", trade.costMillis, totals.costMillis, from);
  expectEqual(context, "fees", "other-charge", trade.chargeMillis, totals.chargeMillis, from);
  for (const { slot, arrivedWh: dueWh } of struck.slots) {
    const foundWh = trade.arrivedWh.get(slot) ?? 0n;
    if (foundWh !== dueWh) {
      context.found("loss", "other-arrival", { slot, from, to, foundWh, dueWh }, from);
    }
  }
  if (trade.isForward) {
    const { bondedMillis } = duesOf(asked, struck);
    expectEqual(context, "refunds", "other-bond", trade.bondMillis, bondedMillis, from);
  }
  if (asked.taker === undefined) return;
  const { limitPerKwh, leastWh } = asked.taker;
  const taker = asked.offer.signed === undefined ? "seller" : "buyer";
  const isMet = meetsLimit(totals, taker, limitPerKwh);
  expect(context, "price", isMet, "limit-missed", { limit: limitPerKwh }, from);
  const isEnough = totals.sentWh >= leastWh;
  const wanted = { leastWh, tradedWh: totals.sentWh };
  expect(context, "order-terms", isEnough, "less-than-least", wanted, from);
}

/** Whether exactly the energy that could trade was traded; names the first slot where it was not. */
function judgeEnergy(context: AuditContext, trade: BareTrade, due: Due): boolean {
  const dueWh = new Map(due.struck.slots.map(({ slot, sentWh }) => [slot, sentWh]));
  const slots = [...new Set([...dueWh.keys(), ...trade.sentWh.keys()])].sort((a, b) => a - b);
  const slot = slots.find((each) => dueWh.get(each) !== trade.sentWh.get(each));
  context.checked("calldata");
  if (slot === undefined) return true;
  const values = { slot, foundWh: trade.sentWh.get(slot) ?? 0n, dueWh: dueWh.get(slot) ?? 0n };
  const cut = values.foundWh > values.dueWh ? cutOf(context, due, slot) : undefined;
  const [check, code] = cut === undefined ? NO_CUT : CUTS[cut];
  context.found(check, code, values, trade.from);
  return false;
}

/** What cut a slot: the only cut of all, or that of the slot by itself. */
function cutOf(context: AuditContext, { asked, struck }: Due, slot: number): Cut | undefined {
  const [only, ...others] = struck.cuts;
  if (only === undefined || others.length === 0) return only;
  const energyWh = new Map([[slot, asked.energyWh.get(slot) ?? 0n]]);
  const [own] = strikeAsked(context, { ...asked, energyWh }).cuts;
  return own ?? "Orders_Filled";
}

type SlotCode = Extract<
  MessageCode,
  | "other-slots"
  | "out-of-time"
  | "traded-while-closed"
  | "crossed-while-cut"
  | "above-line-capacity"
  | "above-ration"
  | "filled-beyond"
  | "prices-dont-meet"
  | "other-energy"
>;

const NO_CUT: readonly [Check, SlotCode] = ["calldata", "other-energy"];

const CUTS: Readonly<Record<Cut, readonly [Check, SlotCode]>> = {
  Deals_OutsideSlots: ["order-terms", "other-slots"],
  Deals_OutOfTime: ["order-terms", "out-of-time"],
  Deals_Closed: ["island", "traded-while-closed"],
  Deals_Islanded: ["island", "crossed-while-cut"],
  Deals_LineFull: ["line-capacity", "above-line-capacity"],
  Deals_Rationed: ["island", "above-ration"],
  Orders_Filled: ["overfill", "filled-beyond"],
  Deals_PricesDontMeet: ["price", "prices-dont-meet"],
};
