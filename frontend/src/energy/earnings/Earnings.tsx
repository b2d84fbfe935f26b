import { Trans, useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { Gains } from "@wattline/sdk";
import { FileText, PiggyBank } from "lucide-react";
import { useMemo } from "react";
import { type Address, formatUnits } from "viem";
import { useNetwork } from "../../chain/index.ts";
import {
  buttonClass,
  Card,
  Chart,
  EmptyState,
  ErrorState,
  formatDay,
  formatEnergy,
  formatMillis,
  formatMoney,
  Money,
  Select,
  SkeletonLines,
} from "../../ui/index.ts";
import { useEarnings } from "../history/earnings.ts";
import { byDay, byMonth, daysOfMonth, inCents, noonOf, type Period, total } from "../periods.ts";
import { formatMonth } from "./month.ts";

const route = getRouteApi("/energy");

/** Earnings and savings by day and by month, compared with the grid's tariffs. */
export default function Earnings({ holder }: { readonly holder: Address }) {
  const { data, error, refetch } = useEarnings(holder);
  const { month: wanted } = route.useSearch();
  const { decimals } = useNetwork().currency;
  if (error) {
    return (
      <ErrorState
        title={<Trans>Your earnings could not be read</Trans>}
        error={error}
        onRetry={refetch}
      />
    );
  }
  if (data === undefined) return <SkeletonLines lines={6} />;
  const months = byMonth(data).flatMap((one) => inCents([one], decimals));
  const month = wanted ?? months.at(-1)?.name;
  if (month === undefined) {
    return (
      <Card title={<Trans>Earnings and savings</Trans>}>
        <EmptyState
          icon={<PiggyBank />}
          title={<Trans>You have not traded yet</Trans>}
          action={
            <Link to="/market" className={buttonClass("primary")}>
              <Trans>To the market</Trans>
            </Link>
          }
        >
          <Trans>
            What you sell above the feed-in tariff and buy below the retail tariff adds up here.
          </Trans>
        </EmptyState>
      </Card>
    );
  }
  const ofMonth = byDay(data).filter(({ name }) => name.startsWith(month));
  const days = inCents(ofMonth, decimals);
  return (
    <div className="flex flex-col gap-4">
      <Month month={month} months={months} days={days} />
      <Months months={months} />
    </div>
  );
}

function Month({
  month,
  months,
  days,
}: {
  readonly month: string;
  readonly months: readonly Period[];
  readonly days: readonly Period[];
}) {
  const { t } = useLingui();
  const navigate = route.useNavigate();
  const names = [...new Set([...months.map(({ name }) => name), month])].toSorted();
  return (
    <Card
      title={<Trans>Day by day</Trans>}
      actions={
        <span className="flex flex-wrap items-center gap-2">
          <Select
            aria-label={t`Month`}
            value={month}
            onChange={({ target }) =>
              void navigate({
                search: (search) => ({ ...search, month: target.value }),
                replace: true,
              })
            }
          >
            {names.map((name) => (
              <option key={name} value={name}>
                {formatMonth(name)}
              </option>
            ))}
          </Select>
          <Link to="/statement" search={{ month }} className={buttonClass("secondary")}>
            <FileText aria-hidden="true" className="size-4" />
            <Trans>Statement</Trans>
          </Link>
        </span>
      }
    >
      <Totals sums={total(days)} />
      <DaysChart month={month} days={days} />
    </Card>
  );
}

/** The totals, in two sentences that show the calculation. */
function Totals({ sums }: { readonly sums: Gains }) {
  const [sold, bought] = [formatEnergy(sums.soldWh), formatEnergy(sums.boughtWh)];
  return (
    <div className="mb-4 grid gap-3 sm:grid-cols-2">
      <p className="rounded-xl bg-sun-soft px-4 py-3 text-sm">
        <Money millis={sums.earnedMillis} className="block text-xl font-bold" />
        <Trans>
          earned over the feed-in tariff: {sold} sold for <Money millis={sums.receivedMillis} />,
          which the grid would have paid <Money millis={sums.feedInValueMillis} /> for
        </Trans>
        {sums.bondPaidMillis > 0n && (
          <Trans>
            ; less <Money millis={sums.bondPaidMillis} /> of bonds for what did not come
          </Trans>
        )}
      </p>
      <p className="rounded-xl bg-sky-soft px-4 py-3 text-sm">
        <Money millis={sums.savedMillis} className="block text-xl font-bold" />
        <Trans>
          saved against the retail tariff: {bought} bought for <Money millis={sums.paidMillis} /> in
          place of <Money millis={sums.retailCostMillis} />
        </Trans>
        {sums.bondReceivedMillis > 0n && (
          <Trans>
            ; and <Money millis={sums.bondReceivedMillis} /> of bonds for what did not come
          </Trans>
        )}
      </p>
    </div>
  );
}

function DaysChart({ month, days }: { readonly month: string; readonly days: readonly Period[] }) {
  const { t } = useLingui();
  const { currency } = useNetwork();
  const chart = useMemo(() => {
    const names = daysOfMonth(month);
    const of = (name: string) => days.find((day) => day.name === name);
    const drawn = (amount: bigint | undefined) =>
      Number(formatUnits(amount ?? 0n, currency.decimals + 3));
    return {
      names,
      x: names.map((_, index) => index + 1),
      series: [
        {
          label: t`Earned`,
          colour: "sun" as const,
          kind: "bars" as const,
          values: names.map((name) => drawn(of(name)?.earnedMillis)),
        },
        {
          label: t`Saved`,
          colour: "sky" as const,
          kind: "bars" as const,
          values: names.map((name) => drawn(of(name)?.savedMillis)),
        },
      ],
    };
  }, [month, days, currency, t]);
  const { earnedMillis, savedMillis } = total(days);
  const [gained, spared, name] = [
    formatMillis(earnedMillis, currency),
    formatMillis(savedMillis, currency),
    formatMonth(month),
  ];
  const formatAmount = useMemo(
    () => (amount: number) =>
      formatMoney(BigInt(Math.round(amount * 100)), { ...currency, decimals: 2 }),
    [currency],
  );
  return (
    <Chart
      summary={t`${name}: ${gained} earned and ${spared} saved.`}
      x={chart.x}
      series={chart.series}
      formatY={formatAmount}
      formatX={dayOfMonth}
      labelX={t`Day`}
      table={{
        head: [t`Day`, t`Sold`, t`Earned`, t`Bought`, t`Saved`],
        rows: () =>
          days.map((day) => [
            formatDay(noonOf(day.name)),
            formatEnergy(day.soldWh),
            formatMillis(day.earnedMillis, currency),
            formatEnergy(day.boughtWh),
            formatMillis(day.savedMillis, currency),
          ]),
      }}
    />
  );
}

const dayOfMonth = (day: number): string => (Number.isInteger(day) ? String(day) : "");

function Months({ months }: { readonly months: readonly Period[] }) {
  return (
    <Card title={<Trans>Month by month</Trans>}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reached by keyboard. */}
      <div className="overflow-x-auto" tabIndex={0}>
        <table className="w-full text-right text-sm tabular-nums">
          <thead className="text-muted">
            <tr>
              <th scope="col" className="py-1.5 text-left font-semibold">
                <Trans>Month</Trans>
              </th>
              <th scope="col" className="px-3 font-semibold">
                <Trans>Sold</Trans>
              </th>
              <th scope="col" className="px-3 font-semibold">
                <Trans>Earned</Trans>
              </th>
              <th scope="col" className="px-3 font-semibold">
                <Trans>Bought</Trans>
              </th>
              <th scope="col" className="pl-3 font-semibold">
                <Trans>Saved</Trans>
              </th>
            </tr>
          </thead>
          <tbody>
            {months.toReversed().map((month) => (
              <tr key={month.name} className="border-t border-line">
                <th scope="row" className="py-2 text-left font-semibold whitespace-nowrap">
                  {formatMonth(month.name)}
                </th>
                <td className="px-3 whitespace-nowrap">{formatEnergy(month.soldWh)}</td>
                <td className="px-3 font-semibold">
                  <Money millis={month.earnedMillis} />
                </td>
                <td className="px-3 whitespace-nowrap">{formatEnergy(month.boughtWh)}</td>
                <td className="pl-3 font-semibold">
                  <Money millis={month.savedMillis} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}
