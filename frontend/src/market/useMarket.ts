import {
  isLimit,
  isOfGrid,
  isPosted,
  type Microgrid,
  type SlotRange,
  slotAt,
  slotStart,
  type Way,
} from "@wattline/sdk";
import { useDeferredValue, useMemo, useRef } from "react";
import { useConnection } from "wagmi";
import { useChainQuery, useChainTime, useMicrogrids, useTieLines } from "../chain/index.ts";
import { type BookOrder, useBook } from "../data/index.ts";
import { asksOf, isFor, type MarketAsk, reaches } from "./asks.ts";
import { backingOf } from "./backing.ts";
import { type Day, dayOf, daySlots, dayToShow } from "./day.ts";
import { readInflows, readStock } from "./readStock.ts";
import { bidsOf, type SlotFigures, slotFiguresOf } from "./slotFigures.ts";
import type { Inflow, Stock } from "./supply.ts";

/** The market of a microgrid on a day, as the connected account sees it. */
export interface Market {
  readonly microgrid: Microgrid;
  readonly day: Day;
  /** The slot of the chain's time. */
  readonly currentSlot: number;
  readonly today: string;
  /** Posted offers of neighbours, the cheapest first. The grid's standing orders are its tariffs, not among the orders. */
  readonly asks: readonly MarketAsk[];
  readonly bids: readonly BookOrder[];
  /** Neighbours' limits to sell: they trade in batches, at the community price. */
  readonly limitOffers: readonly MarketAsk[];
  readonly figures: ReadonlyMap<number, SlotFigures>;
  /** Tie lines over which energy can come, by the microgrid at the other end. */
  readonly tieLines: ReadonlyMap<number, Inflow>;
  /** Where the orders are read from now. */
  readonly from: "relay" | "chain";
  /** Changes are shown as they happen. */
  readonly isLive: boolean;
}

export interface MarketState {
  /** Undefined while it is first read, and when it can't be read. */
  readonly market: Market | undefined;
  readonly error: Error | null;
  refetch(): void;
}

const NO_INFLOWS: readonly Inflow[] = [];
const NOTHING: Stock = { held: new Map(), promisable: new Map() };
const NO_SLOTS: SlotRange = { firstSlot: 0, lastSlot: 0 };

/** @param named The day in the URL. */
export function useMarket(
  microgrid: Microgrid | undefined,
  named: string | undefined,
): MarketState {
  const time = useChainTime();
  const { address: trader } = useConnection();
  const { data: microgrids } = useMicrogrids();
  const { data: lines } = useTieLines();
  const slotSeconds = microgrid?.slotSeconds ?? 900;
  const currentSlot = time === undefined ? undefined : slotAt(time, slotSeconds);
  const now = currentSlot === undefined ? undefined : slotStart(currentSlot, slotSeconds);

  // The tie lines of a day decide which microgrids' orders are read, and the orders which day is shown: so start with today.
  const around = useRef<SlotRange>(undefined);
  const today = now === undefined ? undefined : dayOf(now);
  const wanted = named ?? today;
  const tieLineSlots =
    wanted === undefined ? NO_SLOTS : (around.current ?? daySlots(wanted, slotSeconds).slots);
  const inflows = useLatestData(
    useChainQuery(
      // What is agreed for later holds from a time on: asked anew in each slot.
      ["inflows", microgrid?.microgrid, now, tieLineSlots],
      async (context) =>
        microgrid === undefined
          ? NO_INFLOWS
          : readInflows(context, microgrid, lines ?? [], tieLineSlots, now ?? 0),
      { enabled: microgrid !== undefined && now !== undefined && lines !== undefined },
    ),
  );
  const linked = useMemo(
    () => (inflows.data ?? NO_INFLOWS).map(({ from }) => from),
    [inflows.data],
  );

  const book = useBook(microgrid?.microgrid, linked);
  // Many changes of the order book must not block input on the page.
  const orders = useDeferredValue(book.orders);
  // The contract checks deadlines to the second; here, to the slot is enough.
  const open = useMemo(
    () => orders.filter(({ order }) => now === undefined || order.deadline >= now),
    [orders, now],
  );
  const day = useMemo(() => {
    if (now === undefined) return undefined;
    return daySlots(named ?? dayToShow(open, now, slotSeconds), slotSeconds);
  }, [named, open, now, slotSeconds]);
  const slots = useStable(day?.slots ?? NO_SLOTS);
  around.current = day?.slots;

  const backing = useMemo(() => backingOf(open, slots), [open, slots]);
  const stock = useLatestData(
    useChainQuery(
      ["stock", slots, backing],
      (context) => readStock(context, backing, slots, slotSeconds),
      { enabled: day !== undefined && !book.isPending },
    ),
  );

  const ways = useMemo(() => {
    const found = new Map<number, Way>();
    if (microgrid === undefined) return found;
    found.set(microgrid.microgrid, { from: microgrid, line: undefined });
    for (const line of inflows.data ?? NO_INFLOWS) {
      const from = microgrids?.find((other) => other.microgrid === line.from);
      if (from !== undefined) found.set(line.from, { from, line });
    }
    return found;
  }, [microgrid, microgrids, inflows.data]);
  const offers = useMemo(
    () =>
      microgrid === undefined
        ? []
        : asksOf(open, {
            here: microgrid,
            trader,
            ways,
            stock: stock.data ?? NOTHING,
            slots,
            openSlot: (currentSlot ?? 0) + 1,
          })
            .filter(({ order, way }) => !isOfGrid(order, way.from))
            .sort((a, b) => compare(a.pricePerKwh, b.pricePerKwh)),
    [open, microgrid, trader, ways, stock.data, slots, currentSlot],
  );
  const [asks, limitOffers] = useMemo(
    () => [
      offers.filter(({ order }) => isPosted(order)),
      offers.filter(({ order }) => isLimit(order)),
    ],
    [offers],
  );
  const bids = useMemo(
    () =>
      bidsOf(open).filter(
        (one) =>
          one.order.microgrid === microgrid?.microgrid &&
          !isOfGrid(one.order, microgrid) &&
          isFor(one, trader) &&
          reaches(one, slots),
      ),
    [open, trader, slots, microgrid],
  );
  const figures = useMemo(() => slotFiguresOf(asks, bids, slots), [asks, bids, slots]);

  const market = useMemo((): Market | undefined => {
    if (microgrid === undefined || day === undefined || currentSlot === undefined) return undefined;
    if (today === undefined || book.isPending || stock.data === undefined) return undefined;
    return {
      microgrid,
      day: { ...day, slots },
      currentSlot,
      today,
      asks,
      bids,
      limitOffers,
      figures,
      tieLines: new Map((inflows.data ?? NO_INFLOWS).map((line) => [line.from, line])),
      from: book.from,
      isLive: book.isLive,
    };
  }, [
    microgrid,
    day,
    slots,
    currentSlot,
    today,
    asks,
    bids,
    limitOffers,
    figures,
    inflows.data,
    book.isPending,
    book.from,
    book.isLive,
    stock.data,
  ]);

  return {
    market,
    error: book.error ?? (stock.data === undefined ? stock.error : null),
    refetch() {
      book.refetch();
      stock.refetch();
    },
  };
}

/** A query that keeps its last data while it reads new data. */
function useLatestData<T>(query: {
  readonly data: T | undefined;
  readonly error: Error | null;
  refetch(): unknown;
}): { readonly data: T | undefined; readonly error: Error | null; refetch(): void } {
  const last = useRef<T>(undefined);
  if (query.data !== undefined) last.current = query.data;
  return {
    data: query.data ?? last.current,
    error: query.error,
    refetch: () => void query.refetch(),
  };
}

/** The same object while the slots stay the same. */
function useStable(slots: SlotRange): SlotRange {
  // biome-ignore lint/correctness/useExhaustiveDependencies: its members are all that it is.
  return useMemo(() => slots, [slots.firstSlot, slots.lastSlot]);
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
