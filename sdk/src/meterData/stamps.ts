/** Dates and times as meter files write them, counted as wall seconds (see zone.ts). */

export type DateOrder = "dmy" | "mdy" | "ymd";

/** 2100: what lies beyond is no meter's reading. */
export const LAST_INSTANT = Date.UTC(2100, 0, 1) / 1000;

/** A wall time, or an instant where the stamp says its offset. */
export interface Stamp {
  readonly wall: number;
  /** Offset from UTC in seconds, where it is written. */
  readonly offset?: number;
}

const DATE = /^(\d{1,4})[./-](\d{1,2})[./-](\d{2,4})\.?$/;
const COMPACT = /^(\d{4})(\d{2})(\d{2})$/;
const TIME =
  /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp][Mm])?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/;

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Wall seconds at the beginning of a day; undefined when the calendar has no such day. */
export function dayStart(year: number, month: number, day: number): number | undefined {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && leap ? 29 : DAYS_IN_MONTH[month - 1];
  if (days === undefined || day < 1 || day > days || year < 1970 || year > 2100) return undefined;
  return Date.UTC(year, month - 1, day) / 1000;
}

/** The wall seconds at which a written day begins. `order` counts where the year is not first. */
export function parseDate(text: string, order: DateOrder): number | undefined {
  const compact = COMPACT.exec(text);
  if (compact) return dayStart(Number(compact[1]), Number(compact[2]), Number(compact[3]));
  const parts = DATE.exec(text);
  if (!parts) return undefined;
  const [first, second, third] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  if ((parts[1] ?? "").length === 4) return dayStart(first, second, third);
  const year = third < 100 ? 2000 + third : third;
  return order === "mdy" ? dayStart(year, first, second) : dayStart(year, second, first);
}

/** Seconds of the day and, where written, the offset; 24:00 is the end of the day. */
export function parseTime(text: string): { seconds: number; offset?: number } | undefined {
  const parts = TIME.exec(text);
  if (!parts) return undefined;
  const half = parts[4]?.toLowerCase();
  const written = Number(parts[1]);
  if (half && (written < 1 || written > 12)) return undefined;
  const hour = half ? (written % 12) + (half === "pm" ? 12 : 0) : written;
  const minute = Number(parts[2]);
  const second = Number(parts[3] ?? 0);
  const seconds = hour * 3600 + minute * 60 + second;
  if (minute > 59 || second > 59 || seconds > 86_400) return undefined;
  return parts[5] === undefined ? { seconds } : { seconds, offset: offsetOf(parts[5]) };
}

function offsetOf(text: string): number {
  if (text === "Z") return 0;
  const digits = text.replace(/\D/g, "").padEnd(4, "0");
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2)) * 60;
  return text.startsWith("-") ? -seconds : seconds;
}

/** Reads stamps of one column; remembers the day, which most rows share with the row before. */
export function stampReader(order: DateOrder): (text: string) => Stamp | undefined {
  let lastDate = "";
  let lastDay: number | undefined;
  return (cell) => {
    const text = cell.trim();
    if (/^\d{10}$|^\d{13}$/.test(text)) {
      const wall = Number(text.slice(0, 10));
      return wall < LAST_INSTANT ? { wall, offset: 0 } : undefined;
    }
    if (/^\d{12}(\d{2})?$/.test(text)) {
      const seconds = parseTime(`${text.slice(8, 10)}:${text.slice(10, 12)}`)?.seconds;
      const start = parseDate(text.slice(0, 8), order);
      return start === undefined || seconds === undefined ? undefined : { wall: start + seconds };
    }
    const gap = text.search(/[T\s]/);
    const date = gap < 0 ? text : text.slice(0, gap);
    if (date !== lastDate) {
      lastDay = parseDate(date, order);
      lastDate = date;
    }
    if (lastDay === undefined) return undefined;
    if (gap < 0) return { wall: lastDay };
    const time = parseTime(text.slice(gap + 1).trim());
    if (time === undefined) return undefined;
    const wall = lastDay + time.seconds;
    return time.offset === undefined ? { wall } : { wall, offset: time.offset };
  };
}

/** Whether days stand before months: told by a part above 12, undefined when no date tells. */
export function dateOrderOf(cells: Iterable<string>): DateOrder | undefined {
  for (const cell of cells) {
    const date = cell.trim().split(/[T\s]/)[0] ?? "";
    if (COMPACT.test(date) || /^\d{10,14}$/.test(date)) return "ymd";
    const parts = DATE.exec(date);
    if (!parts) continue;
    if ((parts[1] ?? "").length === 4) return "ymd";
    if (Number(parts[1]) > 12 || date.includes(".")) return "dmy";
    if (Number(parts[2]) > 12) return "mdy";
  }
  return undefined;
}

/** `2024-03-31 02:00` of wall seconds. */
export const wallText = (wall: number): string =>
  new Date(wall * 1000).toISOString().slice(0, 16).replace("T", " ");
