import { t } from "@lingui/core/macro";
import {
  addDays,
  localDayOf,
  localTimeOf,
  type SlotRange,
  slotAt,
  slotEnd,
  slotStart,
} from "@wattline/sdk";
import { localZone } from "../browser/index.ts";
import { formatClock, formatDay, formatMoment } from "../ui/index.ts";

/** A moment as `<input type="datetime-local">` writes it. */
export const toLocalInput = (unixSeconds: number): string =>
  `${localDayOf(unixSeconds, localZone())}T${localTimeOf(unixSeconds, localZone())}`;

/** What such an input says, Unix seconds; undefined when it says nothing. */
export function fromLocalInput(text: string): number | undefined {
  const milliseconds = new Date(text).getTime();
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000;
}

/** The slots between two local moments as such inputs say them, the second of which is not included. */
export function slotsBetween(from: string, until: string, slotSeconds: number): SlotRange {
  const slotOf = (text: string) => slotAt(fromLocalInput(text) ?? Number.NaN, slotSeconds);
  return { firstSlot: slotOf(from), lastSlot: slotOf(until) - 1 };
}

/** "today", "tomorrow", or the day. */
function dayWords(unixSeconds: number, now: number): string {
  const [day, today] = [localDayOf(unixSeconds, localZone()), localDayOf(now, localZone())];
  if (day === today) return t`today`;
  if (day === addDays(today, 1)) return t`tomorrow`;
  if (day === addDays(today, -1)) return t`yesterday`;
  return formatDay(unixSeconds);
}

/** A run of delivery slots in words: "today 11:00–15:00". */
export function windowWords(
  { firstSlot, lastSlot }: { readonly firstSlot: number; readonly lastSlot: number },
  slotSeconds: number,
  now: number,
): string {
  const [start, end] = [slotStart(firstSlot, slotSeconds), slotEnd(lastSlot, slotSeconds)];
  const [first, last] = [dayWords(start, now), dayWords(end - 1, now)];
  const [from, to] = [formatClock(start), formatClock(end)];
  if (first === last) return t`${first} ${from}–${to}`;
  return t`from ${first} ${from} to ${last} ${to}`;
}

/** The last moment of an order in words: "today 15:00", "21 Jun 2026, 14:00". */
export function momentWords(unixSeconds: number, now: number): string {
  const distance = Math.abs(unixSeconds - now);
  if (distance > 2 * 86_400) return formatMoment(unixSeconds);
  return `${dayWords(unixSeconds, now)} ${formatClock(unixSeconds)}`;
}
