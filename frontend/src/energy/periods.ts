import { addDays, addGains, type Earning, type Gains, localDayOf, NO_GAINS } from "@wattline/sdk";
import { localZone } from "../browser/index.ts";
import { centOf, MILLIS_DECIMALS, roundTogether } from "../ui/index.ts";

/** Earnings of a local day (`YYYY-MM-DD`) or month (`YYYY-MM`). */
export type Period = Gains & { readonly name: string };

/** Sums hours by local day, oldest first; days without a trade are left out. */
export const byDay = (earnings: readonly Earning[]): Period[] =>
  periodsOf(earnings, ({ hour }) => localDayOf(hour, localZone()));

/** Sums hours by local month, oldest first. */
export const byMonth = (earnings: readonly Earning[]): Period[] =>
  periodsOf(earnings, ({ hour }) => localDayOf(hour, localZone()).slice(0, 7));

/**
 * Periods in whole cents: each column adds up to its rounded sum, and in a row what the grid would have paid and charged is
 * what makes earned and saved the difference of what is shown.
 */
export function inCents<Sums extends Gains>(periods: readonly Sums[], decimals: number): Sums[] {
  const step = centOf(decimals + MILLIS_DECIMALS);
  const columns = COUNTED.map((name) =>
    roundTogether(
      periods.map((one) => one[name]),
      step,
    ),
  );
  return periods.map((period, row) => {
    const counted = Object.fromEntries(
      COUNTED.map((name, column) => [name, columns[column]?.[row] ?? 0n]),
    ) as Record<(typeof COUNTED)[number], bigint>;
    return {
      ...period,
      ...counted,
      feedInValueMillis: counted.receivedMillis - counted.earnedMillis - counted.bondPaidMillis,
      retailCostMillis: counted.savedMillis + counted.paidMillis - counted.bondReceivedMillis,
    };
  });
}

/**
 * The month of a moment, in whole cents, as every page shows it; undefined when there is nothing in it.
 * @param now Unix seconds; undefined while it is not known.
 */
export function monthOf(
  earnings: readonly Earning[] | undefined,
  now: number | undefined,
  decimals: number,
): Period | undefined {
  if (earnings === undefined || now === undefined) return undefined;
  const name = localDayOf(now, localZone()).slice(0, 7);
  return inCents(
    byMonth(earnings).filter((month) => month.name === name),
    decimals,
  )[0];
}

/** The money that is rounded; the rest follows from it. */
const COUNTED = [
  "receivedMillis",
  "earnedMillis",
  "bondPaidMillis",
  "paidMillis",
  "savedMillis",
  "bondReceivedMillis",
] as const;

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
