import { Trans, useLingui } from "@lingui/react/macro";
import { communityPriceIn, isIslandedIn, levelFor, slotStart, slotsIn } from "@wattline/sdk";
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
import { useTraded } from "./useDayPrices.ts";
import type { Market } from "./useMarket.ts";

/** Ticks of a narrow range differ by less than a cent. */
const PRICE_DIGITS = { minimumFractionDigits: 2, maximumFractionDigits: 4 };

/** Prices over the day, the community's, traded and now offered, between feed-in and retail tariff. */
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
  const traded = useTraded(microgrid, day);

  const chart = useMemo((): ChartProps | undefined => {
    if (traded.data === undefined) return undefined;
    const { slotSeconds } = day;
    const known = traded.data;
    const slots = slotsIn(day.slots).map((slot) => {
      const { feedInPerKwh: feedIn, retailPerKwh: retail } = levelFor(microgrid, slot);
      const { energyWh, costMillis } = known.get(slot) ?? { energyWh: 0n, costMillis: 0n };
      // Thousandths of a base unit per Wh are base units per kWh.
      const price = energyWh === 0n ? undefined : costMillis / energyWh;
      const community = communityPriceIn(microgrid, slot);
      const best = figures.get(slot)?.bestPrice;
      return { slot, feedIn, retail, community, energyWh, costMillis, price, best };
    });
    // In an islanded slot there is no grid that pays or charges.
    const tariff = (slot: number, perKwh: bigint) =>
      isIslandedIn(microgrid, slot) ? null : Number(perKwh);
    const energyWh = slots.reduce((sum, each) => sum + each.energyWh, 0n);
    const costMillis = slots.reduce((sum, each) => sum + each.costMillis, 0n);
    const date = formatDay(slotStart(day.slots.firstSlot, slotSeconds));
    const community = rangeInWords(slots.map((each) => each.community));
    return {
      summary:
        energyWh === 0n
          ? t`${date}: nothing has been traded yet. The community price is ${community}.`
          : t`${date}: neighbours paid ${formatPrice(costMillis / energyWh, currency)} on average. The community price is ${community}.`,
      time: true,
      stepX: slotSeconds,
      x: slots.map(({ slot }) => slotStart(slot, slotSeconds)),
      series: [
        {
          label: t`Retail tariff`,
          colour: "muted",
          kind: "steps",
          dashed: true,
          values: slots.map(({ slot, retail }) => tariff(slot, retail)),
        },
        {
          label: t`Community price`,
          colour: "leaf",
          kind: "steps",
          values: slots.map((each) => Number(each.community)),
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
          values: slots.map(({ slot, feedIn }) => tariff(slot, feedIn)),
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
          t`Community price`,
          t`Neighbours paid`,
          t`Traded`,
          t`Cheapest offer now`,
          t`Feed-in tariff`,
          t`Retail tariff`,
        ],
        rows: () =>
          slots.map(({ slot, price, best, ...each }) => [
            <SlotTime key="slot" slot={slot} slotSeconds={slotSeconds} day={false} />,
            <Price key="community" perKwh={each.community} />,
            price === undefined ? "–" : <Price key="price" perKwh={price} />,
            <Energy key="energy" wh={each.energyWh} />,
            best === undefined ? "–" : <Price key="best" perKwh={best} />,
            ...(isIslandedIn(microgrid, slot)
              ? ["–", "–"]
              : [
                  <Price key="feedIn" perKwh={each.feedIn} />,
                  <Price key="retail" perKwh={each.retail} />,
                ]),
          ]),
      },
    };

    function rangeInWords(prices: readonly bigint[]): string {
      const [low, high] = [prices.reduce(least), prices.reduce(most)].map((price) =>
        formatPrice(price, currency),
      );
      return low === high ? `${low}` : t`${low ?? ""} to ${high ?? ""}`;
    }
  }, [traded.data, day, figures, microgrid, currency, onPick, t]);

  const { error } = traded;
  if (chart !== undefined) return <Chart {...chart} />;
  if (error !== null) {
    return (
      <ErrorState
        title={<Trans>The prices of the day could not be read</Trans>}
        error={error}
        onRetry={traded.refetch}
      />
    );
  }
  return <SkeletonLines lines={6} />;
}

const pixels = (price: bigint | undefined): number | null =>
  price === undefined ? null : Number(price);

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);
