import type { SignedDirectory, SignedOrderJson } from "@wattline/sdk";
import type { Hex } from "viem";
import type { BookOrder, Health, OrdersPage, OrdersQuery, PostResult, Problem } from "./wire.ts";

/** A client of a relay, for browser and Node. */

/** A relay has refused a request, or the answer is not a relay's. */
export class RelayError extends Error {
  /** The HTTP status. */
  readonly status: number;
  readonly problem: Problem;
  /** The pause that the relay asks for, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, problem: Problem, retryAfterMs?: number) {
    super(problem.message);
    this.name = "RelayError";
    this.status = status;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Where a stream starts and what it carries. */
export interface StreamOptions {
  readonly microgrid?: number;
  /** The id of the last event seen; "0" for the whole book. Without it, only what happens from now on. */
  readonly from?: string;
  readonly signal?: AbortSignal;
}

/** A change of the book. */
export interface StreamEvent {
  /** Where to go on from: {@link StreamOptions.from}. */
  readonly id: string;
  /** The order as it is now. */
  readonly order: BookOrder;
}

/** How a stream begins. */
export interface StreamStart {
  /** Where it begins: {@link StreamOptions.from}. */
  readonly id: string;
  /** False when `from` was of another book: all of this one follows, and what is known of the other is void. */
  readonly resumed: boolean;
}

/** What is told to who follows a book. */
export interface Follower {
  order(order: BookOrder): void;
  /** The book is another one than before: what is known of it is void, and all of it follows. */
  restarted(): void;
  /** Whether changes are heard as they happen; with the reason when they are not. */
  live(isLive: boolean, error?: Error): void;
}

/** Pauses before a stream is opened again, each twice as long as the one before. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [250, 30_000];
/** A relay gives a sign of life every 15 seconds: one that is silent for so long is not heard any more. */
const SILENCE_MS = 45_000;

export class RelayClient {
  readonly #url: string;

  /** @param url Where the relay is, such as `http://127.0.0.1:8570`. */
  constructor(url: string) {
    this.#url = url.replace(/\/+$/, "");
  }

  /**
   * Posts signed orders, up to 1,000 at a time.
   * @returns The result for each, in the given order; a refused order names every rule it breaks.
   * @throws RelayError when the document as a whole is refused.
   */
  async post(orders: readonly SignedOrderJson[], signal?: AbortSignal): Promise<PostResult[]> {
    const response = await this.#fetch("/orders", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ orders }),
      ...(signal && { signal }),
    });
    const body = await bodyOf<{ results?: PostResult[] }>(response);
    if (body.results === undefined) throw errorFrom(response, body);
    return body.results;
  }

  /** One page of the book. @throws RelayError */
  orders(query: OrdersQuery = {}, signal?: AbortSignal): Promise<OrdersPage> {
    return this.#get(`/orders${searchOf(query)}`, signal);
  }

  /** All orders that a query finds, page by page. @throws RelayError */
  async *allOrders(query: OrdersQuery = {}, signal?: AbortSignal): AsyncGenerator<BookOrder> {
    let cursor = query.cursor;
    do {
      const page = await this.orders({ ...query, ...(cursor !== undefined && { cursor }) }, signal);
      yield* page.orders;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }

  /** One order; undefined when the relay does not have it. @throws RelayError */
  async order(hash: Hex, signal?: AbortSignal): Promise<BookOrder | undefined> {
    try {
      return await this.#get(`/orders/${hash}`, signal);
    } catch (error) {
      if (error instanceof RelayError && error.status === 404) return undefined;
      throw error;
    }
  }

  /**
   * Removes an order from the book.
   * @param signature Of `OrderWithdrawal(bytes32 orderHash)` by who may sign such an order: see the sdk's
   * `ORDER_WITHDRAWAL_TYPES`.
   * @throws RelayError
   */
  async withdraw(hash: Hex, signature: Hex, signal?: AbortSignal): Promise<BookOrder> {
    const response = await this.#fetch(`/orders/${hash}`, {
      method: "DELETE",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ signature }),
      ...(signal && { signal }),
    });
    if (!response.ok) throw errorFrom(response, await bodyOf(response));
    return bodyOf(response);
  }

  /** A microgrid's directory of names, not verified; undefined when none was published. @throws RelayError */
  async directory(microgrid: number, signal?: AbortSignal): Promise<SignedDirectory | undefined> {
    const response = await this.#fetch(`/directories/${microgrid}`, signal ? { signal } : {});
    if (response.status === 204) return undefined;
    if (!response.ok) throw errorFrom(response, await bodyOf(response));
    return bodyOf(response);
  }

  /** Publishes a microgrid's directory of names. @throws RelayError */
  async publishDirectory(signed: SignedDirectory, signal?: AbortSignal): Promise<void> {
    const response = await this.#fetch("/directories", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(signed),
      ...(signal && { signal }),
    });
    if (!response.ok) throw errorFrom(response, await bodyOf(response));
  }

  health(signal?: AbortSignal): Promise<Health> {
    return this.#get("/health", signal);
  }

  /**
   * Changes of the book as they happen, until the relay ends the stream or `signal` is aborted; see {@link follow} for one
   * that does not end. To resume, pass the last event's id.
   * @param onOpen Called when the relay has answered, and with every sign of life that is no change.
   * @throws RelayError when the relay refuses, TypeError when it can't be reached.
   */
  async *stream(
    { microgrid, from, signal }: StreamOptions = {},
    onOpen?: (start: StreamStart) => void,
    onLife?: () => void,
  ): AsyncGenerator<StreamEvent> {
    // A page shows the book before it needs this.
    const { EventSourceParserStream } = await import("eventsource-parser/stream");
    const response = await this.#fetch(`/stream${searchOf({ microgrid, from })}`, {
      headers: { accept: "text/event-stream" },
      ...(signal && { signal }),
    });
    if (!response.ok || response.body === null) {
      throw errorFrom(response, await bodyOf(response).catch(() => undefined));
    }
    const events = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream({ onComment: () => onLife?.() }));
    const reader = events.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        if (value.event === "start") onOpen?.({ id: value.id ?? "", ...JSON.parse(value.data) });
        if (value.event === "order") yield { id: value.id ?? "", order: JSON.parse(value.data) };
      }
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  }

  /**
   * Follows the book until `signal` is aborted. A stream that ends, is refused (429, 502, anything), breaks or falls silent
   * is opened again from where it was, after as long as the relay asks for, or a pause that grows.
   * @param firstPauseMs The first of those pauses.
   */
  async follow(
    { from, signal, ...rest }: StreamOptions,
    on: Follower,
    firstPauseMs = FIRST_PAUSE_MS,
  ): Promise<void> {
    let last = from;
    let pauseMs = firstPauseMs;
    while (signal?.aborted !== true) {
      const silence = new AbortController();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const heard = () => {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
      };
      let error: unknown;
      try {
        heard();
        const stream = this.stream(
          {
            ...rest,
            ...(last !== undefined && { from: last }),
            signal: signal ? AbortSignal.any([signal, silence.signal]) : silence.signal,
          },
          ({ id, resumed }) => {
            pauseMs = firstPauseMs;
            last = id;
            if (!resumed) on.restarted();
            on.live(true);
          },
          heard,
        );
        for await (const { id, order } of stream) {
          heard();
          last = id;
          on.order(order);
        }
      } catch (thrown) {
        error = thrown;
      } finally {
        clearTimeout(timer);
      }
      if (signal?.aborted) return;
      const ended = silence.signal.aborted ? "fell silent" : "ended";
      on.live(false, error instanceof Error ? error : new Error(`The relay's stream ${ended}.`));
      const asked = error instanceof RelayError ? error.retryAfterMs : undefined;
      await pause(asked ?? pauseMs, signal);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }

  async #get<T>(path: string, signal?: AbortSignal): Promise<T> {
    const response = await this.#fetch(path, signal ? { signal } : {});
    const body = await bodyOf<T>(response);
    // A degraded relay answers 503 with a full body.
    if (!response.ok && !path.startsWith("/health")) throw errorFrom(response, body);
    return body;
  }

  #fetch(path: string, init: RequestInit): Promise<Response> {
    return fetch(`${this.#url}${path}`, init);
  }
}

async function bodyOf<T>(response: Response): Promise<T> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new RelayError(response.status, {
      code: "Relay_NotARelay",
      message: `${response.url} answered with status ${response.status} and no JSON. Is a relay there?`,
    });
  }
}

function errorFrom(response: Response, body: unknown): RelayError {
  const problem = isProblem(body)
    ? body
    : { code: "Relay_NotARelay", message: `${response.url} answered with ${response.status}.` };
  const retryAfter = Number(response.headers.get("retry-after") ?? "");
  const pauseMs = retryAfter > 0 ? Math.min(retryAfter * 1000, LONGEST_PAUSE_MS) : undefined;
  return new RelayError(response.status, problem, pauseMs);
}

/** Waits, or returns at once when told to stop. */
const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    }
  });

const isProblem = (body: unknown): body is Problem =>
  typeof body === "object" &&
  body !== null &&
  "code" in body &&
  "message" in body &&
  typeof body.message === "string";

function searchOf(query: object): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  return search.size === 0 ? "" : `?${search}`;
}
