import { randomUUID } from "node:crypto";
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { type Ledger, NotLeadingError, type Writer } from "./ledger.ts";
import type { Database, Tables } from "./tables.ts";

/** The numbers name the locks and are arbitrary. */
const [LEAD, WRITE] = [0x77617474, 0x77617475];
const CHANNEL = "wattline_book";

/** The connection that holds the lead or waits for it, and hears of what others write. */
interface Session {
  readonly client: pg.Client;
  readonly db: Database;
  leads: boolean;
}

/**
 * The ledger of a Postgres database. Whose connection holds a lock leads, and the leader writes over that connection: when it
 * breaks, Postgres gives the lock to another relay, and nothing of the former leader's comes after that.
 */
export class SharedLedger implements Ledger {
  readonly isShared = true;
  readonly #config: pg.ClientConfig;
  readonly #db: Database;
  /** By which a relay knows its own notes. */
  readonly #name = randomUUID();
  #session: Session | undefined;
  #heard: () => void = () => undefined;

  constructor(config: pg.ClientConfig, db: Database) {
    this.#config = config;
    this.#db = db;
  }

  get isLeading(): boolean {
    return this.#session?.leads === true;
  }

  async lead(): Promise<Database | undefined> {
    const session = this.#session ?? (await this.#connect());
    if (!session.leads) {
      const { rows } = await session.client.query<{ locked: boolean }>(
        "select pg_try_advisory_lock($1) as locked",
        [LEAD],
      );
      session.leads = rows[0]?.locked === true;
    }
    return session.leads ? session.db : undefined;
  }

  write<T>(by: Writer, task: (db: Database) => Promise<T>): Promise<T> {
    const session = this.#session;
    if (by === "leader" && session?.leads !== true) return Promise.reject(new NotLeadingError());
    const db = by === "leader" && session !== undefined ? session.db : this.#db;
    return db.transaction().execute(async (tx) => {
      // The lock is held until the transaction is visible to all: sequences become visible in their order.
      await sql`select pg_advisory_xact_lock(${WRITE}), pg_notify(${CHANNEL}, ${this.#name})`.execute(
        tx,
      );
      return task(tx);
    });
  }

  listen(heard: () => void): void {
    this.#heard = heard;
  }

  /** Gives up the lead and the connection. */
  async close(): Promise<void> {
    await this.#session?.client.end().catch(() => undefined);
  }

  async #connect(): Promise<Session> {
    const client = new pg.Client(this.#config);
    // What ends the connection is seen by its statements, and by "end".
    client.on("error", () => undefined);
    client.on("end", () => {
      if (this.#session?.client === client) this.#session = undefined;
    });
    client.on("notification", ({ payload }) => {
      if (payload !== this.#name) this.#heard();
    });
    await client.connect();
    await client.query(`listen ${CHANNEL}`);
    const session = { client, db: databaseOver(client), leads: false };
    this.#session = session;
    // While there was no connection, nothing was heard.
    this.#heard();
    return session;
  }
}

/** A database whose statements all go over one connection, one after another. */
function databaseOver(client: pg.Client): Database {
  const connection = { query: client.query.bind(client), release: () => undefined };
  const pool = { options: {}, connect: async () => connection, end: async () => undefined };
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}
