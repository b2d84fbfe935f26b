import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { isPosted } from "@wattline/sdk";
import type { ReactNode } from "react";
import { isAddressEqual, zeroAddress } from "viem";
import { useConnection } from "wagmi";
import { Person } from "../people/index.ts";
import {
  Button,
  buttonClass,
  EmptyState,
  Energy,
  formatMoment,
  Price,
  Sheet,
  SlotTime,
} from "../ui/index.ts";
import { Sources } from "./columns.tsx";
import { Distance } from "./Distance.tsx";
import { RecordBadge } from "./RecordBadge.tsx";
import type { Records } from "./records.ts";
import type { MarketSearch } from "./search.ts";
import type { Market } from "./useMarket.ts";

/** An order of the book with all that it says, and what one can do about it. */
export default function OrderSheet({
  hash,
  market,
  records,
  change,
  onClose,
}: {
  readonly hash: string;
  readonly market: Market;
  readonly records: Records;
  change(part: Partial<MarketSearch>): void;
  onClose(): void;
}) {
  const { t } = useLingui();
  const ask = [...market.asks, ...market.limitOffers].find((one) => one.hash === hash);
  const bid = market.bids.find((one) => one.hash === hash);
  const order = ask?.order ?? bid?.order;
  const { slots, slotSeconds } = market.day;
  const { address } = useConnection();
  if (order === undefined) {
    return (
      <Sheet open inAddress onOpenChange={onClose} title={t`Order`}>
        <EmptyState title={<Trans>This order is not in the book any more</Trans>}>
          <Trans>It is filled, taken back or over, or it is of another day.</Trans>
        </EmptyState>
      </Sheet>
    );
  }
  const isOwn = address !== undefined && isAddressEqual(order.maker, address);
  // What has begun can't be reserved any more.
  const earliest = order.forward ? market.currentSlot + 1 : slots.firstSlot;
  const first = Math.max(order.firstSlot, slots.firstSlot, earliest);
  const last = Math.min(order.lastSlot, slots.lastSlot);
  return (
    <Sheet
      open
      inAddress
      onOpenChange={onClose}
      title={ask ? t`Offer` : t`Bid`}
      description={
        isPosted(order)
          ? t`At a posted price: it trades at exactly this price.`
          : t`A limit: it trades in batches at the community price, and can't be taken.`
      }
    >
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 text-sm">
        <Item label={<Trans>Price</Trans>}>
          <Price perKwh={ask?.pricePerKwh ?? order.price} className="text-lg font-bold" />
        </Item>
        <Item label={<Trans>Energy</Trans>}>
          <Energy wh={ask?.totalWh ?? bid?.remainingWh ?? 0n} />
        </Item>
        <Item label={<Trans>Delivery</Trans>}>
          <SlotTime
            slot={order.firstSlot}
            lastSlot={order.lastSlot}
            slotSeconds={slotSeconds}
            className="whitespace-normal"
          />
        </Item>
        <Item label={<Trans>Source</Trans>}>
          <Sources mask={order.sources} />
        </Item>
        <Item label={<Trans>Distance</Trans>}>
          <Distance from={order.microgrid} market={market} />
        </Item>
        <Item label={ask ? <Trans>Seller</Trans> : <Trans>Buyer</Trans>}>
          <Person address={order.maker} />
        </Item>
        {!isAddressEqual(order.counterparty, zeroAddress) && (
          <Item label={<Trans>Only for</Trans>}>
            <Person address={order.counterparty} />
          </Item>
        )}
        {ask && (
          <Item label={<Trans>Record</Trans>}>
            <RecordBadge ask={ask} records={records} />
          </Item>
        )}
        {order.forward && (
          <Item label={<Trans>Bond</Trans>}>
            <Price perKwh={order.bond} />
          </Item>
        )}
        <Item label={<Trans>Valid until</Trans>}>{formatMoment(order.deadline)}</Item>
      </dl>
      <div className="mt-5 flex flex-col gap-2">
        {isOwn ? (
          <Link
            to="/energy"
            search={{ tab: "orders" }}
            className={buttonClass("secondary", "large")}
          >
            <Trans>To my orders</Trans>
          </Link>
        ) : ask && isPosted(order) ? (
          <>
            <Button
              look="primary"
              size="large"
              onClick={() =>
                change({
                  ...{ order: undefined, how: "cheapest", first, last },
                  wh: Number(ask.totalWh),
                })
              }
            >
              <Trans>Buy in these slots</Trans>
            </Button>
            <p className="text-sm text-muted">
              <Trans>
                A purchase takes the cheapest energy of the slots first, wherever it is offered.
              </Trans>
            </p>
          </>
        ) : bid ? (
          <Button look="sun" size="large" onClick={() => change({ order: undefined, do: "sell" })}>
            <Trans>Sell energy</Trans>
          </Button>
        ) : null}
      </div>
    </Sheet>
  );
}

const Item = ({ label, children }: { readonly label: ReactNode; readonly children: ReactNode }) => (
  <>
    <dt className="text-muted">{label}</dt>
    <dd className="min-w-0">{children}</dd>
  </>
);
