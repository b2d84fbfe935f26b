import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import type { Deployment } from "@wattline/sdk";
import { sql } from "kysely";
import { type Database, openDatabase, type Storage } from "./store/database.ts";
import { DatabaseError } from "./store/databaseError.ts";
import { EPOCH } from "./store/epoch.ts";
import { lastSequence } from "./store/orders.ts";
import type { Tables } from "./store/tables.ts";

/** Without `meta`: a book belongs to its deployment, and events of a restored one are of another epoch. */
const TABLES = [
  ...(["orders", "checkpoints", "positions", "microgrid_events"] as const),
  ...(["peers", "directories"] as const),
] satisfies readonly (keyof Tables)[];
type Table = (typeof TABLES)[number];

const CHUNK = 1_000;
const FIRST_LINE = "wattline relay backup 1";

/**
 * Writes the whole book to a file, as it is at one moment. Relays on the same Postgres database go on meanwhile; a book in a
 * folder is backed up while its relay is stopped.
 * @returns The number of orders.
 * @throws DatabaseError, or what the file system throws; then there is no file.
 */
export async function backUp(
  storage: Storage,
  deployment: Deployment,
  file: string,
): Promise<number> {
  const { db, close } = await openDatabase(storage, deployment);
  const draft = `${file}.tmp`;
  try {
    const orders = await db
      .transaction()
      .setIsolationLevel("repeatable read")
      .execute(async (tx) => {
        const lines = Readable.from(linesOf(tx, deployment));
        await pipeline(lines, createGzip(), createWriteStream(draft, { flush: true }));
        return countOf(tx);
      });
    await rename(draft, file);
    return orders;
  } finally {
    await rm(draft, { force: true });
    await close();
  }
}

/**
 * Fills an empty database from a backup, whole or not at all. Clients and peers are told that it is another book, since what
 * came after the backup is not in it.
 * @returns The number of orders.
 * @throws DatabaseError when the database is not empty, or the file is no whole backup of this deployment's book.
 */
export async function restore(
  storage: Storage,
  deployment: Deployment,
  file: string,
): Promise<number> {
  const { db, ledger, close } = await openDatabase(storage, deployment);
  try {
    if (!ledger.isLeading) {
      throw new DatabaseError(
        "A relay runs on this database. Restore into an empty one that no relay uses.",
      );
    }
    if ((await lastSequence(db)) > 0) {
      throw new DatabaseError(
        "There are orders in this database. Restore into an empty one: name another in DATABASE_URL, or another folder in WATTLINE_DATA.",
      );
    }
    return await db.transaction().execute(async (tx) => {
      for (const table of TABLES) await tx.deleteFrom(table).execute();
      await tx.deleteFrom("meta").where("key", "=", EPOCH).execute();
      await readInto(tx, deployment, file);
      return countOf(tx);
    });
  } finally {
    await close();
  }
}

const countOf = async (db: Database): Promise<number> => {
  const { count } = await db
    .selectFrom("orders")
    .select((eb) => eb.fn.countAll<number | string>().as("count"))
    .executeTakeFirstOrThrow();
  return Number(count);
};

const headOf = ({ chainId, marketplace }: Deployment): string =>
  `${FIRST_LINE} ${chainId} ${marketplace.toLowerCase()}`;

/** A line names its table and has a row in JSON; the last one says how many there are. */
async function* linesOf(db: Database, deployment: Deployment): AsyncGenerator<string> {
  yield `${headOf(deployment)}\n`;
  let count = 0;
  for (const table of TABLES) {
    for (let first = 0; ; first += CHUNK) {
      const { rows } = await sql<{ row: string }>`select row_to_json(t)::text as row
        from ${sql.table(table)} as t order by t limit ${CHUNK} offset ${first}`.execute(db);
      yield rows.map(({ row }) => `${table} ${row}\n`).join("");
      count += rows.length;
      if (rows.length < CHUNK) break;
    }
  }
  yield `end ${count}\n`;
}

async function readInto(db: Database, deployment: Deployment, file: string): Promise<void> {
  const input = createReadStream(file).pipe(createGunzip());
  let [count, isWhole, isFirst] = [0, false, true];
  let waiting: { readonly table: Table; readonly rows: string[] } | undefined;
  const write = async () => {
    if (waiting === undefined) return;
    const { table, rows } = waiting;
    waiting = undefined;
    await sql`insert into ${sql.table(table)}
      select * from json_populate_recordset(null::${sql.table(table)}, ${`[${rows.join()}]`}::json)`.execute(
      db,
    );
  };
  for await (const line of createInterface({ input })) {
    const at = line.indexOf(" ");
    const [word, rest] = [line.slice(0, at), line.slice(at + 1)];
    if (isFirst && line !== headOf(deployment)) {
      throw new DatabaseError(
        `${file} is no backup of this deployment's book: it begins with "${line.slice(0, 100)}", not "${headOf(deployment)}".`,
      );
    }
    const table = TABLES.find((each) => each === word);
    if (table !== undefined) {
      if (waiting?.table !== table || waiting.rows.length >= CHUNK) {
        await write();
        waiting = { table, rows: [] };
      }
      waiting.rows.push(rest);
      count += 1;
    } else if (!isFirst) isWhole = word === "end" && Number(rest) === count;
    isFirst = false;
  }
  await write();
  if (!isWhole) {
    throw new DatabaseError(`${file} is not whole: it ends after ${count} rows. Take another one.`);
  }
}
