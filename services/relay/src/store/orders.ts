import type { OrderState } from "@wattline/sdk";
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from "kysely";
import type { Hex } from "viem";
import type { BookOrder, OrdersQuery } from "../wire.ts";
import type { Database } from "./database.ts";
import {
  type Condition,
  type Cursor,
  conditionsOf,
  type Ordering,
  orderingOf,
  SEARCHED_COLUMNS,
} from "./query.ts";
import { COLUMN_NAMES, rowFromText, rowText } from "./rowText.ts";
import type { OrderRow, Tables } from "./tables.ts";

/** What changes of an order that is in the book. */
export interface Change {
  readonly hash: Hex;
  readonly state: OrderState;
  readonly remaining_wh: number;
  readonly recheck_at: number | null;
  readonly updated_sequence: number;
}

/** One page and where the next one starts. */
export interface RowPage {
  readonly rows: readonly OrderRow[];
  readonly next: Cursor | undefined;
}

/** States in which an order may still trade, and so counts against its maker's limit. */
export const OPEN_STATES = ["live", "unbacked"] as const satisfies readonly OrderState[];

const rows = (db: Database) => db.selectFrom("orders").select(rowText().as("row"));

const read = async (query: { execute(): Promise<{ row: string }[]> }): Promise<OrderRow[]> =>
  (await query.execute()).map(({ row }) => rowFromText(row));

export async function insertOrders(db: Database, added: readonly OrderRow[]): Promise<void> {
  // One parameter for all rows: a statement with thousands of parameters takes longer to build than to run.
  await sql`insert into orders (${sql.raw(COLUMN_NAMES)})
    select ${sql.raw(COLUMN_NAMES)} from json_populate_recordset(null::orders, ${JSON.stringify(added)}::json)`.execute(
    db,
  );
}

/**
 * Applies changes, except to withdrawn orders.
 * @returns The changed orders, in the order of their sequences.
 */
export async function updateOrders(db: Database, changes: readonly Change[]): Promise<OrderRow[]> {
  const { rows } = await sql<{ row: string }>`update orders as o
    set state = c.state, remaining_wh = c.remaining_wh, recheck_at = c.recheck_at,
      updated_sequence = c.updated_sequence
    from json_populate_recordset(null::orders, ${JSON.stringify(changes)}::json) as c
    where o.hash = c.hash and o.withdrawal is null
    returning ${rowText("o")} as row`.execute(db);
  return rows
    .map(({ row }) => rowFromText(row))
    .toSorted((a, b) => a.updated_sequence - b.updated_sequence);
}

export const findOrder = async (db: Database, hash: Hex): Promise<OrderRow | undefined> =>
  (await read(rows(db).where("hash", "=", hash)))[0];

/** What the book knows of an order. */
export interface KnownOrder {
  readonly state: OrderState;
  readonly isWithdrawn: boolean;
}

/** Which of these orders are in the book, and how they stand. */
export async function knownOrders(
  db: Database,
  hashes: readonly Hex[],
): Promise<Map<Hex, KnownOrder>> {
  if (hashes.length === 0) return new Map();
  const rows = await db
    .selectFrom("orders")
    .select(["hash", "state", "withdrawal"])
    .where(sql<SqlBool>`hash = any(${[...hashes]}::text[])`)
    .execute();
  return new Map(
    rows.map(({ hash, state, withdrawal }) => [hash, { state, isWithdrawn: withdrawal !== null }]),
  );
}

/** How many open orders each of these makers has. */
export async function openOrdersOf(
  db: Database,
  makers: readonly string[],
): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom("orders")
    .select(["maker", (eb) => eb.fn.countAll<number | string>().as("count")])
    .where(sql<SqlBool>`maker = any(${[...makers]}::text[])`)
    .where("state", "in", OPEN_STATES)
    .groupBy("maker")
    .execute();
  return new Map(rows.map(({ maker, count }) => [maker, Number(count)]));
}

/** The number of orders by state. */
export async function countByState(db: Database): Promise<Map<OrderState, number>> {
  const rows = await db
    .selectFrom("orders")
    .select(["state", (eb) => eb.fn.countAll<number | string>().as("count")])
    .groupBy("state")
    .execute();
  return new Map(rows.map(({ state, count }) => [state, Number(count)]));
}

/** The sequence of the last change; 0 for an empty book. */
export async function lastSequence(db: Database): Promise<number> {
  const row = await db
    .selectFrom("orders")
    .select((eb) => eb.fn.max("updated_sequence").as("last"))
    .executeTakeFirst();
  return Number(row?.last ?? 0);
}

export const changesSince = (db: Database, sequence: number, limit: number): Promise<OrderRow[]> =>
  read(rows(db).where("updated_sequence", ">", sequence).orderBy("updated_sequence").limit(limit));

/** Orders of these makers, meters or microgrids; or all. */
export type Selection =
  | "all"
  | {
      readonly column: "maker" | "meter" | "microgrid";
      readonly values: ReadonlySet<string> | ReadonlySet<number>;
    };

/** Orders that can still change, in the order of their hashes. */
export function changeableOrders(
  db: Database,
  selection: Selection,
  time: number,
  after: Hex | "",
  limit: number,
): Promise<OrderRow[]> {
  let query = rows(db)
    .where("hash", ">", after as Hex)
    .where("withdrawal", "is", null)
    .where("good_until", ">=", time)
    .orderBy("hash")
    .limit(limit);
  if (selection !== "all") {
    const { column, values } = selection;
    const type = sql.raw(column === "microgrid" ? "bigint" : "text");
    query = query.where(sql<SqlBool>`${sql.ref(column)} = any(${[...values]}::${type}[])`);
  }
  return read(query);
}

/*
 * The next three are asked at every block, and mostly find nothing. The planner does not know that: of a book that is mostly
 * history it expects many rows, and to find a few of many it reads the table from its start. In the order of an index
 * it goes by the index.
 */

/** Orders that have expired and are not marked so yet, by `orders_due`. */
export const dueOrders = (db: Database, time: number, limit: number): Promise<OrderRow[]> =>
  read(
    rows(db)
      .where(sql<SqlBool>`state in ('live', 'unbacked', 'void')`)
      .where("good_until", "<", time)
      .orderBy("good_until")
      .limit(limit),
  );

export type Recheck = Pick<OrderRow, "hash" | "recheck_at">;

/** Notes when orders may stand otherwise though nothing happens on chain. */
export const setRechecks = (db: Database, rechecks: readonly Recheck[]) =>
  sql`update orders as o set recheck_at = c.recheck_at
    from json_populate_recordset(null::orders, ${JSON.stringify(rechecks)}::json) as c
    where o.hash = c.hash`.execute(db);

/** Orders that may stand otherwise by now though nothing has happened on chain. */
export const recheckedOrders = (db: Database, time: number, limit: number): Promise<OrderRow[]> =>
  read(
    rows(db)
      .where("recheck_at", "<=", time)
      .where("good_until", ">=", time)
      .where("withdrawal", "is", null)
      .orderBy("recheck_at")
      .limit(limit),
  );

/** Orders marked expired at a time that a reorganisation has undone. */
export const revivedOrders = (db: Database, time: number, limit: number): Promise<OrderRow[]> =>
  read(
    rows(db)
      .where(sql<SqlBool>`state = 'expired'`)
      .where("good_until", ">=", time)
      .where("withdrawal", "is", null)
      .orderBy("good_until")
      .limit(limit),
  );

/** Orders signed by a contract wallet, which may change its answer without a log. */
export const walletOrders = (
  db: Database,
  time: number,
  after: Hex | "",
  limit: number,
): Promise<OrderRow[]> =>
  read(
    rows(db)
      .where("hash", ">", after as Hex)
      .where(sql<SqlBool>`signer = 'wallet'`)
      .where("withdrawal", "is", null)
      .where("good_until", ">=", time)
      .orderBy("hash")
      .limit(limit),
  );

/** Removes dead rows and refreshes the query planner's statistics. */
export const tidy = (db: Database) => sql`vacuum analyze orders`.execute(db);

/** One page of the whole history, live orders and others. */
export async function pageOfHistory(
  db: Database,
  query: OrdersQuery,
  cursor: Cursor | undefined,
  limit: number,
): Promise<RowPage> {
  const { column, down } = orderingOf(query);
  const direction = down ? "desc" : "asc";
  const found = db
    .selectFrom("orders")
    .selectAll()
    .where((eb) => eb.and(conditionsOf(query).map((condition) => asSql(eb, condition))))
    .where((eb) => (cursor === undefined ? eb.lit(true) : isBehind(eb, cursor, { column, down })))
    .orderBy(column, direction)
    .orderBy("received_sequence")
    .limit(limit + 1);
  // Texts are made for the page's rows only, after filtering and sorting.
  const all = await read(
    db
      .selectFrom(found.as("orders"))
      .select(rowText().as("row"))
      .orderBy(column, direction)
      .orderBy("received_sequence"),
  );
  const page = all.slice(0, limit);
  const last = all.length > limit ? page.at(-1) : undefined;
  const next = last && { value: String(last[column]), sequence: last.received_sequence };
  return { rows: page, next };
}

type Expressions = ExpressionBuilder<Tables, "orders">;

const asSql = (eb: Expressions, condition: Condition): Expression<SqlBool> =>
  condition.is === "in"
    ? eb(condition.column, "in", condition.values)
    : condition.is === "sharing"
      ? sql<SqlBool>`(${eb.ref(condition.column)} & ${condition.value}::int) <> 0`
      : eb(condition.column, condition.is, condition.value);

const isBehind = (eb: Expressions, cursor: Cursor, { column, down }: Ordering) => {
  const value = sql<string>`${cursor.value}::numeric`;
  return eb.or([
    eb(column, down ? "<" : ">", value),
    eb.and([eb(column, "=", value), eb("received_sequence", ">", cursor.sequence)]),
  ]);
};

/** Of the orders that came in with these sequences, those that are live, in the sequences' order. */
export async function liveOrdersOf(
  db: Database,
  sequences: readonly number[],
): Promise<OrderRow[]> {
  if (sequences.length === 0) return [];
  const found = await read(
    rows(db)
      .where(sql<SqlBool>`received_sequence = any(${[...sequences]}::bigint[])`)
      .where("state", "=", "live"),
  );
  const bySequence = new Map(found.map((row) => [row.received_sequence, row]));
  return sequences.flatMap((sequence) => bySequence.get(sequence) ?? []);
}

/** The searched columns of live orders in the order of arrival, at most `limit`. */
export const searchedOrders = (db: Database, after: number, limit: number) =>
  db
    .selectFrom("orders")
    .select(SEARCHED_COLUMNS)
    .where("state", "=", "live")
    .where("received_sequence", ">", after)
    .orderBy("received_sequence")
    .limit(limit)
    .execute();

/** A row as it is sent, in JSON. */
export const textOf = (row: OrderRow): string => JSON.stringify(bookOrderOf(row));

/** A row as it is sent. */
export const bookOrderOf = (row: OrderRow): BookOrder => ({
  order: {
    maker: row.maker,
    meter: row.meter,
    microgrid: row.microgrid,
    side: row.side,
    sources: row.sources,
    firstSlot: row.first_slot,
    lastSlot: row.last_slot,
    energy: row.energy,
    price: row.price,
    forward: row.forward,
    bond: row.bond,
    mostAhead: row.most_ahead,
    crosses: row.crosses,
    counterparty: row.counterparty,
    settler: row.settler,
    nonce: row.nonce,
    counter: row.counter,
    deadline: row.deadline,
  },
  signature: row.signature,
  hash: row.hash,
  signer: row.signer,
  remainingWh: String(row.remaining_wh),
  state: row.state,
  receivedAt: row.received_at,
  updatedSequence: row.updated_sequence,
  ...(row.withdrawal !== null && { withdrawal: row.withdrawal }),
});
