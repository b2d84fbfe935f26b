import { addDays, addGains, type Earning, type Gains, localDayOf, NO_GAINS } from "@wattline/sdk";
import { localZone } from "../browser/index.ts";

/** Earnings of a local day (`YYYY-MM-DD`) or month (`YYYY-MM`). */
export type Period = Gains & { readonly name: string };

/** Sums hours by local day, oldest first; days without a trade are left out. */
export const byDay = (earnings: readonly Earning[]): Period[] =>
  periodsOf(earnings, ({ hour }) => localDayOf(hour, localZone()));

/** Sums hours by local month, oldest first. */
export const byMonth = (earnings: readonly Earning[]): Period[] =>
  periodsOf(earnings, ({ hour }) => localDayOf(hour, localZone()).slice(0, 7));

/** The sum of all periods. */
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

/** Noon of a day in UTC, for formatting the day or its month. Unix seconds. */
export const noonOf = (day: string): number => Date.parse(`${day}T12:00:00Z`) / 1000;
