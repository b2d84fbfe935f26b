import { mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import type { Deployment } from "@wattline/sdk";
import { Kysely, PGliteDialect, PostgresDialect } from "kysely";
import { Migrator } from "kysely/migration";
import pg from "pg";
import { DatabaseError } from "./databaseError.ts";
import { lockFolder } from "./folderLock.ts";
import { migrations } from "./migrations.ts";
import type { Tables } from "./tables.ts";

export type Database = Kysely<Tables>;

/** Where the book is stored: in a folder, in a Postgres database, or in memory until the process ends. */
export type Storage =
  | { readonly folder: string }
  | { readonly postgresUrl: string }
  | { readonly memory: true };

/** Only one relay may write to a Postgres database. The number names the lock and is arbitrary. */
const POSTGRES_LOCK = 0x77617474;
const LOCK_ATTEMPTS = 10;
const LOCK_PAUSE_MS = 200;
/**
 * An embedded database never returns memory that it has taken. A page cache of 16 MB is enough for 100,000 orders, since
 * the operating system caches the rest. Statistics from 3,000 rows plan these queries as well as from 30,000; reading
 * that many rows is what takes most memory, and most of a vacuum's time.
 */
const PGLITE_SETTINGS = [
  ...["shared_buffers=16MB", "work_mem=4MB", "maintenance_work_mem=2MB"],
  "default_statistics_target=10",
];

/** An open database with the newest schema, and how to close it. */
export interface OpenDatabase {
  readonly db: Database;
  close(): Promise<void>;
}

/**
 * Opens the database and brings its schema up to date.
 * @throws DatabaseError when it can't be reached, is in use, or holds the book of another deployment.
 */
export async function openDatabase(
  storage: Storage,
  deployment: Deployment,
): Promise<OpenDatabase> {
  const { db, close } = await ("postgresUrl" in storage
    ? openPostgres(storage.postgresUrl)
    : openPglite("folder" in storage ? storage.folder : undefined));
  try {
    await migrate(db);
    await claim(db, deployment);
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
  return { db, close };
}

async function openPostgres(url: string): Promise<OpenDatabase> {
  const types = new pg.TypeOverrides();
  // All our bigint columns are below 2^53.
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new pg.Pool({ connectionString: url, types, max: 6 });
  // A lost idle connection is replaced at the next query.
  pool.on("error", () => undefined);
  const keeper = await pool.connect().catch((error: unknown) => {
    throw new DatabaseError(
      `No Postgres answers at DATABASE_URL (${reasonOf(error)}). Start it, or unset DATABASE_URL to keep the book in a folder.`,
    );
  });
  keeper.on("error", () => undefined);
  if (!(await lockPostgres(keeper))) {
    keeper.release(true);
    await pool.end();
    throw new DatabaseError(
      "Another relay writes to the database at DATABASE_URL. Stop it, or give this one a database of its own.",
    );
  }
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return {
    db,
    async close() {
      await keeper.query("select pg_advisory_unlock($1)", [POSTGRES_LOCK]).catch(() => undefined);
      keeper.release(true);
      await db.destroy();
    },
  };
}

/** Postgres takes a moment to notice that a killed relay is gone. */
async function lockPostgres(keeper: pg.PoolClient): Promise<boolean> {
  for (let attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
    const { rows } = await keeper.query<{ locked: boolean }>(
      "select pg_try_advisory_lock($1) as locked",
      [POSTGRES_LOCK],
    );
    if (rows[0]?.locked === true) return true;
    await sleep(LOCK_PAUSE_MS);
  }
  return false;
}

async function openPglite(folder: string | undefined): Promise<OpenDatabase> {
  let unlock = async () => {};
  if (folder !== undefined) {
    await mkdir(folder, { recursive: true });
    unlock = await lockFolder(folder);
  }
  const { PGlite } = await import("@electric-sql/pglite");
  const startParams = [
    ...PGlite.defaultStartParams,
    ...PGLITE_SETTINGS.flatMap((setting) => ["-c", setting]),
  ];
  try {
    const pglite = await compiledLightly(async () => {
      if (folder === undefined) return PGlite.create({ startParams });
      await foundIn(folder, (dataDir) => PGlite.create({ dataDir, startParams }));
      return PGlite.create({ dataDir: folder, startParams });
    });
    const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) });
    return {
      db,
      async close() {
        await db.destroy();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw new DatabaseError(
      `The folder ${folder} can't be opened as a database (${reasonOf(error)}). Name another one in WATTLINE_DATA.`,
    );
  }
}

/** Creates a new database in an empty folder, whole or not at all: one that was killed half way would never open again. */
async function foundIn(
  folder: string,
  create: (dataDir: string) => Promise<{ close(): Promise<void> }>,
): Promise<void> {
  if ((await readdir(folder)).length > 0) return;
  const growing = `${folder}.founding`;
  await rm(growing, { recursive: true, force: true });
  await (await create(growing)).close();
  await rmdir(folder);
  await rename(growing, folder);
}

/**
 * Loads WebAssembly without the optimising compiler, which takes over a hundred megabytes for a whole database and
 * does not speed up short queries. Modules loaded later are optimised as usual.
 */
async function compiledLightly<T>(load: () => Promise<T>): Promise<T> {
  setFlags("--liftoff-only", "--no-wasm-tier-up", "--no-wasm-dynamic-tiering");
  try {
    return await load();
  } finally {
    setFlags("--no-liftoff-only", "--wasm-tier-up", "--wasm-dynamic-tiering");
  }
}

const setFlags = (...flags: readonly string[]): void => flags.forEach(setFlagsFromString);

async function migrate(db: Database): Promise<void> {
  const { error, results } = await new Migrator({ db, provider: migrations }).migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find(({ status }) => status === "Error")?.migrationName ?? "the first";
  throw new DatabaseError(
    `The schema could not be brought up to date: ${failed} failed with ${reasonOf(error)}.`,
  );
}

/** A book belongs to one deployment: another deployment's orders would all be invalid. */
async function claim(db: Database, { chainId, marketplace }: Deployment): Promise<void> {
  const value = `${chainId} ${marketplace.toLowerCase()}`;
  await db
    .insertInto("meta")
    .values({ key: "deployment", value })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { value: found } = await db
    .selectFrom("meta")
    .select("value")
    .where("key", "=", "deployment")
    .executeTakeFirstOrThrow();
  if (found !== value) {
    throw new DatabaseError(
      `The database holds the book of another deployment (chain and marketplace ${found}, not ${value}). Name another folder in WATTLINE_DATA, or another DATABASE_URL.`,
    );
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
