import { type SlotRange, slotAt, slotStart, type Way } from "@wattline/sdk";
import { useDeferredValue, useMemo, useRef } from "react";
import { useConnection } from "wagmi";
import { type Microgrid, useChainQuery, useChainTime, useMicrogrids } from "../chain/index.ts";
import { type BookOrder, useBook } from "../data/index.ts";
import { asksOf, isFor, type MarketAsk, reaches, type Stock } from "./asks.ts";
import { behindOffers } from "./behind.ts";
import { type Day, dayOf, daySlots, dayToShow } from "./day.ts";
import { type LineWay, readLines, readStock } from "./readStock.ts";
import { bidsOf, type SlotFigures, slotFiguresOf } from "./slotFigures.ts";

/** The market of a microgrid on a day, for whoever is connected. */
export interface Market {
  readonly microgrid: Microgrid;
  readonly day: Day;
  /** The slot that chain time lies in. */
  readonly currentSlot: number;
  readonly today: string;
  /** The cheapest first. */
  readonly asks: readonly MarketAsk[];
  readonly bids: readonly BookOrder[];
  readonly figures: ReadonlyMap<number, SlotFigures>;
  /** Tie lines that energy can come over, by where they start. */
  readonly lines: ReadonlyMap<number, LineWay>;
  /** Who announces the orders now. */
  readonly from: "relay" | "chain";
  /** The relay tells of changes as they happen. */
  readonly isLive: boolean;
}

export interface MarketState {
  /** Undefined while it is read for the first time, or can't be. */
  readonly market: Market | undefined;
  readonly error: Error | null;
  refetch(): void;
}

const NO_LINES: readonly LineWay[] = [];
const NOTHING: Stock = { held: new Map(), promisable: new Map() };
const NO_SLOTS: SlotRange = { firstSlot: 0, lastSlot: 0 };

/** @param named The day that the URL names. */
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

  // The lines of a day decide whose books are read, and the books which day is shown: so the lines are of today at first.
  const around = useRef<SlotRange>(undefined);
  const today = now === undefined ? undefined : dayOf(now);
  const wanted = named ?? today;
  const lineSlots =
    wanted === undefined ? NO_SLOTS : (around.current ?? daySlots(wanted, slotSeconds).slots);
  const lines = useKept(
    useChainQuery(
      // What the lines carry hangs on the modes, which are read at the same time as these are.
      ["lines", microgrid?.id, microgrids.map(({ mode }) => mode), lineSlots],
      async (context) => {
        if (microgrid === undefined) return NO_LINES;
        return readLines(context, microgrid, microgrids, lineSlots);
      },
      { enabled: microgrid !== undefined && wanted !== undefined && microgrids.length > 0 },
    ),
  );
  const linked = useMemo(() => (lines.data ?? NO_LINES).map(({ from }) => from), [lines.data]);

  const book = useBook(microgrid?.id, linked);
  // A busy book must not hold up what somebody does on the page.
  const orders = useDeferredValue(book.orders);
  // The chain has the last word on deadlines: here they matter to the slot, not to the second.
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

  const behind = useMemo(() => behindOffers(open, slots), [open, slots]);
  const stock = useKept(
    useChainQuery(
      ["stock", slots, behind],
      (context) => readStock(context, behind, slots, slotSeconds),
      { enabled: day !== undefined && !book.isPending },
    ),
  );

  const ways = useMemo(() => {
    if (microgrid === undefined) return new Map<number, Way>();
    const here: Way = { chargePerKwh: microgrid.tariffs.networkFee, lossBps: 0n };
    return new Map<number, Way>([
      [microgrid.id, here],
      ...(lines.data ?? NO_LINES).map((line): [number, Way] => [line.from, line]),
    ]);
  }, [microgrid, lines.data]);
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
      lines: new Map((lines.data ?? NO_LINES).map((line) => [line.from, line])),
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
    lines.data,
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

/** What a query last had to say, while it is asked something new. */
function useKept<T>(query: {
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

/** The same object for the same slots. */
function useStable(slots: SlotRange): SlotRange {
  // biome-ignore lint/correctness/useExhaustiveDependencies: its members are all that it is.
  return useMemo(() => slots, [slots.firstSlot, slots.lastSlot]);
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
