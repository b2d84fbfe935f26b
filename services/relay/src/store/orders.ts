import { type OrderState, SIDES, sourceMask } from "@wattline/sdk";
import { type ExpressionBuilder, type SqlBool, sql } from "kysely";
import { type Hex, zeroAddress } from "viem";
import type { BookOrder, OrdersQuery, Sort } from "../wire.ts";
import type { Database } from "./database.ts";
import { COLUMN_NAMES, rowFromText, rowText } from "./rowText.ts";
import type { OrderRow, Tables } from "./tables.ts";

/** What changes of an order that is in the book. */
export interface Change {
  readonly hash: Hex;
  readonly state: OrderState;
  readonly remaining_wh: number;
  readonly updated_sequence: number;
}

/** One page and where the next one starts. */
export interface RowPage {
  readonly rows: readonly OrderRow[];
  readonly next: Cursor | undefined;
}

/** The last row of a page: what it was sorted by, and its hash. */
export type Cursor = readonly [value: string, hash: Hex];

const SORT_COLUMNS = {
  price: "price",
  firstSlot: "first_slot",
  received: "received_sequence",
} as const satisfies Record<Sort, keyof OrderRow>;

/** States in which an order may still come to something, and so counts against its maker's limit. */
export const OPEN_STATES = ["live", "unbacked"] as const satisfies readonly OrderState[];

const rows = (db: Database) => db.selectFrom("orders").select(rowText().as("row"));

const read = async (query: { execute(): Promise<{ row: string }[]> }): Promise<OrderRow[]> =>
  (await query.execute()).map(({ row }) => rowFromText(row));

export async function insertOrders(db: Database, added: readonly OrderRow[]): Promise<void> {
  // One parameter however many rows: a statement of thousands of parameters takes longer to build than to run.
  await sql`insert into orders (${sql.raw(COLUMN_NAMES)})
    select ${sql.raw(COLUMN_NAMES)} from json_populate_recordset(null::orders, ${JSON.stringify(added)}::json)`.execute(
    db,
  );
}

export async function updateOrders(db: Database, changes: readonly Change[]): Promise<OrderRow[]> {
  const { rows } = await sql<{ row: string }>`update orders as o
    set state = c.state, remaining_wh = c.remaining_wh, updated_sequence = c.updated_sequence
    from json_populate_recordset(null::orders, ${JSON.stringify(changes)}::json) as c
    where o.hash = c.hash and o.withdrawal is null
    returning ${rowText("o")} as row`.execute(db);
  return rows
    .map(({ row }) => rowFromText(row))
    .toSorted((a, b) => a.updated_sequence - b.updated_sequence);
}

export const findOrder = async (db: Database, hash: Hex): Promise<OrderRow | undefined> =>
  (await read(rows(db).where("hash", "=", hash)))[0];

/** Which of these orders are in the book. */
export async function knownHashes(db: Database, hashes: readonly Hex[]): Promise<Set<Hex>> {
  if (hashes.length === 0) return new Set();
  const rows = await db
    .selectFrom("orders")
    .select("hash")
    .where(sql<SqlBool>`hash = any(${[...hashes]}::text[])`)
    .execute();
  return new Set(rows.map(({ hash }) => hash));
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

/** How many orders there are of each state. */
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

/** Orders whose time is over and that do not say so yet. */
export const dueOrders = (db: Database, time: number, limit: number): Promise<OrderRow[]> =>
  read(
    rows(db)
      .where("state", "in", [...OPEN_STATES, "void"])
      .where("good_until", "<", time)
      .limit(limit),
  );

/** Orders that have expired by a clock that a reorganisation has put back. */
export const revivedOrders = (db: Database, time: number, limit: number): Promise<OrderRow[]> =>
  read(
    rows(db)
      .where("state", "=", "expired")
      .where("good_until", ">=", time)
      .where("withdrawal", "is", null)
      .limit(limit),
  );

/** Orders whose signature only a contract wallet can speak for; it may change its mind without a word. */
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

/** Clears away what changes have left behind, and counts anew what the planner of queries goes by. */
export const tidy = (db: Database) => sql`vacuum analyze orders`.execute(db);

/** The microgrids in which there are orders. */
export async function microgridsInBook(db: Database): Promise<number[]> {
  const rows = await db.selectFrom("orders").select("microgrid").distinct().execute();
  return rows.map(({ microgrid }) => microgrid);
}

/** One page of the book. */
export async function pageOfOrders(
  db: Database,
  query: OrdersQuery,
  cursor: Cursor | undefined,
  limit: number,
): Promise<RowPage> {
  const sort = query.sort ?? "price";
  const column = SORT_COLUMNS[sort];
  const down = sort === "received" || (sort === "price" && query.side === "bid");
  const direction = down ? "desc" : "asc";
  // A row's text is made of the page's rows alone, after they are found and sorted.
  const pageOf = (part: OrdersQuery) =>
    read(
      db
        .selectFrom(found(part).as("orders"))
        .select(rowText().as("row"))
        .orderBy(column, direction)
        .orderBy("hash", direction),
    );
  const found = (part: OrdersQuery) =>
    db
      .selectFrom("orders")
      .selectAll()
      .where((eb) => eb.and(conditionsOf(eb, part)))
      .$if(cursor !== undefined, (q) =>
        q.where(
          sql<SqlBool>`(${sql.ref(column)}, hash) ${sql.raw(down ? "<" : ">")}
            (${cursor?.[0] ?? "0"}::${sql.raw(column === "price" ? "numeric" : "bigint")}, ${cursor?.[1] ?? ""}::text)`,
        ),
      )
      .orderBy(column, direction)
      .orderBy("hash", direction)
      .limit(limit + 1);
  // Indexes hold a microgrid's offers and bids apart: both are read in their order, and merged.
  const apart = query.microgrid !== undefined && query.side === undefined && sort !== "received";
  const parts = apart ? SIDES.map((side) => ({ ...query, side })) : [query];
  const all = (await Promise.all(parts.map(pageOf))).flat();
  const sorted = apart ? all.toSorted(inOrderOf(column)) : all;
  const page = sorted.slice(0, limit);
  const last = sorted.length > limit ? page.at(-1) : undefined;
  return { rows: page, next: last && [String(last[column]), last.hash] };
}

const inOrderOf =
  (column: (typeof SORT_COLUMNS)[Sort]) =>
  (a: OrderRow, b: OrderRow): number => {
    const difference = BigInt(a[column]) - BigInt(b[column]);
    return difference === 0n ? (a.hash < b.hash ? -1 : 1) : difference < 0n ? -1 : 1;
  };

function conditionsOf(eb: ExpressionBuilder<Tables, "orders">, query: OrdersQuery) {
  const { microgrid, side, source, fromSlot, toSlot, minPrice, maxPrice } = query;
  const { maker, counterparty, forward, state = "live" } = query;
  return [
    ...(state === "live" ? [sql<SqlBool>`state = 'live'`] : []),
    ...(microgrid !== undefined ? [eb("microgrid", "=", microgrid)] : []),
    ...(side !== undefined ? [eb("side", "=", SIDES.indexOf(side))] : []),
    ...(source !== undefined ? [sql<SqlBool>`(sources & ${sourceMask(source)}::int) <> 0`] : []),
    ...(fromSlot !== undefined ? [eb("last_slot", ">=", fromSlot)] : []),
    ...(toSlot !== undefined ? [eb("first_slot", "<=", toSlot)] : []),
    ...(minPrice !== undefined ? [eb("price", ">=", minPrice.toString())] : []),
    ...(maxPrice !== undefined ? [eb("price", "<=", maxPrice.toString())] : []),
    ...(maker !== undefined ? [eb("maker", "=", maker)] : []),
    ...(counterparty !== undefined ? [eb("counterparty", "in", [zeroAddress, counterparty])] : []),
    ...(forward !== undefined ? [eb("forward", "=", forward)] : []),
  ];
}

/** A row as it travels. */
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
    counterparty: row.counterparty,
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
