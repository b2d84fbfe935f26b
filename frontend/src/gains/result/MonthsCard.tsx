import { i18n } from "@lingui/core";
import { Trans, useLingui } from "@lingui/react/macro";
import { gainMillis, type StudyMonth } from "@wattline/sdk/study";
import { use, useMemo } from "react";
import {
  Card,
  Chart,
  type ChartProps,
  CurrencyContext,
  Energy,
  formatMillis,
  Money,
} from "../../ui/index.ts";

/** The gain month by month: the best, the worst, and all of them. */
export function MonthsCard({ months }: { readonly months: readonly StudyMonth[] }) {
  const { t } = useLingui();
  const unit = use(CurrencyContext);
  const chart = useMemo((): ChartProps => {
    const byGain = months.toSorted((a, b) => (gainMillis(a) < gainMillis(b) ? -1 : 1));
    const [worst, best] = [byGain[0], byGain.at(-1)];
    const named = (month: StudyMonth | undefined) => monthName(month?.month ?? "", "long");
    const money = (month: StudyMonth | undefined) =>
      formatMillis(month === undefined ? 0n : gainMillis(month), unit);
    return {
      summary: t`Best month: ${named(best)} with ${money(best)}. Worst month: ${named(worst)} with ${money(worst)}.`,
      x: months.map((_, index) => index),
      series: [
        {
          label: t`Gain`,
          colour: "leaf",
          kind: "bars",
          values: months.map((month) => Number(gainMillis(month))),
        },
      ],
      labelX: t`Month`,
      formatX: (index) => monthName(months[index]?.month ?? "", "short"),
      formatY: (millis) => formatMillis(BigInt(Math.round(millis)), unit),
      table: {
        head: [
          t`Month`,
          t`Utility alone`,
          t`With neighbours`,
          t`Gain`,
          t`Bought from neighbours`,
          t`Sold to neighbours`,
        ],
        rows: () =>
          months.map((month) => [
            monthName(month.month, "long"),
            <Money key="alone" millis={month.aloneMillis} currency={unit} />,
            <Money key="together" millis={month.togetherMillis} currency={unit} />,
            <Money key="gain" millis={gainMillis(month)} currency={unit} />,
            <Energy key="bought" wh={month.boughtWh} />,
            <Energy key="sold" wh={month.soldWh} />,
          ]),
      },
    };
  }, [months, unit, t]);
  return (
    <Card title={<Trans>Month by month</Trans>}>
      <Chart {...chart} />
    </Card>
  );
}

/** A month written `YYYY-MM` in the page's language; nothing for what is none. */
function monthName(month: string, length: "long" | "short"): string {
  if (month === "") return "";
  return new Intl.DateTimeFormat(i18n.locale || "en", {
    month: length,
    year: length === "long" ? "numeric" : "2-digit",
    timeZone: "UTC",
  }).format(Date.parse(`${month}-15T12:00:00Z`));
}
