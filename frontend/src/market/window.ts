import type { SlotRange } from "@wattline/sdk";
import type { MarketSearch } from "./search.ts";
import type { Market } from "./useMarket.ts";

/**
 * A part of a day: what is to come, which can be reserved, or what was used already, up to the slot that is running. A purchase
 * is of one of them.
 */
export interface Part extends SlotRange {
  readonly kind: "coming" | "past";
}

/** The parts that a day has. */
export function partsOf({
  day: { slots },
  currentSlot,
}: Pick<Market, "day" | "currentSlot">): readonly Part[] {
  const { firstSlot, lastSlot } = slots;
  const parts: readonly Part[] = [
    { kind: "coming", firstSlot: Math.max(firstSlot, currentSlot + 1), lastSlot },
    { kind: "past", firstSlot, lastSlot: Math.min(lastSlot, currentSlot) },
  ];
  return parts.filter((part) => part.firstSlot <= part.lastSlot);
}

/** The part of the day in the URL; else what is to come, unless neighbours offer nothing of it but of what is past. */
export function partOf(market: Market, { first }: Pick<MarketSearch, "first">): Part {
  const parts = partsOf(market);
  const named = parts.find((part) => first !== undefined && isIn(part, first));
  const found = named ?? parts.find((part) => isOffered(market, part)) ?? parts[0];
  if (found === undefined) throw new Error("A day has at least one delivery slot.");
  return found;
}

/** The window in the URL, within one part of the day; else that whole part. */
export function windowOf(market: Market, search: Pick<MarketSearch, "first" | "last">): SlotRange {
  const part = partOf(market, search);
  const { first, last } = search;
  const firstSlot = first !== undefined && isIn(part, first) ? first : part.firstSlot;
  const wanted = last === undefined || last < firstSlot ? part.lastSlot : last;
  return { firstSlot, lastSlot: Math.min(wanted, part.lastSlot) };
}

const isIn = ({ firstSlot, lastSlot }: SlotRange, slot: number): boolean =>
  slot >= firstSlot && slot <= lastSlot;

const isOffered = ({ figures }: Market, part: Part): boolean =>
  [...figures].some(([slot, { offeredWh }]) => offeredWh > 0n && isIn(part, slot));
