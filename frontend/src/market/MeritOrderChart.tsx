import { useLingui } from "@lingui/react/macro";
import { isIslandedIn, levelFor, slotEnd, slotStart } from "@wattline/sdk";
import { useMemo } from "react";
import { useNetwork } from "../chain/index.ts";
import {
  Chart,
  type ChartProps,
  EmptyState,
  Energy,
  formatClock,
  formatEnergy,
  formatMoney,
  formatPrice,
  Price,
} from "../ui/index.ts";
import { type MeritOrder, meritOrderOf, type Step } from "./meritOrder.ts";
import type { Market } from "./useMarket.ts";

/** Ticks of a narrow range differ by less than a cent. */
const PRICE_DIGITS = { minimumFractionDigits: 2, maximumFractionDigits: 4 };

/** Offers and bids of one delivery slot in merit order, with the community price at which limits trade. */
export function MeritOrderChart({
  market,
  slot,
}: {
  readonly market: Market;
  readonly slot: number;
}) {
  const { t } = useLingui();
  const { currency } = useNetwork();
  const { microgrid, asks, limitOffers, bids, day } = market;
  const merit = useMemo(
    () => meritOrderOf(slot, microgrid, [...asks, ...limitOffers], bids),
    [slot, microgrid, asks, limitOffers, bids],
  );
  const chart = useMemo((): ChartProps | undefined => {
    if (merit.offers.length === 0 && merit.bids.length === 0) return undefined;
    const { x, offers, bids: bidValues, community } = curvesOf(merit);
    const { feedInPerKwh, retailPerKwh } = levelFor(microgrid, slot);
    // The band that neighbours' prices are in; an islanded slot has no grid.
    const tariffs = isIslandedIn(microgrid, slot)
      ? []
      : [
          { label: t`Retail tariff`, pricePerKwh: retailPerKwh },
          { label: t`Feed-in tariff`, pricePerKwh: feedInPerKwh },
        ];
    function summaryOf({ offers, bids: wanted, ...at }: MeritOrder): string {
      const price = formatPrice(at.communityPerKwh, currency);
      const from = formatClock(slotStart(slot, day.slotSeconds));
      const to = formatClock(slotEnd(slot, day.slotSeconds));
      const [cheapest, dearest] = [offers[0], offers.at(-1)];
      const highest = wanted[0];
      const parts = [
        cheapest && dearest
          ? t`From ${from} to ${to} neighbours offer ${formatEnergy(dearest.upToWh)} from ${formatPrice(cheapest.pricePerKwh, currency)} up to ${formatPrice(dearest.pricePerKwh, currency)}.`
          : t`From ${from} to ${to} nobody offers energy.`,
        highest
          ? t`Bids ask for ${formatEnergy(wanted.at(-1)?.upToWh ?? 0n)}, the highest at ${formatPrice(highest.pricePerKwh, currency)}.`
          : t`Nobody bids.`,
        t`At the community price of ${price} or better ${formatEnergy(at.offeredWh)} is offered and ${formatEnergy(at.wantedWh)} wanted.`,
      ];
      return parts.join(" ");
    }
    return {
      summary: summaryOf(merit),
      x,
      series: [
        { label: t`Offers`, colour: "sun", kind: "steps", values: offers },
        { label: t`Bids`, colour: "sky", kind: "steps", values: bidValues },
        { label: t`Community price`, colour: "leaf", dashed: true, values: community },
        ...tariffs.map(({ label, pricePerKwh }) => ({
          label,
          colour: "muted" as const,
          dashed: true,
          values: x.map(() => Number(pricePerKwh)),
        })),
      ],
      formatX: (wh) => formatEnergy(BigInt(Math.round(wh))),
      formatY: (price) => formatMoney(BigInt(Math.round(price)), currency, PRICE_DIGITS),
      table: {
        head: [t`Side`, t`Price`, t`Energy`, t`Up to here`],
        rows: () => [
          ...merit.offers.map((step) => rowOf(t`Offer`, step)),
          ...merit.bids.map((step) => rowOf(t`Bid`, step)),
        ],
      },
    };
  }, [merit, microgrid, slot, day.slotSeconds, t, currency]);

  if (chart === undefined) {
    return (
      <EmptyState title={t`Nobody offers or bids for this slot`}>
        {t`Choose another slot above, or bid for it yourself.`}
      </EmptyState>
    );
  }
  return <Chart {...chart} />;
}

const rowOf = (side: string, { pricePerKwh, energyWh, upToWh }: Step) => [
  side,
  <Price key="price" perKwh={pricePerKwh} />,
  <Energy key="energy" wh={energyWh} />,
  <Energy key="sum" wh={upToWh} />,
];

/** Both curves over the same energies, in Wh; for drawing only. */
function curvesOf({ offers, bids, communityPerKwh }: MeritOrder) {
  const ends = [...offers, ...bids].map(({ upToWh }) => upToWh);
  const edge = edgeOf(offers, bids);
  const energies = [...new Set([0n, ...ends.filter((wh) => wh < edge), edge])].sort((a, b) =>
    a < b ? -1 : 1,
  );
  return {
    x: energies.map(Number),
    offers: valuesOf(offers, energies),
    bids: valuesOf(bids, energies),
    community: energies.map(() => Number(communityPerKwh)),
  };
}

/** The largest energy that is drawn. A bid for far more than is offered would hide the offers. */
function edgeOf(offers: readonly Step[], bids: readonly Step[]): bigint {
  const [offered, wanted] = [offers.at(-1)?.upToWh ?? 0n, bids.at(-1)?.upToWh ?? 0n];
  const [shorter, longer] = offered < wanted ? [offered, wanted] : [wanted, offered];
  const enough = (shorter * 3n) / 2n;
  return shorter > 0n && enough < longer ? enough : longer;
}

/** The price of the step that starts at each energy; `null` beyond the end of the curve. */
function valuesOf(steps: readonly Step[], energies: readonly bigint[]): (number | null)[] {
  const last = steps.at(-1);
  let at = 0;
  return energies.map((wh) => {
    while (at < steps.length && (steps[at]?.upToWh ?? 0n) <= wh) at++;
    const step = steps[at] ?? (wh === last?.upToWh ? last : undefined);
    return step === undefined ? null : Number(step.pricePerKwh);
  });
}
