import { slotEnd, slotStart, slotsOfDay } from "../../slots.ts";

/** A calendar month, quarter or year of a community, in its delivery slots. */
export interface BillingPeriod {
  /** `2026-06`, `2026-Q2` or `2026`. */
  readonly label: string;
  readonly firstSlot: number;
  /** Included. */
  readonly lastSlot: number;
  /** Unix seconds: its start, and the first moment after it. */
  readonly from: number;
  readonly to: number;
}

const MONTHS_PER_YEAR = 12;

/**
 * A period by its label.
 * @throws RangeError when the label is none.
 */
export function billingPeriod(label: string, timeZone: string, slotSeconds: number): BillingPeriod {
  const { year, month, months } = monthsOf(label);
  const firstSlotOf = (index: number): number => {
    const [y, m] = [year + Math.floor(index / MONTHS_PER_YEAR), (index % MONTHS_PER_YEAR) + 1];
    return slotsOfDay(`${y}-${String(m).padStart(2, "0")}-01`, timeZone, slotSeconds).firstSlot;
  };
  const firstSlot = firstSlotOf(month);
  const lastSlot = firstSlotOf(month + months) - 1;
  return {
    label,
    firstSlot,
    lastSlot,
    from: slotStart(firstSlot, slotSeconds),
    to: slotEnd(lastSlot, slotSeconds),
  };
}

/** The first month, from 0, and the number of months. */
function monthsOf(label: string): { year: number; month: number; months: number } {
  const [, year, quarter, month] = /^(20\d\d)(?:-Q([1-4])|-(0[1-9]|1[0-2]))?$/.exec(label) ?? [];
  if (year === undefined) {
    throw new RangeError(`"${label}" is no period: write 2026-06, 2026-Q2 or 2026.`);
  }
  if (quarter !== undefined)
    return { year: Number(year), month: 3 * (Number(quarter) - 1), months: 3 };
  if (month !== undefined) return { year: Number(year), month: Number(month) - 1, months: 1 };
  return { year: Number(year), month: 0, months: MONTHS_PER_YEAR };
}
