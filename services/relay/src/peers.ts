import { setTimeout as sleep } from "node:timers/promises";
import type { Report } from "@wattline/common/log";
import { RelayClient, type StreamEvent } from "./client.ts";
import { LieError, Witness } from "./lies.ts";
import type { Metrics } from "./metrics.ts";
import { BadWithdrawalError, type OrderBook } from "./orderBook.ts";
import { signedOrderSchema } from "./schemas.ts";
import type { PostResult } from "./wire.ts";

const SHORTEST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
const LONGEST_ABSENCE_MS = 86_400_000;
/** Who has told the truth for so long is left for the shortest time again. */
const TRUE_MS = 3_600_000;
/** Orders that are taken in together. */
const CHUNK = 200;

/** What a peer's stream is taken in with. */
export interface Following {
  readonly book: OrderBook;
  readonly metrics: Metrics;
  readonly stopping: AbortSignal;
  /** How long a relay that lies is left alone at first. */
  readonly absenceMs: number;
  /** Of relays that share a database, the one that leads follows peers. */
  isLeading(): boolean;
  inTurn<T>(who: string, task: () => Promise<T>): Promise<T>;
  readonly report: Report;
}

/**
 * Follows another relay's stream until it is stopped, and reconnects when the stream breaks. A peer is not trusted: its
 * orders are judged like any others, and its withdrawals need their signatures. One that lies is left, for longer each time. The
 * position in the stream is stored, so that nothing is missed after a restart.
 */
export async function followPeer(url: string, following: Following): Promise<void> {
  const { metrics, stopping, isLeading, report } = following;
  const rest = (ms: number) =>
    sleep(ms, undefined, { signal: stopping, ref: false }).catch(() => undefined);
  let pauseMs = SHORTEST_PAUSE_MS;
  let absenceMs = following.absenceMs;
  let openedMs = performance.now();
  let complained = false;
  metrics.lies.inc({ peer: url }, 0);
  while (!stopping.aborted) {
    if (!isLeading()) {
      await rest(SHORTEST_PAUSE_MS);
      continue;
    }
    let waitMs = pauseMs;
    try {
      await followOnce(url, following, () => {
        metrics.peers.set({ peer: url }, 1);
        if (complained) report(`Following ${url} again.`, { peer: url });
        [complained, openedMs] = [false, performance.now()];
        waitMs = SHORTEST_PAUSE_MS;
      });
    } catch (error) {
      if (error instanceof LieError) {
        if (performance.now() - openedMs > TRUE_MS) absenceMs = following.absenceMs;
        waitMs = absenceMs;
        absenceMs = Math.min(2 * absenceMs, LONGEST_ABSENCE_MS);
        metrics.lies.inc({ peer: url });
        report(
          `${url} lies: ${error.message}. It is left alone for ${Math.ceil(waitMs / 1000)} s; name another relay in WATTLINE_PEERS.`,
          { level: "warn", peer: url },
        );
      } else if (!stopping.aborted && !complained) {
        report(`Can't follow ${url} (${reasonOf(error)}); trying again until it answers.`, {
          level: "warn",
          peer: url,
        });
      }
      complained = true;
    }
    metrics.peers.set({ peer: url }, 0);
    await rest(waitMs);
    pauseMs = Math.min(LONGEST_PAUSE_MS, waitMs * 2);
  }
}

/** Follows one stream to its end, or as long as this relay leads. @throws LieError, or why the stream broke */
async function followOnce(url: string, following: Following, onOpen: () => void): Promise<void> {
  const { book, stopping, isLeading } = following;
  const leave = new AbortController();
  const signal = AbortSignal.any([stopping, leave.signal]);
  const witness = new Witness();
  try {
    const from = await lastEventOf(book, url);
    const stream = new RelayClient(url).stream({ from, signal }, onOpen);
    for await (const events of inChunks(stream, signal)) {
      if (!isLeading()) return;
      await takeIn(url, events, witness, following);
    }
  } finally {
    leave.abort();
  }
}

async function takeIn(
  url: string,
  events: readonly StreamEvent[],
  witness: Witness,
  { book, metrics, inTurn, report }: Following,
): Promise<void> {
  const signed = events.map(({ order: { hash, order, signature } }) => {
    const parsed = signedOrderSchema.safeParse({ order, signature });
    if (!parsed.success) throw new LieError(`${hash} is malformed`);
    return parsed.data;
  });
  const results: PostResult[] = await inTurn(`peer ${url}`, () => book.admit(signed));
  metrics.count("peer", results);
  witness.hear(events, results);
  for (const {
    order: { hash, withdrawal },
  } of events) {
    if (withdrawal === undefined) continue;
    await inTurn(`peer ${url}`, () => book.withdraw(hash, withdrawal)).catch((error: unknown) => {
      if (!(error instanceof BadWithdrawalError)) throw error;
      report(`${url} sent an invalid withdrawal: ${error.message}`, { level: "warn", peer: url });
      witness.doubt(`the withdrawal of ${hash} is signed by nobody who may sign it`);
    });
  }
  const last = events.at(-1);
  if (last === undefined) return;
  const event_id = last.id;
  await book.db
    .insertInto("peers")
    .values({ url, event_id })
    .onConflict((conflict) => conflict.column("url").doUpdateSet({ event_id }))
    .execute();
}

async function lastEventOf(book: OrderBook, url: string): Promise<string> {
  const row = await book.db
    .selectFrom("peers")
    .select("event_id")
    .where("url", "=", url)
    .executeTakeFirst();
  return row?.event_id ?? "0";
}

/** Groups events that arrive while earlier ones are being processed. */
async function* inChunks(
  stream: AsyncGenerator<StreamEvent>,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent[]> {
  let chunk: StreamEvent[] = [];
  let failure: unknown;
  let done = false;
  let wake = () => {};
  const reading = (async () => {
    try {
      for await (const event of stream) {
        chunk.push(event);
        wake();
        while (chunk.length >= CHUNK && !signal.aborted)
          await new Promise<void>((resolve) => setTimeout(resolve, 5));
      }
    } catch (error) {
      failure = error;
    }
    done = true;
    wake();
  })();
  for (;;) {
    if (chunk.length > 0) {
      const ready = chunk;
      chunk = [];
      yield ready;
    } else if (done) {
      await reading;
      if (failure !== undefined) throw failure;
      return;
    } else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
