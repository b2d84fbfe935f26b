import { t } from "@lingui/core/macro";
import { ANY_SOURCE, isPosted, type Order, SIDES, SOURCES, type Source } from "@wattline/sdk";
import { type Address, isAddressEqual, zeroAddress } from "viem";
import { inFull } from "../people/index.ts";
import { formatEnergy, formatMoney, type Unit } from "../ui/index.ts";
import { momentWords, windowWords } from "./time.ts";

/** What a sentence about orders is written with. */
export interface Telling {
  readonly slotSeconds: number;
  /** Chain time, Unix seconds: what "today" is. */
  readonly now: number;
  readonly currency: Unit;
}

const PRICE_DIGITS = { minimumFractionDigits: 2, maximumFractionDigits: 4 };

/** What somebody who signs these orders binds oneself to, in plain words. */
export function sentenceOf(orders: readonly Order[], telling: Telling): string {
  const [first, ...others] = orders;
  if (first === undefined) return "";
  const parts = [
    others.length === 0 ? termsOf(first, telling) : weekOf(orders, first, telling),
    first.forward && pledgeOf(first, telling),
    untilOf(orders, telling),
  ];
  return parts.filter(Boolean).join(" ");
}

/** One order's energy, time, price and counterparty. */
function termsOf(order: Order, { slotSeconds, now, currency }: Telling): string {
  const energy = formatEnergy(BigInt(order.energy));
  const kind = sourceWords(order.sources);
  const when = windowWords(order, slotSeconds, now);
  const price = formatMoney(order.price, currency, PRICE_DIGITS);
  const who = isAddressEqual(order.counterparty, zeroAddress)
    ? undefined
    : inFull(order.counterparty);
  const isBid = SIDES[order.side] === "bid";
  if (!isPosted(order)) {
    const limit = isBid
      ? t`You buy up to ${energy} of ${kind}, ${when}, at the community price, if that is ${price} per kWh at most.`
      : t`You sell up to ${energy} of ${kind}, ${when}, at the community price, if you receive ${price} per kWh at least.`;
    return who === undefined ? limit : `${limit} ${t`Only with ${who}.`}`;
  }
  if (isBid) {
    return who === undefined
      ? t`You buy up to ${energy} of ${kind}, ${when}, for ${price} per kWh, from anyone.`
      : t`You buy up to ${energy} of ${kind}, ${when}, for ${price} per kWh, from ${who} alone.`;
  }
  if (order.price === 0n) {
    return who === undefined
      ? t`You give away up to ${energy} of ${kind}, ${when}, to anyone.`
      : t`You give up to ${energy} of ${kind}, ${when}, to ${who} alone, as a gift.`;
  }
  return who === undefined
    ? t`You sell up to ${energy} of ${kind}, ${when}, for ${price} per kWh, to anyone.`
    : t`You sell up to ${energy} of ${kind}, ${when}, for ${price} per kWh, to ${who} alone.`;
}

/** Orders under one signature. */
function weekOf(orders: readonly Order[], first: Order, telling: Telling): string {
  const { slotSeconds, now, currency } = telling;
  const price = (value: bigint) => formatMoney(value, currency, PRICE_DIGITS);
  const prices = orders.map((order) => order.price);
  const [low, high] = [price(prices.reduce(least)), price(prices.reduce(most))];
  const energy = formatEnergy(orders.reduce((sum, order) => sum + BigInt(order.energy), 0n));
  const span = {
    firstSlot: first.firstSlot,
    lastSlot: orders.reduce((last, { lastSlot }) => Math.max(last, lastSlot), first.lastSlot),
  };
  const when = windowWords(span, slotSeconds, now);
  const kind = sourceWords(first.sources);
  const count = String(orders.length);
  return SIDES[first.side] === "bid"
    ? t`With one signature you sign ${count} bids at the community price: up to ${energy} of ${kind} in all, ${when}, with limits of ${low} to ${high} per kWh.`
    : t`With one signature you sign ${count} offers: up to ${energy} of ${kind} in all, ${when}, for ${low} to ${high} per kWh.`;
}

function pledgeOf(order: Order, { currency }: Telling): string {
  const bond = formatMoney(order.bond, currency, PRICE_DIGITS);
  return SIDES[order.side] === "bid"
    ? t`It is still to come: for each kWh that is not delivered you get your money back and a bond of at least ${bond}.`
    : t`It is still to come: for each kWh that your meter does not deliver, the buyer gets the money back and ${bond} of your bond.`;
}

function untilOf(orders: readonly Order[], { now }: Telling): string {
  const deadlines = orders.map(({ deadline }) => deadline);
  const until = momentWords(Math.max(...deadlines), now);
  return orders.length === 1
    ? t`Valid until ${until}.`
    : t`Each is valid until its own time, the last until ${until}.`;
}

/** Sources in words: "solar", "solar or wind", "any source". */
export function sourceWords(mask: number): string {
  if (mask === ANY_SOURCE) return t`energy of any source`;
  const named = SOURCES.filter((_, bit) => (mask >> bit) & 1).map(sourceName);
  return new Intl.ListFormat(document.documentElement.lang || "en", { type: "disjunction" }).format(
    named,
  );
}

/** A source in a sentence. */
export function sourceName(source: Source): string {
  const names: Readonly<Record<Source, string>> = {
    Solar: t`solar energy`,
    Wind: t`wind energy`,
    Hydro: t`hydropower`,
    Biogas: t`biogas energy`,
    Cogeneration: t`cogenerated energy`,
    Storage: t`stored energy`,
    Grid: t`grid energy`,
  };
  return names[source];
}

/** How somebody is called who may be one of the microgrid's homes. */
export function whoWords(who: Address, critical: boolean): string {
  const called = inFull(who);
  return critical ? t`${called} (critical load)` : called;
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);
