import { addDays, addGains, type Earning, type Gains, localDayOf, NO_GAINS } from "@wattline/sdk";
import { localZone } from "../browser/index.ts";

/** What trades came to in a local day (`YYYY-MM-DD`) or month (`YYYY-MM`). */
export type Period = Gains & { readonly name: string };

/** Adds hours up to local days, oldest first; days without any trade are left out. */
export const byDay = (earnings: readonly Earning[]): Period[] =>
  periodsOf(earnings, ({ hour }) => localDayOf(hour, localZone()));

/** Adds hours up to local months, oldest first. */
export const byMonth = (earnings: readonly Earning[]): Period[] =>
  periodsOf(earnings, ({ hour }) => localDayOf(hour, localZone()).slice(0, 7));

/** What all of them came to. */
export const total = (periods: readonly Gains[]): Gains => periods.reduce(addGains, NO_GAINS);

function periodsOf(earnings: readonly Earning[], nameOf: (earning: Earning) => string): Period[] {
  return [...Map.groupBy(earnings, nameOf)]
    .map(([name, within]) => ({ ...total(within), name }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/** The days of a month, from its first to its last. */
export function daysOfMonth(month: string): string[] {
  const days: string[] = [];
  for (let day = `${month}-01`; day.startsWith(month); day = addDays(day, 1)) days.push(day);
  return days;
}

/** Noon of a day in UTC: a moment to write the day or the month of. Unix seconds. */
export const noonOf = (day: string): number => Date.parse(`${day}T12:00:00Z`) / 1000;
