import { t } from "@lingui/core/macro";
import { FIRST_FIRM_NONCE } from "@wattline/sdk";
import { zeroAddress } from "viem";
import { formatEnergy, formatMoment, formatPrice } from "../../ui/index.ts";
import {
  placeWords,
  sourcesWords,
  type Telling,
  totalWords,
  whenWords,
  whoWords,
} from "./telling.ts";

type Message = Readonly<Record<string, unknown>>;

const big = (value: unknown): bigint => BigInt(String(value ?? 0));
const isTrue = (value: unknown): boolean => value === true || value === "true";
const isNobody = (value: unknown): boolean => String(value) === zeroAddress;

/** A signed order in a sentence or two: energy, time, counterpart, price and total, as they bind who signs. */
export function orderWords(order: Message, telling: Telling): string {
  const { currency } = telling.network;
  const bond = formatPrice(big(order.bond), currency);
  const parts = [termsWords(order, telling)];
  if (isTrue(order.forward)) {
    parts.push(
      Number(order.side) === 0
        ? t`It is still to come: for each kWh that does not, you pay a bond of ${bond}.`
        : t`It is still to come: the seller pledges a bond of ${bond} at least.`,
    );
  }
  if (isTrue(order.crosses)) parts.push(t`It may also trade over a tie line.`);
  if (big(order.nonce) >= FIRST_FIRM_NONCE) {
    parts.push(t`It is firm: you can't cancel it while your lock lasts.`);
  }
  parts.push(t`Valid until ${formatMoment(Number(order.deadline))}.`);
  return parts.join(" ");
}

/** A posted price is exact; a limit trades at the community price, or not at all. */
function termsWords(order: Message, telling: Telling): string {
  const place = placeWords(Number(order.microgrid), telling);
  const energy = formatEnergy(big(order.energy));
  const kind = sourcesWords(Number(order.sources));
  const [first, last] = [Number(order.firstSlot), Number(order.lastSlot)];
  const when = whenWords(first, last, Number(order.microgrid), telling);
  const price = formatPrice(big(order.price), telling.network.currency);
  const total = totalWords(big(order.price), big(order.energy), telling);
  const who = isNobody(order.counterparty) ? t`anyone` : whoWords(String(order.counterparty));
  const isPosted = isNobody(order.settler);
  if (Number(order.side) !== 0) {
    return isPosted
      ? t`You buy up to ${energy} (${kind}) in ${place}, ${when}, from ${who}, at a posted price of ${price}: ${total} in all.`
      : t`You bid for up to ${energy} (${kind}) in ${place}, ${when}, from ${who}, at the community price, if that is ${price} at most: up to ${total} in all.`;
  }
  if (!isPosted) {
    return t`You offer up to ${energy} (${kind}) in ${place}, ${when}, to ${who}, at the community price, if you receive ${price} at least: ${total} in all or more.`;
  }
  if (big(order.price) === 0n) {
    return t`You give up to ${energy} (${kind}) in ${place}, ${when}, as a gift to ${who}.`;
  }
  return t`You offer up to ${energy} (${kind}) in ${place}, ${when}, to ${who}, at a posted price of ${price}: ${total} in all.`;
}

/** The orders under one signature, without what only fills the tree up: the last one repeated, and those of nobody. */
export function ordersOf(tree: unknown): readonly Message[] {
  const seen = new Set<string>();
  return leavesOf(tree).filter((order) => {
    const text = JSON.stringify(order, (_, value) =>
      typeof value === "bigint" ? value.toString() : value,
    );
    if (isNobody(order.maker) || seen.has(text)) return false;
    seen.add(text);
    return true;
  });
}

function leavesOf(tree: unknown): Message[] {
  if (Array.isArray(tree)) return tree.flatMap(leavesOf);
  return typeof tree === "object" && tree !== null ? [tree as Message] : [];
}
