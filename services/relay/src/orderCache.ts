import { Changes } from "./changes.ts";
import type { Database } from "./store/database.ts";
import { LiveOrders } from "./store/liveOrders.ts";
import {
  lastSequence,
  liveOrdersOf,
  pageOfHistory,
  searchedOrders,
  textOf,
} from "./store/orders.ts";
import { type Cursor, conditionsOf, orderingOf } from "./store/query.ts";
import type { OrderRow } from "./store/tables.ts";
import { NOWHERE, type Texts } from "./store/texts.ts";
import type { OrdersQuery } from "./wire.ts";

/** Live orders read together when the book is opened. */
const OPENING_CHUNK = 5_000;

/** Orders of a page in JSON, and where the next page starts. */
export interface Page {
  readonly texts: readonly Buffer[];
  readonly next: Cursor | undefined;
}

/** The part of the book that is kept in memory: live orders and the latest changes. */
export class OrderCache {
  readonly changes: Changes;
  readonly #db: Database;
  readonly #live = new LiveOrders();
  /** The JSON of live orders, as last sent. */
  readonly #texts: Texts;

  private constructor(db: Database, texts: Texts, changes: Changes) {
    this.#db = db;
    this.#texts = texts;
    this.changes = changes;
  }

  /** Loads what the database holds. */
  static async open(db: Database, texts: Texts): Promise<OrderCache> {
    const cache = new OrderCache(db, texts, new Changes(await lastSequence(db)));
    for (let last = 0; ; ) {
      const orders = await searchedOrders(db, last, OPENING_CHUNK);
      for (const order of orders) cache.#live.add(order, NOWHERE);
      if (orders.length < OPENING_CHUNK) return cache;
      last = orders.at(-1)?.received_sequence ?? last;
    }
  }

  /** The number of live orders. */
  get live(): number {
    return this.#live.size;
  }

  /** One page of the live orders, or of all orders. */
  async page(query: OrdersQuery, cursor: Cursor | undefined, limit: number): Promise<Page> {
    if (query.state === "all") {
      const { rows, next } = await pageOfHistory(this.#db, query, cursor, limit);
      return { texts: rows.map((row) => Buffer.from(textOf(row))), next };
    }
    const conditions = conditionsOf(query);
    const { orders, next } = this.#live.find(conditions, orderingOf(query), cursor, limit);
    const texts = new Map<number, Buffer>();
    const missing: number[] = [];
    for (const { sequence, place } of orders) {
      const text = this.#texts.read(place);
      if (text === undefined) missing.push(sequence);
      else texts.set(sequence, text);
    }
    for (const row of await this.#recall(missing)) {
      texts.set(row.received_sequence, Buffer.from(textOf(row)));
    }
    return { texts: orders.flatMap(({ sequence }) => texts.get(sequence) ?? []), next };
  }

  /** Applies changes that have been written, in the order of their sequences, and publishes them. */
  update(rows: readonly OrderRow[]): void {
    const texts = rows.map(textOf);
    this.#keep(rows, texts);
    this.changes.publish(
      rows.map(({ updated_sequence: sequence, microgrid }, i) => ({
        sequence,
        microgrid,
        json: texts[i] ?? "",
      })),
    );
  }

  /** Reads live orders whose JSON is not in memory, and keeps it from now on. */
  async #recall(sequences: readonly number[]): Promise<OrderRow[]> {
    if (sequences.length === 0) return [];
    const { published } = this.changes;
    const rows = await liveOrdersOf(this.#db, sequences);
    // The rows read may be older than what has been published meanwhile.
    if (this.changes.published === published) this.#keep(rows, rows.map(textOf));
    return rows;
  }

  /** Keeps live orders with their JSON, and drops the others. */
  #keep(rows: readonly OrderRow[], texts: readonly string[]): void {
    const places = this.#texts.put(texts);
    for (const [i, row] of rows.entries()) {
      if (row.state === "live") this.#live.add(row, places[i] ?? NOWHERE);
      else this.#live.remove(row);
    }
  }
}
