import { mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { setFlagsFromString } from "node:v8";
import type { Deployment } from "@wattline/sdk";
import { Kysely, PGliteDialect, PostgresDialect } from "kysely";
import { Migrator } from "kysely/migration";
import pg from "pg";
import { DatabaseError } from "./databaseError.ts";
import { lockFolder } from "./folderLock.ts";
import { type Ledger, ownLedger } from "./ledger.ts";
import { migrations, setFirstEditionAside } from "./migrations.ts";
import { SharedLedger } from "./sharedLedger.ts";
import type { Database, Tables } from "./tables.ts";

export type { Database } from "./tables.ts";

/** Where the book is stored: in a folder, in a Postgres database, or in memory until the process ends. */
export type Storage =
  | { readonly folder: string }
  | { readonly postgresUrl: string }
  | { readonly memory: true };

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
  readonly ledger: Ledger;
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
  const opened = await ("postgresUrl" in storage
    ? openPostgres(storage.postgresUrl)
    : openPglite("folder" in storage ? storage.folder : undefined));
  try {
    await migrate(opened.db);
    await claim(opened.db, deployment);
  } catch (error) {
    await opened.close().catch(() => undefined);
    throw error;
  }
  return opened;
}

async function openPostgres(url: string): Promise<OpenDatabase> {
  const types = new pg.TypeOverrides();
  // All our bigint columns are below 2^53.
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const config = { connectionString: url, types, keepAlive: true };
  const pool = new pg.Pool({ ...config, max: 6 });
  // A lost idle connection is replaced at the next query.
  pool.on("error", () => undefined);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const ledger = new SharedLedger(config, db);
  const close = async () => {
    await ledger.close();
    await db.destroy();
  };
  try {
    await ledger.lead();
  } catch (error) {
    await close();
    throw new DatabaseError(
      `No Postgres answers at DATABASE_URL (${reasonOf(error)}). Start it, or unset DATABASE_URL to keep the book in a folder.`,
    );
  }
  return { db, ledger, close };
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
      ledger: ownLedger(db),
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
  await setFirstEditionAside(db);
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
