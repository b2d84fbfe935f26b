/** How promises stand, for people and pages. Energy in Wh and money in thousandths of a base unit, as decimal digits. */
import type { Snapshot } from "@wattline/relay/chain";
import { communityPriceIn, costMillis } from "@wattline/sdk";
import { type Address, type Hex, isAddressEqual } from "viem";
import { type PromiseBook, type Promised, slotsOf } from "./book.ts";
import { borneBy, type Cause, explained } from "./failures.ts";
import { reportedKey, waitingReadings } from "./readings.ts";
import { settledWhOf } from "./settle.ts";
import { NOTHING_SETTLED, type Settled } from "./settled.ts";

/** What a report is made from. */
export interface Known {
  readonly book: PromiseBook;
  readonly view: Snapshot | undefined;
  readonly settled: Settled | undefined;
  readonly isOffline: boolean;
  readonly refused: ReadonlyMap<Hex, string>;
  /** How many meters were asked about. */
  readonly meters: number;
}

/** Whether there is a chain, and what is done about promises. */
export type IslandState = "connected" | "offline" | "settling";

export interface PromiseView {
  readonly seller: Address;
  readonly buyer: Address;
  readonly microgrid: number;
  readonly slot: number;
  readonly source: string;
  readonly energyWh: string;
  readonly costMillis: string;
  readonly settledWh: string;
  readonly failedWh: string;
}

export interface FailureView {
  readonly seller: Address;
  readonly buyer: Address;
  readonly slot: number;
  readonly energyWh: string;
  /** The contracts' error. */
  readonly reason: string;
  readonly words: string;
  readonly cause: Cause;
  /** What it costs either side at most. */
  readonly buyerBearsMillis: string;
  readonly sellerBearsMillis: string;
}

/** Evidence of a device that has signed or reported two numbers for one slot. */
export interface ContradictionView {
  readonly meter: Address;
  readonly slot: number;
  readonly handedWh: string;
  readonly otherWh: string;
  readonly where: "handed over" | "on chain";
}

export interface IslandStatus {
  readonly state: IslandState;
  /** The last block that is known. */
  readonly block: number | null;
  readonly blockTime: number | null;
  /** When the outage began, as far as there is one: the time of its last block. */
  readonly sinceTime: number | null;
  /** How many meters are known, with what their owners have: nobody else can be promised anything. */
  readonly meters: number;
  readonly sums: {
    readonly promises: number;
    readonly energyWh: string;
    readonly costMillis: string;
    readonly settledWh: string;
    readonly failedWh: string;
    readonly readings: number;
    readonly readingsWaiting: number;
  };
  readonly failures: readonly FailureView[];
  readonly contradictions: readonly ContradictionView[];
  /** Readings that the chain refuses. */
  readonly refusedReadings: readonly { readonly meter: Address; readonly reason: string }[];
  /** Of one household, when it is named. */
  readonly promises?: readonly PromiseView[];
}

export function statusOf(known: Known, maker?: Address): IslandStatus {
  const { book, view, isOffline, settled } = known;
  const promises = [...book.promises].flatMap((promise) => viewOf(known, promise) ?? []);
  const sum = (of: (each: PromiseView) => string) =>
    promises.reduce((total, each) => total + BigInt(of(each)), 0n).toString();
  const isSettling = book.isOpen && !isOffline;
  return {
    state: isOffline ? "offline" : isSettling ? "settling" : "connected",
    block: view?.head.number ?? null,
    blockTime: view?.head.time ?? null,
    meters: known.meters,
    sinceTime: book.isOpen ? (book.outage?.time ?? null) : null,
    sums: {
      promises: promises.length,
      energyWh: sum(({ energyWh }) => energyWh),
      costMillis: sum((each) => each.costMillis),
      settledWh: sum(({ settledWh }) => settledWh),
      failedWh: sum(({ failedWh }) => failedWh),
      readings: book.readings.length,
      readingsWaiting: waitingReadings(book, settled?.reportedWh ?? new Map()).length,
    },
    failures: failuresOf(known),
    contradictions: contradictionsOf(known),
    refusedReadings: book.readings.flatMap(({ meter, signature }) => {
      const reason = known.refused.get(signature);
      return reason === undefined ? [] : [{ meter, reason }];
    }),
    ...(maker !== undefined && {
      promises: promises.filter(
        ({ seller, buyer }) => isAddressEqual(seller, maker) || isAddressEqual(buyer, maker),
      ),
    }),
  };
}

/** All of an outage, promise by promise. */
export const reportOf = (known: Known): IslandStatus => ({
  ...statusOf(known),
  promises: [...known.book.promises].flatMap((promise) => viewOf(known, promise) ?? []),
});

function viewOf({ book, view, settled }: Known, promise: Promised): PromiseView | undefined {
  const { offer, bid, slot, source, energyWh, failedWh } = promise;
  const [sold, bought] = [book.orders.get(offer)?.order, book.orders.get(bid)?.order];
  const microgrid = sold && view?.microgrid(sold.microgrid);
  if (sold === undefined || bought === undefined || microgrid === undefined) return undefined;
  return {
    seller: sold.maker,
    buyer: bought.maker,
    microgrid: sold.microgrid,
    slot,
    source,
    energyWh: energyWh.toString(),
    costMillis: costMillis(communityPriceIn(microgrid, slot), energyWh).toString(),
    settledWh: settledWhOf(promise, settled ?? NOTHING_SETTLED).toString(),
    failedWh: failedWh.toString(),
  };
}

function failuresOf({ book, view }: Known): FailureView[] {
  return book.failures.flatMap(({ offer, bid, slot, energyWh, reason }) => {
    const [sold, bought] = [book.orders.get(offer)?.order, book.orders.get(bid)?.order];
    const microgrid = sold && view?.microgrid(sold.microgrid);
    if (sold === undefined || bought === undefined || microgrid === undefined) return [];
    const { cause, words } = explained(reason);
    const { buyerMillis, sellerMillis } = borneBy(microgrid, slot, energyWh, cause);
    return [
      {
        seller: sold.maker,
        buyer: bought.maker,
        slot,
        energyWh: energyWh.toString(),
        reason,
        words,
        cause,
        buyerBearsMillis: buyerMillis.toString(),
        sellerBearsMillis: sellerMillis.toString(),
      },
    ];
  });
}

function contradictionsOf({ book, settled }: Known): ContradictionView[] {
  const handed = book.conflicts.map(
    ({ meter, slot, firstWh, secondWh }): ContradictionView => ({
      meter,
      slot,
      handedWh: firstWh.toString(),
      otherWh: secondWh.toString(),
      where: "handed over",
    }),
  );
  const seen = new Set<string>();
  const onChain = book.readings.flatMap((reading) =>
    [...slotsOf(reading).keys()].flatMap((slot): ContradictionView[] => {
      const key = reportedKey(reading.meter, slot);
      const [first, found] = [book.exportedWh(reading.meter, slot), settled?.reportedWh.get(key)];
      if (first === undefined || found === undefined || found === first || seen.has(key)) return [];
      seen.add(key);
      const { meter } = reading;
      return [
        { meter, slot, handedWh: first.toString(), otherWh: found.toString(), where: "on chain" },
      ];
    }),
  );
  return [...handed, ...onChain];
}
