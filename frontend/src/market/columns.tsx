import { useLingui } from "@lingui/react/macro";
import { isPosted, SOURCES } from "@wattline/sdk";
import { useMemo } from "react";
import { type Hex, isAddressEqual } from "viem";
import { useConnection } from "wagmi";
import type { BookOrder } from "../data/index.ts";
import { Person } from "../people/index.ts";
import { type Column, Energy, Price, SlotTime, useSourceNames } from "../ui/index.ts";
import { type MarketAsk, sourcesOf } from "./asks.ts";
import { Distance } from "./Distance.tsx";
import { RecordBadge } from "./RecordBadge.tsx";
import type { Records } from "./records.ts";
import type { Market } from "./useMarket.ts";

/** Columns of the offers. */
export function useOfferColumns(
  market: Market,
  records: Records,
  open: (hash: Hex) => void,
): readonly Column<MarketAsk>[] {
  const { t } = useLingui();
  const { address } = useConnection();
  const names = useSourceNames();
  return useMemo(
    () => [
      {
        id: "price",
        header: t`Price`,
        width: "minmax(7rem,0.9fr)",
        sortable: true,
        cell: ({ pricePerKwh, order, hash }) => (
          <>
            <OpenButton perKwh={pricePerKwh} onOpen={() => open(hash)} />
            <span className="block truncate text-xs text-muted sm:hidden">
              <Distance from={order.microgrid} market={market} />
            </span>
          </>
        ),
      },
      {
        id: "energy",
        header: t`Energy`,
        align: "end",
        width: "minmax(5.5rem,0.7fr)",
        sortable: true,
        cell: ({ totalWh }) => <Energy wh={totalWh} />,
      },
      {
        id: "delivery",
        header: t`Delivery`,
        width: "minmax(6.5rem,1.2fr)",
        sortable: true,
        cell: (ask) => (
          <>
            <Delivery order={ask.order} market={market} />
            <span className="block sm:hidden">
              <RecordBadge ask={ask} records={records} />
            </span>
          </>
        ),
      },
      {
        id: "source",
        header: t`Source and distance`,
        wide: true,
        width: "minmax(0,1.5fr)",
        cell: ({ source, order }) => (
          <>
            {names[source]}
            <span className="block truncate text-muted">
              <Distance from={order.microgrid} market={market} />
            </span>
          </>
        ),
      },
      {
        id: "seller",
        header: t`Seller`,
        wide: true,
        width: "8.5rem",
        cell: ({ order }) => (
          <>
            <Person address={order.maker} />
            {address &&
              isAddressEqual(address, order.counterparty) &&
              !isAddressEqual(address, order.maker) && (
                <span className="block truncate text-xs text-muted">{t`for you alone`}</span>
              )}
          </>
        ),
      },
      {
        id: "record",
        header: t`Record`,
        wide: true,
        sortable: true,
        width: "8.5rem",
        cell: (ask) => <RecordBadge ask={ask} records={records} />,
      },
    ],
    [t, names, market, records, address, open],
  );
}

/** Columns of the bids. */
export function useBidColumns(
  market: Market,
  open: (hash: Hex) => void,
): readonly Column<BookOrder>[] {
  const { t } = useLingui();
  return useMemo(
    () => [
      {
        id: "price",
        header: t`Price`,
        width: "minmax(7rem,0.9fr)",
        sortable: true,
        cell: ({ order, hash }) => (
          <>
            <OpenButton perKwh={order.price} onOpen={() => open(hash)} />
            <span className="block truncate text-xs text-muted">
              {isPosted(order) ? t`Posted price` : t`Limit`}
            </span>
          </>
        ),
      },
      {
        id: "energy",
        header: t`Energy`,
        align: "end",
        width: "minmax(5.5rem,0.7fr)",
        sortable: true,
        cell: ({ remainingWh }) => <Energy wh={remainingWh} />,
      },
      {
        id: "delivery",
        header: t`Delivery`,
        width: "minmax(6.5rem,1.2fr)",
        sortable: true,
        cell: ({ order }) => <Delivery order={order} market={market} />,
      },
      {
        id: "source",
        header: t`Source`,
        wide: true,
        width: "minmax(0,1.4fr)",
        cell: ({ order }) => <Sources mask={order.sources} />,
      },
      {
        id: "buyer",
        header: t`Buyer`,
        wide: true,
        width: "8.5rem",
        cell: ({ order }) => <Person address={order.maker} />,
      },
    ],
    [t, market, open],
  );
}

/** The price of a row, which opens the order. */
function OpenButton({ perKwh, onOpen }: { readonly perKwh: bigint; onOpen(): void }) {
  return (
    <button
      type="button"
      onClick={onOpen}
      className="min-h-6 rounded-md text-left font-semibold text-leaf underline-offset-2 hover:underline"
    >
      <Price perKwh={perKwh} />
    </button>
  );
}

/** The part of an order's delivery slots that is in the shown day. */
function Delivery({
  order: { firstSlot, lastSlot },
  market: { day },
}: {
  readonly order: { readonly firstSlot: number; readonly lastSlot: number };
  readonly market: Market;
}) {
  return (
    <SlotTime
      slot={Math.max(firstSlot, day.slots.firstSlot)}
      lastSlot={Math.min(lastSlot, day.slots.lastSlot)}
      slotSeconds={day.slotSeconds}
      day={false}
    />
  );
}

export function Sources({ mask }: { readonly mask: number }) {
  const { t } = useLingui();
  const names = useSourceNames();
  const sources = sourcesOf(mask);
  if (sources.length === SOURCES.length) return t`Any source`;
  return sources.map((one) => names[one]).join(", ");
}
