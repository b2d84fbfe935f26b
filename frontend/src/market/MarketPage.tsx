import { Trans, useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import { SOURCES } from "@wattline/sdk";
import { Sun } from "lucide-react";
import { Suspense, useMemo } from "react";
import { useMicrogrid } from "../app/index.ts";
import { type Microgrid, useChainTime } from "../chain/index.ts";
import { type BookOrder, useBook } from "../data/index.ts";
import { BidDialog, SellDialog } from "../orders/index.ts";
import {
  AddressText,
  Badge,
  Card,
  type Column,
  DataTable,
  EmptyState,
  Energy,
  ErrorState,
  PageHeader,
  Price,
  SkeletonLines,
  SlotTime,
  Stat,
} from "../ui/index.ts";

const route = getRouteApi("/market");

/** What neighbours offer and what they bid. */
export function MarketPage() {
  const { microgrid } = useMicrogrid();
  const { do: deed } = route.useSearch();
  const navigate = route.useNavigate();
  const close = () => void navigate({ search: ({ do: _, ...search }) => search });
  return (
    <>
      <PageHeader title={<Trans>Market</Trans>}>
        <Trans>Buy your neighbours' electricity, or sell them yours.</Trans>
      </PageHeader>
      {microgrid && <Tariffs microgrid={microgrid} />}
      <Orders microgrid={microgrid} />
      <Suspense>
        {deed === "sell" && <SellDialog open onOpenChange={close} />}
        {deed === "bid" && <BidDialog open onOpenChange={close} />}
      </Suspense>
    </>
  );
}

function Tariffs({ microgrid }: { readonly microgrid: Microgrid }) {
  const { feedIn, retail } = microgrid.tariffs;
  return (
    <div className="mb-4 grid grid-cols-2 gap-3">
      <Stat
        tone="sun"
        label={<Trans>The grid pays you</Trans>}
        value={<Price perKwh={feedIn} />}
        detail={<Trans>Feed-in tariff</Trans>}
      />
      <Stat
        tone="sky"
        label={<Trans>The grid charges you</Trans>}
        value={<Price perKwh={retail} />}
        detail={<Trans>Retail tariff</Trans>}
      />
    </div>
  );
}

function Orders({ microgrid }: { readonly microgrid: Microgrid | undefined }) {
  const { t } = useLingui();
  const time = useChainTime();
  const { orders, from, isPending, error, refetch } = useBook(microgrid?.id);
  const open = useMemo(
    () => orders.filter(({ order }) => time === undefined || order.deadline >= time),
    [orders, time],
  );
  const columns = useColumns(microgrid?.charter.slotSeconds ?? 900);
  return (
    <Card
      title={<Trans>Offers and bids</Trans>}
      actions={
        <Badge tone={from === "relay" ? "leaf" : "sun"}>
          {from === "relay" ? <Trans>Live</Trans> : <Trans>Announced on chain</Trans>}
        </Badge>
      }
    >
      {isPending ? (
        <SkeletonLines lines={6} />
      ) : error ? (
        <ErrorState
          title={<Trans>The orders could not be read</Trans>}
          error={error}
          onRetry={refetch}
        />
      ) : open.length === 0 ? (
        <EmptyState icon={<Sun />} title={<Trans>Nobody offers energy at the moment</Trans>}>
          <Trans>When the sun is out and roofs make more than they need, offers appear here.</Trans>
        </EmptyState>
      ) : (
        <DataTable
          label={t`Offers and bids`}
          rows={open}
          columns={columns}
          keyOf={({ hash }) => hash}
        />
      )}
    </Card>
  );
}

function useColumns(slotSeconds: number): readonly Column<BookOrder>[] {
  const { t } = useLingui();
  return useMemo(
    () => [
      {
        id: "side",
        header: t`Side`,
        width: "4.5rem",
        cell: ({ order }) =>
          order.side === 0 ? (
            <Badge tone="sun">{t`Offer`}</Badge>
          ) : (
            <Badge tone="sky">{t`Bid`}</Badge>
          ),
      },
      {
        id: "slots",
        header: t`Delivery`,
        width: "minmax(0,2fr)",
        cell: ({ order }) => (
          <SlotTime slot={order.firstSlot} lastSlot={order.lastSlot} slotSeconds={slotSeconds} />
        ),
      },
      {
        id: "energy",
        header: t`Energy left`,
        align: "end",
        wide: true,
        cell: ({ remainingWh }) => <Energy wh={remainingWh} />,
      },
      {
        id: "price",
        header: t`Price`,
        align: "end",
        width: "6.5rem",
        cell: ({ order }) => <Price perKwh={order.price} className="font-semibold" />,
      },
      {
        id: "source",
        header: t`Source`,
        wide: true,
        cell: ({ order }) => sourcesOf(order.sources),
      },
      {
        id: "maker",
        header: t`From`,
        wide: true,
        width: "10rem",
        cell: ({ order }) => <AddressText address={order.maker} />,
      },
    ],
    [t, slotSeconds],
  );
}

const sourcesOf = (mask: number): string =>
  SOURCES.filter((_, bit) => (mask >> bit) & 1).join(", ");
