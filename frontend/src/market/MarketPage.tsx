import { Trans, useLingui } from "@lingui/react/macro";
import { modeIn } from "@wattline/sdk";
import { Sprout } from "lucide-react";
import { memo, type ReactNode, Suspense, useCallback, useDeferredValue, useMemo } from "react";
import { useMicrogrid } from "../app/index.ts";
import { useCurrentSlot } from "../chain/index.ts";
import { BidDialog, SellDialog } from "../orders/index.ts";
import {
  Badge,
  Button,
  Card,
  EmptyState,
  ErrorState,
  lazily,
  PageHeader,
  Skeleton,
  SkeletonLines,
  WhenNear,
} from "../ui/index.ts";
import { BuyCard } from "./BuyCard.tsx";
import { PricesInWords } from "./CommunityPrice.tsx";
import { DayPicker } from "./DayPicker.tsx";
import { SlotStrip } from "./SlotStrip.tsx";
import { type Market, useMarket } from "./useMarket.ts";
import { useRecords } from "./useRecords.ts";
import { useMarketSearch } from "./useSearch.ts";
import { windowOf } from "./window.ts";

const MeritOrderChart = lazily(() =>
  import("./MeritOrderChart.tsx").then(({ MeritOrderChart: chart }) => ({ default: memo(chart) })),
);
const DayPricesChart = lazily(() =>
  import("./DayPricesChart.tsx").then(({ DayPricesChart: chart }) => ({ default: memo(chart) })),
);
const OrderSheet = lazily(() => import("./OrderSheet.tsx"));
const ModeNotice = lazily(() => import("./ModeNotice.tsx"));
const Offers = lazily(() => import("./Offers.tsx").then(({ Offers: both }) => ({ default: both })));

/** The market: offers, bids, and the form to buy. */
export function MarketPage() {
  const { microgrid, isPending } = useMicrogrid();
  const currentSlot = useCurrentSlot(microgrid);
  const [search, change] = useMarketSearch();
  const { market: newest, error, refetch } = useMarket(microgrid, search.day);
  // Rendered in steps, so that a large order book does not block the page.
  const market = useDeferredValue(newest);
  const close = () => change({ do: undefined });
  return (
    <>
      <PageHeader
        title={<Trans>Market</Trans>}
        actions={<OrderButtons onOpen={(form) => change({ do: form })} />}
      >
        {/* On a phone the prices take three lines: what is below does not jump when they come. */}
        <span className="inline-block max-sm:min-h-18">
          {microgrid && currentSlot !== undefined ? (
            <PricesInWords microgrid={microgrid} slot={currentSlot} />
          ) : (
            <Trans>Buy your neighbours' electricity, or sell them yours.</Trans>
          )}
        </span>
      </PageHeader>
      {microgrid && currentSlot !== undefined && modeIn(microgrid, currentSlot) !== "Connected" && (
        <Suspense>
          <ModeNotice microgrid={microgrid} slot={currentSlot} />
        </Suspense>
      )}
      {market ? (
        <Trade market={market} />
      ) : error ? (
        <Card>
          <ErrorState
            title={<Trans>The orders could not be read</Trans>}
            error={error}
            onRetry={refetch}
          />
        </Card>
      ) : microgrid === undefined && !isPending ? (
        <Card>
          <EmptyState icon={<Sprout />} title={<Trans>There is no microgrid yet</Trans>}>
            <Trans>Found one on the Microgrid page; its market then appears here.</Trans>
          </EmptyState>
        </Card>
      ) : (
        <Card>
          <SkeletonLines lines={8} />
        </Card>
      )}
      <Suspense>
        {search.do === "sell" && <SellDialog open onOpenChange={close} />}
        {search.do === "bid" && <BidDialog open onOpenChange={close} />}
      </Suspense>
    </>
  );
}

function OrderButtons({ onOpen }: { onOpen(form: "sell" | "bid"): void }) {
  return (
    <>
      <Button look="sun" onClick={() => onOpen("sell")}>
        <Trans>Sell</Trans>
      </Button>
      <Button onClick={() => onOpen("bid")}>
        <Trans context="to make one">Bid</Trans>
      </Button>
    </>
  );
}

const Trade = memo(function Trade({ market }: { readonly market: Market }) {
  const { t } = useLingui();
  const [search, change] = useMarketSearch();
  const { first, last } = search;
  const window = useMemo(() => windowOf(market, { first, last }), [market, first, last]);
  const slot = slotToShow(market, search.slot);
  // The strip responds at once; the curve of a large order book follows when there is time.
  const curveSlot = useDeferredValue(slot);
  const scope = useMemo(() => ({ slot, window }), [slot, window]);
  const sellers = useMemo(() => forwardSellersOf(market), [market]);
  const records = useRecords(sellers);
  const pick = useCallback((picked: number) => change({ slot: picked }), [change]);
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
      {/* First: on a phone the button is in the first screen. */}
      <div className="lg:sticky lg:top-20 lg:col-start-2 lg:row-span-4 lg:row-start-1">
        <BuyCard market={market} search={search} records={records} change={change} />
      </div>
      <Card
        title={t`Energy by delivery slot`}
        className="min-w-0"
        actions={
          <DayPicker
            market={market}
            onPick={(day) => change({ day, slot: undefined, first: undefined, last: undefined })}
          />
        }
      >
        <SlotStrip
          market={market}
          slot={slot}
          window={window}
          onPick={pick}
          onBuy={() => change({ first: slot, last: slot })}
        />
      </Card>
      <Card title={t`Merit order of the slot`} className="min-w-0">
        <DrawnWhenNear fallback={<Skeleton className="h-64" />}>
          <MeritOrderChart market={market} slot={curveSlot} />
        </DrawnWhenNear>
      </Card>
      <Card title={t`Prices over the day`} className="min-w-0">
        <DrawnWhenNear fallback={<Skeleton className="h-64" />}>
          <DayPricesChart market={market} onPick={pick} />
        </DrawnWhenNear>
      </Card>
      <Card
        title={t`Offers and bids`}
        className="min-w-0"
        actions={
          <Badge tone={market.isLive ? "leaf" : "sun"}>
            {market.from === "chain" ? (
              <Trans>Announced on chain</Trans>
            ) : market.isLive ? (
              <Trans>Live</Trans>
            ) : (
              <Trans>Not live</Trans>
            )}
          </Badge>
        }
      >
        <DrawnWhenNear fallback={<Skeleton className="h-96" />}>
          <Offers market={market} search={search} scope={scope} records={records} change={change} />
        </DrawnWhenNear>
      </Card>
      {search.order !== undefined && (
        <Suspense>
          <OrderSheet
            hash={search.order}
            market={market}
            records={records}
            change={change}
            onClose={() => change({ order: undefined })}
          />
        </Suspense>
      )}
    </div>
  );
});

/** For what is below the first screen of a phone: loaded and rendered only when it comes near the visible part. */
const DrawnWhenNear = ({
  fallback,
  children,
}: {
  readonly fallback: ReactNode;
  readonly children: ReactNode;
}) => (
  <WhenNear placeholder={fallback}>
    <Suspense fallback={fallback}>{children}</Suspense>
  </WhenNear>
);

/** The slot in the URL; else the nearest with offers and bids; else the nearest with offers; else the current one. */
function slotToShow({ day: { slots }, currentSlot, figures }: Market, named: number | undefined) {
  const { firstSlot, lastSlot } = slots;
  if (named !== undefined && named >= firstSlot && named <= lastSlot) return named;
  const now = Math.min(Math.max(currentSlot, firstSlot), lastSlot);
  const offered = [...figures].filter(([, { offeredWh }]) => offeredWh > 0n);
  const contested = offered.filter(([, { bestBid }]) => bestBid !== undefined);
  const nearest = (slots: typeof offered) =>
    slots
      .map(([slot]) => slot)
      .reduce<number | undefined>(
        (best, slot) =>
          best === undefined || Math.abs(slot - now) < Math.abs(best - now) ? slot : best,
        undefined,
      );
  return nearest(contested) ?? nearest(offered) ?? now;
}

/** The sellers of energy to come, whose delivery records are shown. */
const forwardSellersOf = ({ asks }: Market) =>
  [...new Set(asks.filter(({ order }) => order.forward).map(({ order }) => order.maker))].sort();
