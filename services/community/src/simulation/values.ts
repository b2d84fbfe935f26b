import { OptionsError } from "@wattline/common/options";
import { parseUnits } from "viem";
import { momentOf, parseMoment } from "../profiles/calendar.ts";
import type { CommunitySeries } from "../profiles/series.ts";
import type { Outage } from "./rounds.ts";
import { MOST_LEVELS } from "./tariffs.ts";

/** Money of the simulation has six decimals: base units are millionths. */
export const CURRENCY_DECIMALS = 6;

/** A price in base units per kWh. */
export function price(name: string, text: string): bigint {
  if (!/^\d+(\.\d{1,6})?$/.test(text)) {
    throw new OptionsError(
      `${name} must be a price per kWh such as 0.08, with up to six decimals, not "${text}".`,
    );
  }
  return parseUnits(text, CURRENCY_DECIMALS);
}

const HOURS = 24;

/** A price for each hour of the day: one for all, or `0-6=0.15,6-24=0.20`. */
export function hoursOf(text: string): bigint[] {
  if (!text.includes("=")) return new Array<bigint>(HOURS).fill(price("--price", text));
  const prices = new Map<number, bigint>();
  for (const part of text.split(",")) {
    const [, from, to, amount] = /^(\d+)-(\d+)=(.*)$/.exec(part) ?? [];
    const [first, end] = [Number(from), Number(to)];
    if (amount === undefined || first >= end || end > HOURS) {
      throw new OptionsError(
        `--price ${text}: "${part}" is no run of hours with a price, such as 6-22=0.22.`,
      );
    }
    for (let hour = first; hour < end; hour++) {
      if (prices.has(hour)) throw new OptionsError(`--price ${text} has two prices at ${hour}:00.`);
      prices.set(hour, price("--price", amount));
    }
  }
  if (new Set(prices.values()).size > MOST_LEVELS) {
    throw new OptionsError(`--price ${text} has more than ${MOST_LEVELS} prices.`);
  }
  return Array.from({ length: HOURS }, (_, hour) => {
    const found = prices.get(hour);
    if (found === undefined) throw new OptionsError(`--price ${text} has no price at ${hour}:00.`);
    return found;
  });
}

/** The slots of an outage FROM..TO, which must lie within the run. */
export function outageOf(text: string, { firstSlot, slots, slotSeconds }: CommunitySeries): Outage {
  const [from, to, ...rest] = text.split("..").map(parseMoment);
  if (from === undefined || to === undefined || rest.length > 0) {
    throw new OptionsError(
      `--outage must be two times, such as 2026-06-21T10:00..2026-06-21T14:00, not "${text}".`,
    );
  }
  if (from >= to) throw new OptionsError(`--outage ${text} must end after it starts.`);
  if (from % slotSeconds !== 0 || to % slotSeconds !== 0) {
    throw new OptionsError(
      `--outage ${text} must start and end with a delivery slot: every ${slotSeconds / 60} minutes.`,
    );
  }
  const [start, end] = [firstSlot * slotSeconds, (firstSlot + slots) * slotSeconds];
  if (from < start || to > end) {
    throw new OptionsError(
      `--outage ${text} must lie within the run, from ${momentOf(start)} to ${momentOf(end)}.`,
    );
  }
  return { firstSlot: from / slotSeconds, endSlot: to / slotSeconds };
}
