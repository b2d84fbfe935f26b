import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { isFirm, isPosted, type Microgrid } from "@wattline/sdk";
import { ScrollText } from "lucide-react";
import { useMemo, useState } from "react";
import { type Hex, isAddressEqual, zeroAddress } from "viem";
import { useConnection } from "wagmi";
import { useMicrogrid } from "../app/index.ts";
import { useChainQuery, useChainTime, useNetwork } from "../chain/index.ts";
import { type BookOrder, useOwnOrders } from "../data/index.ts";
import { loadMessages } from "../i18n/index.ts";
import { inShort } from "../people/index.ts";
import {
  Badge,
  Button,
  buttonClass,
  Card,
  EmptyState,
  Energy,
  ErrorState,
  formatMoment,
  Price,
  SkeletonLines,
  SlotTime,
} from "../ui/index.ts";
import { CancelAllDialog, CancelDialog } from "./CancelDialog.tsx";
import { readFill } from "./fills.ts";
import { sentenceOf, sourceWords } from "./sentence.ts";

// The words come with what is said in them.
await loadMessages("orders");

/** What one has signed and what is still open: how far it is filled, what covers it, and how to take it back. */
export function OpenOrders() {
  const { microgrid } = useMicrogrid();
  return microgrid === undefined ? <SkeletonLines /> : <Orders microgrid={microgrid} />;
}

function Orders({ microgrid: { microgrid, slotSeconds } }: { readonly microgrid: Microgrid }) {
  const { address } = useConnection();
  const time = useChainTime();
  const network = useNetwork();
  const { orders, from, isPending, error, refetch } = useOwnOrders(microgrid, address);
  const [cancels, setCancels] = useState<BookOrder | "all">();
  const open = useMemo(
    () =>
      orders
        .filter(({ order }) => time === undefined || order.deadline >= time)
        .sort((a, b) => a.order.firstSlot - b.order.firstSlot || a.order.side - b.order.side),
    [orders, time],
  );
  const filled = useFilled(open);
  return (
    <Card
      title={<Trans>Open orders</Trans>}
      actions={
        open.length > 0 && (
          <Button size="small" look="danger" onClick={() => setCancels("all")}>
            <Trans>Cancel all…</Trans>
          </Button>
        )
      }
    >
      {from === "chain" && !isPending && (
        <p className="mb-3 text-sm text-muted">
          <Trans>
            The offers book does not answer: you see what you have announced on chain. Your other
            orders go on being valid; “Cancel all” reaches them too.
          </Trans>
        </p>
      )}
      {isPending ? (
        <SkeletonLines />
      ) : error ? (
        <ErrorState
          title={<Trans>Your orders could not be read</Trans>}
          error={error}
          onRetry={refetch}
        />
      ) : open.length === 0 ? (
        <NothingOpen />
      ) : (
        <ul className="divide-y divide-line">
          {open.map((order) => (
            <OrderRow
              key={order.hash}
              order={order}
              filledWh={filled.get(order.hash)}
              slotSeconds={slotSeconds}
              onCancel={() => setCancels(order)}
            />
          ))}
        </ul>
      )}
      {cancels === "all" && <CancelAllDialog onClose={() => setCancels(undefined)} />}
      {cancels !== undefined && cancels !== "all" && (
        <CancelDialog
          order={cancels}
          sentence={sentenceOf([cancels.order], {
            slotSeconds,
            now: time ?? 0,
            currency: network.currency,
          })}
          inBook={from === "relay"}
          onClose={() => setCancels(undefined)}
        />
      )}
    </Card>
  );
}

function NothingOpen() {
  return (
    <EmptyState
      icon={<ScrollText />}
      title={<Trans>You have no open orders</Trans>}
      action={
        <span className="flex flex-wrap justify-center gap-2">
          <Link to="/market" search={{ do: "sell" }} className={buttonClass("sun")}>
            <Trans>Sell energy</Trans>
          </Link>
          <Link to="/market" search={{ do: "bid" }} className={buttonClass("secondary")}>
            <Trans>Bid for energy</Trans>
          </Link>
        </span>
      }
    >
      <Trans>What you sign to sell or to buy is listed here until it is filled or ends.</Trans>
    </EmptyState>
  );
}

/** Wh that each order is filled by, by its hash: read again at every trade. */
function useFilled(orders: readonly BookOrder[]): ReadonlyMap<Hex, bigint> {
  const { data } = useChainQuery(
    ["orders", "filled", orders.map(({ hash }) => hash)],
    async (context) =>
      new Map(
        await Promise.all(
          orders.map(
            async ({ hash, order }) => [hash, (await readFill(context, order)).filledWh] as const,
          ),
        ),
      ),
    { enabled: orders.length > 0 },
  );
  return data ?? NONE;
}

const NONE: ReadonlyMap<Hex, bigint> = new Map();

function OrderRow({
  order: booked,
  filledWh = 0n,
  slotSeconds,
  onCancel,
}: {
  readonly order: BookOrder;
  readonly filledWh: bigint | undefined;
  readonly slotSeconds: number;
  onCancel(): void;
}) {
  const { t } = useLingui();
  const { order } = booked;
  const energyWh = BigInt(order.energy);
  const leftWh = energyWh - filledWh;
  const percent = Number((filledWh * 100n) / energyWh);
  const offer = order.side === 0;
  const gift = offer && order.price === 0n;
  const alone = !isAddressEqual(order.counterparty, zeroAddress);
  return (
    <li className="grid gap-x-4 gap-y-2 py-3 sm:grid-cols-[1fr_12rem_auto] sm:items-center">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2">
          <Badge tone={offer ? "sun" : "sky"}>{offer ? t`Offer` : t`Bid`}</Badge>
          {gift ? (
            <strong>{t`Gift`}</strong>
          ) : (
            <Price perKwh={order.price} className="font-semibold" />
          )}
          <Badge>{isPosted(order) ? t`Posted price` : t`Limit`}</Badge>
          {order.forward && <Badge>{t`To come`}</Badge>}
          {isFirm(order) && <Badge>{t`Firm`}</Badge>}
          {booked.signer === "delegate" && <Badge>{t`By your home agent`}</Badge>}
        </p>
        <p className="mt-1 text-sm">
          <SlotTime
            slot={order.firstSlot}
            lastSlot={order.lastSlot}
            slotSeconds={slotSeconds}
            className="whitespace-normal"
          />
        </p>
        <p className="text-sm text-muted">
          {sourceWords(order.sources)}
          {alone && (
            <>
              {" · "}
              <Trans>for {inShort(order.counterparty)} alone</Trans>
            </>
          )}
          {" · "}
          <Trans>valid until {formatMoment(order.deadline)}</Trans>
        </p>
      </div>
      <div>
        <div
          role="progressbar"
          aria-label={t`Filled`}
          aria-valuenow={percent}
          className="h-2 overflow-hidden rounded-full bg-sunken"
        >
          <div
            className={offer ? "h-full bg-sun" : "h-full bg-sky"}
            style={{ width: `${percent}%` }}
          />
        </div>
        <p className="mt-1 text-sm tabular-nums">
          <Trans>
            <Energy wh={filledWh} /> of <Energy wh={energyWh} /> filled
          </Trans>
        </p>
        <Backing order={booked} leftWh={leftWh} />
      </div>
      {isFirm(order) ? (
        <p className="text-sm text-muted">
          <Trans>Can't be taken back while your lock lasts.</Trans>
        </p>
      ) : (
        <Button size="small" className="justify-self-start" onClick={onCancel}>
          <Trans>Take back…</Trans>
        </Button>
      )}
    </li>
  );
}

/** How much of what is left money or energy covers now. */
function Backing({ order, leftWh }: { readonly order: BookOrder; readonly leftWh: bigint }) {
  const byMoney = order.order.side === 1 || order.order.forward;
  const covered = order.state === "live" ? order.remainingWh : 0n;
  if (covered >= leftWh) {
    return (
      <Badge tone="leaf">
        {byMoney ? <Trans>Covered by escrow</Trans> : <Trans>Covered by your energy</Trans>}
      </Badge>
    );
  }
  if (covered > 0n) {
    return (
      <Badge tone="sun">
        <Trans>
          Covered: <Energy wh={covered} />
        </Trans>
      </Badge>
    );
  }
  return (
    <Badge tone={byMoney ? "sun" : "neutral"}>
      {byMoney ? <Trans>Escrow is too low</Trans> : <Trans>Waits for your meter</Trans>}
    </Badge>
  );
}
