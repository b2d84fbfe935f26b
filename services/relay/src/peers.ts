import { setTimeout as sleep } from "node:timers/promises";
import { RelayClient, type StreamEvent } from "./client.ts";
import type { Metrics } from "./metrics.ts";
import { BadWithdrawalError, type OrderBook } from "./orderBook.ts";
import { signedOrderSchema } from "./schemas.ts";
import type { PostResult } from "./wire.ts";

const SHORTEST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** Orders that are taken in together. */
const CHUNK = 200;

/** What a peer's stream is taken in with. */
export interface Following {
  readonly book: OrderBook;
  readonly metrics: Metrics;
  readonly stopping: AbortSignal;
  /** Of relays that share a database, the one that leads follows peers. */
  isLeading(): boolean;
  inTurn<T>(who: string, task: () => Promise<T>): Promise<T>;
  report(message: string): void;
}

/**
 * Follows another relay's stream until it is stopped, and reconnects when the stream breaks. A peer is not trusted: its
 * orders are judged like any others, and its withdrawals need their signatures. The position in the stream is stored, so
 * that nothing is missed after a restart.
 */
export async function followPeer(url: string, following: Following): Promise<void> {
  const { book, metrics, stopping, isLeading, report } = following;
  const client = new RelayClient(url);
  let pause = SHORTEST_PAUSE_MS;
  let complained = false;
  while (!stopping.aborted) {
    if (!isLeading()) {
      await sleep(SHORTEST_PAUSE_MS, undefined, { signal: stopping, ref: false }).catch(
        () => undefined,
      );
      continue;
    }
    try {
      const from = await lastEventOf(book, url);
      const stream = client.stream({ from, signal: stopping }, () => {
        metrics.peers.set({ peer: url }, 1);
        if (complained) report(`Following ${url} again.`);
        complained = false;
        pause = SHORTEST_PAUSE_MS;
      });
      for await (const events of inChunks(stream)) {
        if (!isLeading()) break;
        await takeIn(url, events, following);
      }
    } catch (error) {
      if (!stopping.aborted && !complained) {
        complained = true;
        report(`Can't follow ${url} (${reasonOf(error)}); trying again until it answers.`);
      }
    }
    metrics.peers.set({ peer: url }, 0);
    await sleep(pause, undefined, { signal: stopping, ref: false }).catch(() => undefined);
    pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
  }
}

async function takeIn(
  url: string,
  events: readonly StreamEvent[],
  { book, metrics, inTurn, report }: Following,
): Promise<void> {
  const signed = events.flatMap(({ order: { order, signature } }) => {
    const parsed = signedOrderSchema.safeParse({ order, signature });
    return parsed.success ? [parsed.data] : [];
  });
  const results: PostResult[] = await inTurn(`peer ${url}`, () => book.admit(signed));
  metrics.count("peer", results);
  for (const {
    order: { hash, withdrawal },
  } of events) {
    if (withdrawal === undefined) continue;
    await inTurn(`peer ${url}`, () => book.withdraw(hash, withdrawal)).catch((error: unknown) => {
      if (!(error instanceof BadWithdrawalError)) throw error;
      report(`${url} sent an invalid withdrawal: ${error.message}`);
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
async function* inChunks(stream: AsyncGenerator<StreamEvent>): AsyncGenerator<StreamEvent[]> {
  let chunk: StreamEvent[] = [];
  let failure: unknown;
  let done = false;
  let wake = () => {};
  const reading = (async () => {
    try {
      for await (const event of stream) {
        chunk.push(event);
        wake();
        while (chunk.length >= CHUNK) await new Promise<void>((resolve) => setTimeout(resolve, 5));
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
