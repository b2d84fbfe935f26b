import { type Fields, IndexerAnswerError, type Row, readRow, selectionOf } from "./fields.ts";
import { queryAt, reach } from "./query.ts";

/** A page of rows; `cursor` starts the next page, undefined on the last one. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly cursor: string | undefined;
}

export interface Asked {
  /** Filters in GraphQL's names: `slot_gte`, `OR`. */
  readonly where?: Where;
  readonly orderBy?: string;
  readonly orderDirection?: "asc" | "desc";
  readonly cursor?: string | undefined;
  /** Rows per page; 1000 at most. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Value = string | number | boolean | null | bigint | readonly Value[] | Where;

export interface Where {
  readonly [filter: string]: Value | undefined;
}

export type Ask = ReturnType<typeof askAt>;

const MOST_ROWS = 1000;

/** Queries the indexer at `url` for rows. */
export function askAt(url: string, fetcher: typeof fetch) {
  const query = (document: string, variables: Where, signal: AbortSignal | undefined) =>
    queryAt<Readonly<Record<string, unknown>>>(url, fetcher, document, variables, signal);

  /** One page of a table's rows. `table` is the plural name in GraphQL. */
  async function page<Members extends Fields>(
    table: string,
    filterType: string,
    members: Members,
    { where = {}, orderBy, orderDirection = "asc", cursor, limit = 100, signal }: Asked,
  ): Promise<Page<Row<Members>>> {
    const data = await query(
      `query($where: ${filterType}, $orderBy: String, $orderDirection: String, $after: String, $limit: Int) {
        rows: ${table}(where: $where, orderBy: $orderBy, orderDirection: $orderDirection, after: $after, limit: $limit) {
          items { ${selectionOf(members)} } pageInfo { hasNextPage endCursor } } }`,
      { where, orderBy, orderDirection, after: cursor ?? null, limit },
      signal,
    );
    const { items, pageInfo } = pageOf(data.rows);
    return {
      items: items.map((item) => readRow(members, item, table)),
      cursor: pageInfo.hasNextPage ? pageInfo.endCursor : undefined,
    };
  }

  return {
    page,
    reach: (path: string, signal: AbortSignal | undefined) => reach(url, fetcher, path, signal),

    /** All rows that pass the filters, page by page. */
    async all<Members extends Fields>(
      table: string,
      filterType: string,
      members: Members,
      asked: Omit<Asked, "cursor" | "limit">,
    ): Promise<readonly Row<Members>[]> {
      const rows: Row<Members>[] = [];
      let cursor: string | undefined;
      do {
        const next = await page(table, filterType, members, { ...asked, cursor, limit: MOST_ROWS });
        rows.push(...next.items);
        cursor = next.cursor;
      } while (cursor !== undefined);
      return rows;
    },

    /** One row by its key; undefined when there is none. */
    async one<Members extends Fields>(
      table: string,
      key: Readonly<Record<string, string | number>>,
      members: Members,
      signal?: AbortSignal,
    ): Promise<Row<Members> | undefined> {
      const names = Object.entries(key)
        .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
        .join(", ");
      const data = await query(
        `{ row: ${table}(${names}) { ${selectionOf(members)} } }`,
        {},
        signal,
      );
      const { row } = data;
      return row === null || row === undefined ? undefined : readRow(members, row, table);
    },
  };
}

interface SentPage {
  readonly items: readonly unknown[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
}

function pageOf(sent: unknown): SentPage {
  if (isPage(sent)) return sent;
  throw new IndexerAnswerError(`The indexer did not send a page of rows: ${JSON.stringify(sent)}.`);
}

const isPage = (sent: unknown): sent is SentPage =>
  typeof sent === "object" &&
  sent !== null &&
  "items" in sent &&
  Array.isArray(sent.items) &&
  "pageInfo" in sent &&
  typeof sent.pageInfo === "object" &&
  sent.pageInfo !== null &&
  "hasNextPage" in sent.pageInfo;
