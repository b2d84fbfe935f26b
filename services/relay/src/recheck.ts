import { type Order, type OrderFacts, slotAt, slotStart } from "@wattline/sdk";

/**
 * The first moment to come from which an order may stand otherwise though nothing happens on chain: a delegate's allowance or a
 * lock ends, or one more slot of a forward starts. Unix seconds; undefined when time alone changes nothing. An order's own end
 * is not among them, see the sdk's `goodUntil`.
 */
export function recheckAt(
  { forward, firstSlot, lastSlot }: Order,
  { nowSeconds, allowance, account, microgrid }: OrderFacts,
): number | undefined {
  const moments: number[] = [];
  if (allowance !== undefined) moments.push(allowance.untilSeconds + 1);
  if (account.lock !== undefined) moments.push(account.lock.untilSeconds);
  if (forward && microgrid !== undefined) {
    const { slotSeconds } = microgrid;
    const next = Math.max(firstSlot, slotAt(nowSeconds, slotSeconds) + 1);
    if (next <= lastSlot) moments.push(slotStart(next, slotSeconds));
  }
  const ahead = moments.filter((moment) => moment > nowSeconds);
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}
