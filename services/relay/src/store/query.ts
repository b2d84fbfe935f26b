import { ANYONE, SIDES, sourceMask } from "@wattline/sdk";
import { zeroAddress } from "viem";
import type { OrdersQuery, Sort } from "../wire.ts";
import type { OrderRow } from "./tables.ts";

/** A query's conditions, in a form that both the database and the orders in memory can apply. */

/** Columns by which orders are filtered and sorted. None of them ever changes. */
export const SEARCHED_COLUMNS = [
  ...(["microgrid", "side", "sources", "forward", "first_slot", "last_slot"] as const),
  ...(["price", "maker", "counterparty", "settler", "received_sequence"] as const),
] as const satisfies readonly (keyof OrderRow)[];
export type SearchedColumn = (typeof SEARCHED_COLUMNS)[number];

/** The searched columns of an order. */
export type Searched = Pick<OrderRow, SearchedColumn>;
type Value = Searched[SearchedColumn];

/** One condition: the column is one of the values, at least or at most a value, or shares a bit with it. */
export type Condition =
  | { readonly column: SearchedColumn; readonly is: "in"; readonly values: readonly Value[] }
  | { readonly column: SearchedColumn; readonly is: ">=" | "<="; readonly value: Value }
  | { readonly column: "sources"; readonly is: "sharing"; readonly value: number };

/** How a page is sorted. Orders with equal values are sorted by arrival. */
export interface Ordering {
  readonly column: "price" | "first_slot" | "received_sequence";
  readonly down: boolean;
}

/** The last order of a page: its sort value in decimal digits, and its sequence of arrival. */
export interface Cursor {
  readonly value: string;
  readonly sequence: number;
}

const SORT_COLUMNS = {
  price: "price",
  firstSlot: "first_slot",
  received: "received_sequence",
} as const satisfies Record<Sort, Ordering["column"]>;

export function orderingOf({ sort = "price", side }: OrdersQuery): Ordering {
  const column = SORT_COLUMNS[sort];
  return { column, down: sort === "received" || (sort === "price" && side === "bid") };
}

export function conditionsOf(query: OrdersQuery): Condition[] {
  const { microgrid, side, source, fromSlot, toSlot, minPrice, maxPrice } = query;
  const { maker, counterparty, kind, settler, forward } = query;
  const conditions: Condition[] = [];
  const among = (column: SearchedColumn, ...values: readonly Value[]) =>
    conditions.push({ column, is: "in", values });
  const bounded = (column: SearchedColumn, is: ">=" | "<=", value: Value) =>
    conditions.push({ column, is, value });

  if (microgrid !== undefined) among("microgrid", microgrid);
  if (side !== undefined) among("side", SIDES.indexOf(side));
  if (source !== undefined) {
    conditions.push({ column: "sources", is: "sharing", value: sourceMask(source) });
  }
  if (fromSlot !== undefined) bounded("last_slot", ">=", fromSlot);
  if (toSlot !== undefined) bounded("first_slot", "<=", toSlot);
  if (minPrice !== undefined) bounded("price", ">=", minPrice.toString());
  if (maxPrice !== undefined) bounded("price", "<=", maxPrice.toString());
  if (maker !== undefined) among("maker", maker);
  if (counterparty !== undefined) among("counterparty", zeroAddress, counterparty);
  if (kind === "posted") among("settler", zeroAddress);
  // The lowest settler of a limit.
  if (kind === "limit") bounded("settler", ">=", ANYONE);
  if (settler !== undefined) among("settler", ANYONE, settler);
  if (forward !== undefined) among("forward", forward);
  return conditions;
}
