import { type SlotRange, slotAt, slotStart, type Way } from "@wattline/sdk";
import { useDeferredValue, useMemo, useRef } from "react";
import { useConnection } from "wagmi";
import { type Microgrid, useChainQuery, useChainTime, useMicrogrids } from "../chain/index.ts";
import { type BookOrder, useBook } from "../data/index.ts";
import { asksOf, isFor, type MarketAsk, reaches, type Stock } from "./asks.ts";
import { backingOf } from "./backing.ts";
import { type Day, dayOf, daySlots, dayToShow } from "./day.ts";
import { readStock, readTieLines, type TieLineWay } from "./readStock.ts";
import { bidsOf, type SlotFigures, slotFiguresOf } from "./slotFigures.ts";

/** The market of a microgrid on a day, as the connected account sees it. */
export interface Market {
  readonly microgrid: Microgrid;
  readonly day: Day;
  /** The slot of the chain's time. */
  readonly currentSlot: number;
  readonly today: string;
  /** Cheapest first. */
  readonly asks: readonly MarketAsk[];
  readonly bids: readonly BookOrder[];
  readonly figures: ReadonlyMap<number, SlotFigures>;
  /** Tie lines over which energy can come, by the microgrid at the other end. */
  readonly tieLines: ReadonlyMap<number, TieLineWay>;
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

const NO_TIE_LINES: readonly TieLineWay[] = [];
const NOTHING: Stock = { held: new Map(), promisable: new Map() };
const NO_SLOTS: SlotRange = { firstSlot: 0, lastSlot: 0 };

/** @param named The day in the URL. */
export function useMarket(
  microgrid: Microgrid | undefined,
  named: string | undefined,
): MarketState {
  const time = useChainTime();
  const { address: trader } = useConnection();
  const { data: microgrids = [] } = useMicrogrids();
  const slotSeconds = microgrid?.charter.slotSeconds ?? 900;
  const currentSlot = time === undefined ? undefined : slotAt(time, slotSeconds);
  const now = currentSlot === undefined ? undefined : slotStart(currentSlot, slotSeconds);

  // The tie lines of a day decide which microgrids' orders are read, and the orders which day is shown: so start with today.
  const around = useRef<SlotRange>(undefined);
  const today = now === undefined ? undefined : dayOf(now);
  const wanted = named ?? today;
  const tieLineSlots =
    wanted === undefined ? NO_SLOTS : (around.current ?? daySlots(wanted, slotSeconds).slots);
  const tieLines = useLatestData(
    useChainQuery(
      // What the tie lines carry depends on the modes, which are read at the same time.
      ["tie lines into", microgrid?.id, microgrids.map(({ mode }) => mode), tieLineSlots],
      async (context) => {
        if (microgrid === undefined) return NO_TIE_LINES;
        return readTieLines(context, microgrid, microgrids, tieLineSlots);
      },
      { enabled: microgrid !== undefined && wanted !== undefined && microgrids.length > 0 },
    ),
  );
  const linked = useMemo(
    () => (tieLines.data ?? NO_TIE_LINES).map(({ from }) => from),
    [tieLines.data],
  );

  const book = useBook(microgrid?.id, linked);
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
    if (microgrid === undefined) return new Map<number, Way>();
    const here: Way = { chargePerKwh: microgrid.tariffs.networkFee, lossBps: 0n };
    return new Map<number, Way>([
      [microgrid.id, here],
      ...(tieLines.data ?? NO_TIE_LINES).map((line): [number, Way] => [line.from, line]),
    ]);
  }, [microgrid, tieLines.data]);
  const asks = useMemo(
    () =>
      asksOf(open, {
        trader,
        ways,
        stock: stock.data ?? NOTHING,
        slots,
        openSlot: (currentSlot ?? 0) + 1,
      }).sort((a, b) => compare(a.pricePerKwh, b.pricePerKwh)),
    [open, trader, ways, stock.data, slots, currentSlot],
  );
  const bids = useMemo(
    () =>
      bidsOf(open).filter(
        (one) => one.order.microgrid === microgrid?.id && isFor(one, trader) && reaches(one, slots),
      ),
    [open, trader, slots, microgrid?.id],
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
      figures,
      tieLines: new Map((tieLines.data ?? NO_TIE_LINES).map((line) => [line.from, line])),
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
    figures,
    tieLines.data,
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
