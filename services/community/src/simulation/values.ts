import { OptionsError } from "@wattline/common/options";
import { parseUnits } from "viem";
import { momentOf, parseMoment } from "../profiles/calendar.ts";
import type { CommunitySeries } from "../profiles/series.ts";
import type { Outage } from "./rounds.ts";

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
