import { Trans, useLingui } from "@lingui/react/macro";
import { slotEnd, slotStart, slotsIn, tariffInForce } from "@wattline/sdk";
import { useMemo } from "react";
import { useNetwork } from "../chain/index.ts";
import {
  Chart,
  type ChartProps,
  Energy,
  ErrorState,
  formatDay,
  formatMoney,
  formatPrice,
  Price,
  SkeletonLines,
  SlotTime,
} from "../ui/index.ts";
import { useTariffHistory, useTraded } from "./useDayPrices.ts";
import type { Market } from "./useMarket.ts";

/** Ticks of a narrow range differ by less than a cent. */
const PRICE_DIGITS = { minimumFractionDigits: 2, maximumFractionDigits: 4 };
const WH_PER_KWH = 1_000n;

/** Prices over the day, traded and now offered, between feed-in and retail tariff. */
export function DayPricesChart({
  market,
  onPick,
}: {
  readonly market: Market;
  onPick(slot: number): void;
}) {
  const { t } = useLingui();
  const { currency } = useNetwork();
  const { microgrid, day, figures } = market;
  const tariffs = useTariffHistory(microgrid);
  const traded = useTraded(microgrid, day);

  const chart = useMemo((): ChartProps | undefined => {
    if (tariffs.data === undefined || traded.data === undefined) return undefined;
    const { slotSeconds } = day;
    const known = { tariffs: tariffs.data, traded: traded.data };
    const slots = slotsIn(day.slots).map((slot) => {
      const tariff = tariffInForce(known.tariffs, slotEnd(slot, slotSeconds)) ?? microgrid.tariffs;
      const { energyWh, cost } = known.traded.get(slot) ?? { energyWh: 0n, cost: 0n };
      const price = energyWh === 0n ? undefined : (cost * WH_PER_KWH) / energyWh;
      return { slot, ...tariff, energyWh, price, best: figures.get(slot)?.bestPrice };
    });
    const energyWh = slots.reduce((sum, each) => sum + each.energyWh, 0n);
    const cost = [...slots].reduce(
      (sum, { slot }) => sum + (known.traded.get(slot)?.cost ?? 0n),
      0n,
    );
    const date = formatDay(slotStart(day.slots.firstSlot, slotSeconds));
    const feedIn = formatPrice(microgrid.tariffs.feedIn, currency);
    const retail = formatPrice(microgrid.tariffs.retail, currency);
    return {
      summary:
        energyWh === 0n
          ? t`${date}: nothing has been traded yet. The grid pays ${feedIn} and charges ${retail}.`
          : t`${date}: neighbours paid ${formatPrice((cost * WH_PER_KWH) / energyWh, currency)} on average. The grid pays ${feedIn} and charges ${retail}.`,
      time: true,
      x: slots.map(({ slot }) => slotStart(slot, slotSeconds)),
      series: [
        {
          label: t`Retail tariff`,
          colour: "sky",
          kind: "steps",
          dashed: true,
          values: slots.map(({ retail: price }) => Number(price)),
        },
        {
          label: t`Neighbours paid`,
          colour: "leaf",
          kind: "bars",
          values: slots.map(({ price }) => pixels(price)),
        },
        {
          label: t`Cheapest offer now`,
          colour: "sun",
          kind: "steps",
          values: slots.map(({ best }) => pixels(best)),
        },
        {
          label: t`Feed-in tariff`,
          colour: "muted",
          kind: "steps",
          dashed: true,
          values: slots.map(({ feedIn: price }) => Number(price)),
        },
      ],
      formatY: (price) => formatMoney(BigInt(Math.round(price)), currency, PRICE_DIGITS),
      onPick: (index) => {
        const picked = slots[index];
        if (picked) onPick(picked.slot);
      },
      table: {
        head: [
          t`Slot`,
          t`Neighbours paid`,
          t`Traded`,
          t`Cheapest offer now`,
          t`Feed-in tariff`,
          t`Retail tariff`,
        ],
        rows: () =>
          slots.map(({ slot, price, best, ...each }) => [
            <SlotTime key="slot" slot={slot} slotSeconds={slotSeconds} day={false} />,
            price === undefined ? "–" : <Price key="price" perKwh={price} />,
            <Energy key="energy" wh={each.energyWh} />,
            best === undefined ? "–" : <Price key="best" perKwh={best} />,
            <Price key="feedIn" perKwh={each.feedIn} />,
            <Price key="retail" perKwh={each.retail} />,
          ]),
      },
    };
  }, [tariffs.data, traded.data, day, figures, microgrid, currency, onPick, t]);

  const error = tariffs.error ?? traded.error;
  if (chart !== undefined) return <Chart {...chart} />;
  if (error !== null) {
    return (
      <ErrorState
        title={<Trans>The prices of the day could not be read</Trans>}
        error={error}
        onRetry={() => {
          tariffs.refetch();
          traded.refetch();
        }}
      />
    );
  }
  return <SkeletonLines lines={6} />;
}

const pixels = (price: bigint | undefined): number | null =>
  price === undefined ? null : Number(price);
