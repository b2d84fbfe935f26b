import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { type Deed, isPosted, type TradeEntry } from "@wattline/sdk";
import {
  ArrowDownToLine,
  ArrowUpFromLine,
  Ban,
  CalendarClock,
  Flame,
  Gift,
  Lock,
  type LucideIcon,
  ScrollText,
  ShoppingBasket,
  Sun,
  Zap,
} from "lucide-react";
import type { ReactNode } from "react";
import { type Address, isAddressEqual } from "viem";
import { useMicrogrids, useNetwork } from "../chain/index.ts";
import type { BookOrder } from "../data/index.ts";
import type { Forward } from "../energy/index.ts";
import { Person } from "../people/index.ts";
import { Badge, formatClock, formatCount, SlotTime, type Tone } from "../ui/index.ts";
import { OpenBlocks } from "./forwards/OpenBlocks.tsx";
import type { Readiness } from "./forwards/release.ts";
import { type OrdersEntry, ordersWords } from "./orders.ts";
import { Steps } from "./Steps.tsx";
import { sentenceOf } from "./words.ts";

/** One entry of the timeline. */
export type Entry = TradeEntry | Deed | OrdersEntry;

/** What entries are shown with, beside themselves. */
export interface Surroundings {
  readonly holder: Address;
  /** When the household signed an order, by the order's hash; Unix seconds. */
  readonly signedAt: ReadonlyMap<string, number>;
  readonly open: readonly Forward[];
  readonly readiness: ReadonlyMap<string, Readiness>;
}

/** One entry: what happened in a sentence, when, and for a trade each of its steps. */
export function EntryItem({
  entry,
  isNew,
  around,
}: {
  readonly entry: Entry;
  readonly isNew: boolean;
  readonly around: Surroundings;
}) {
  const { currency } = useNetwork();
  const { holder } = around;
  const [Icon, colour] = lookOf(entry, holder);
  const sentence =
    entry.kind === "orders" ? ordersWords(entry) : sentenceOf(entry, { holder, currency });
  return (
    <li className="flex gap-3 py-3 first:pt-0 last:pb-0">
      <span
        aria-hidden="true"
        className={`grid size-9 shrink-0 place-items-center rounded-full ${colour}`}
      >
        <Icon className="size-5" />
      </span>
      <div className="flex min-w-0 flex-1 flex-col gap-1">
        <p className="flex flex-wrap items-center gap-x-2">
          <span className="font-semibold">{sentence}</span>
          {isNew && (
            <Badge tone="sky">
              <Trans>New</Trans>
            </Badge>
          )}
          <time
            dateTime={new Date(entry.time * 1000).toISOString()}
            className="ml-auto text-sm text-muted tabular-nums"
          >
            {formatClock(entry.time)}
          </time>
        </p>
        <Details entry={entry} around={around} />
      </div>
    </li>
  );
}

function Details({ entry, around }: { readonly entry: Entry; readonly around: Surroundings }) {
  switch (entry.kind) {
    case "trade":
      return <TradeDetails trade={entry} around={around} />;
    case "orders":
      return <OrderStates orders={entry.orders} />;
    case "reading":
      return (
        <Aside>
          <Delivered {...entry} />
          <Link to="/energy" search={{ tab: "meters" }} className="underline">
            <Trans>Your meters</Trans>
          </Link>
        </Aside>
      );
    case "retirement":
      return (
        <Aside>
          <Delivered {...entry} />
          <Link to="/certificate/$id" params={{ id: entry.id }} className="underline">
            <Trans>Certificate</Trans>
          </Link>
        </Aside>
      );
    case "transfer": {
      const { giver, receiver } = entry;
      return (
        <Aside>
          <Person address={isAddressEqual(giver, around.holder) ? receiver : giver} />
        </Aside>
      );
    }
    default:
      return null;
  }
}

const Aside = ({ children }: { readonly children: ReactNode }) => (
  <p className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm text-muted">{children}</p>
);

/** When the energy of an entry is or was delivered. */
function Delivered({
  microgrid,
  firstSlot,
  lastSlot,
}: {
  readonly microgrid: number;
  readonly firstSlot: number;
  readonly lastSlot: number;
}) {
  const { data } = useMicrogrids();
  const slotSeconds = data?.find((each) => each.microgrid === microgrid)?.slotSeconds;
  if (slotSeconds === undefined) return null;
  return <SlotTime slot={firstSlot} lastSlot={lastSlot} slotSeconds={slotSeconds} />;
}

function TradeDetails({
  trade,
  around: { holder, signedAt, open, readiness },
}: {
  readonly trade: TradeEntry;
  readonly around: Surroundings;
}) {
  const { seller, buyer, from, firstSlot, lastSlot, txHash, positionId } = trade;
  const sells = isAddressEqual(seller, holder);
  const signed = sells ? trade.offerHash : trade.bidHash;
  const blocks =
    trade.state === "open" && positionId !== undefined
      ? open.filter((forward) => forward.positionId.toLowerCase() === positionId.toLowerCase())
      : [];
  return (
    <>
      <Aside>
        <Delivered microgrid={from} firstSlot={firstSlot} lastSlot={lastSlot} />
        <span>
          {sells ? <Trans>to</Trans> : <Trans>from</Trans>}{" "}
          <Person address={sells ? buyer : seller} />
        </span>
        <Link to="/audit" search={{ tx: txHash }} className="underline">
          <Trans>Evidence</Trans>
        </Link>
      </Aside>
      <Steps trade={trade} holder={holder} signedAt={signedAt.get(signed?.toLowerCase() ?? "")} />
      {blocks.length > 0 && <OpenBlocks forwards={blocks} readiness={readiness} holder={holder} />}
    </>
  );
}

const STATES: readonly (readonly [state: BookOrder["state"], tone: Tone])[] = [
  ["live", "leaf"],
  ["unbacked", "sun"],
  ["filled", "sky"],
  ["cancelled", "neutral"],
  ["expired", "neutral"],
  ["void", "neutral"],
];

/** How many of the orders are open, filled, cancelled and so on. */
function OrderStates({ orders }: { readonly orders: readonly BookOrder[] }) {
  return (
    <Aside>
      {STATES.map(([state, tone]) => {
        const those = orders.filter((one) => one.state === state);
        if (those.length === 0) return null;
        return (
          <Badge key={state} tone={tone}>
            {orders.length > 1 && formatCount(those.length)} <StateWord state={state} />
          </Badge>
        );
      })}
      {orders.some(({ order }) => !isPosted(order)) && (
        <span>
          <Trans>at the community price</Trans>
        </span>
      )}
      {orders.some(({ state }) => state === "live" || state === "unbacked") && (
        <Link to="/energy" search={{ tab: "orders" }} className="underline">
          <Trans>Your open orders</Trans>
        </Link>
      )}
    </Aside>
  );
}

function StateWord({ state }: { readonly state: BookOrder["state"] }) {
  switch (state) {
    case "live":
      return <Trans context="an order">open</Trans>;
    case "unbacked":
      return <Trans context="an order">not covered yet</Trans>;
    case "filled":
      return <Trans context="an order">filled</Trans>;
    case "cancelled":
      return <Trans context="an order">cancelled</Trans>;
    case "expired":
      return <Trans context="an order">expired</Trans>;
    case "void":
      return <Trans context="an order">not valid any more</Trans>;
  }
}

const [SUN, SKY, LEAF, PLAIN] = [
  "bg-sun-soft text-sun-text",
  "bg-sky-soft text-sky",
  "bg-leaf-soft text-leaf",
  "bg-sunken text-ink",
];

function lookOf(entry: Entry, holder: Address): readonly [LucideIcon, string] {
  switch (entry.kind) {
    case "trade": {
      const sells = isAddressEqual(entry.seller, holder);
      if (entry.state === "open") return [CalendarClock, sells ? SUN : SKY];
      if (entry.delivered?.paidMillis === 0n && entry.state === "delivered") return [Gift, LEAF];
      return sells ? [Sun, SUN] : [ShoppingBasket, SKY];
    }
    case "orders":
      return [ScrollText, PLAIN];
    case "deposit":
      return [ArrowDownToLine, LEAF];
    case "withdrawal":
      return [ArrowUpFromLine, LEAF];
    case "lock":
      return [Lock, PLAIN];
    case "cancelAll":
      return [Ban, PLAIN];
    case "reading":
      return [Zap, SUN];
    case "retirement":
      return [Flame, LEAF];
    case "transfer":
      return [Gift, LEAF];
  }
}
