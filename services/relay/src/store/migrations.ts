import { type Kysely, sql } from "kysely";
import type { Migration, MigrationProvider } from "kysely/migration";
import type { Database } from "./tables.ts";

/** The schema's migrations, in SQL for both PGlite and Postgres. Never change a released one; add another. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "0001-book": {
    async up(db: Kysely<unknown>) {
      await sql`create table orders (
        hash text primary key,
        maker text not null,
        meter text not null,
        microgrid bigint not null,
        side smallint not null,
        sources smallint not null,
        first_slot bigint not null,
        last_slot bigint not null,
        energy bigint not null,
        price numeric(29) not null,
        forward boolean not null,
        bond numeric(29) not null,
        most_ahead bigint not null,
        crosses boolean not null,
        counterparty text not null,
        settler text not null,
        nonce numeric(20) not null,
        counter numeric(20) not null,
        deadline bigint not null,
        signature text not null,
        signer text not null,
        signer_key text,
        withdrawal text,
        state text not null,
        remaining_wh bigint not null,
        good_until bigint not null,
        recheck_at bigint,
        received_at bigint not null,
        received_sequence bigint not null,
        updated_sequence bigint not null
      )`.execute(db);
      await sql`create unique index orders_by_change on orders (updated_sequence)`.execute(db);
      await sql`create unique index orders_by_arrival on orders (received_sequence)`.execute(db);
      await sql`create index orders_by_maker on orders (maker, state)`.execute(db);
      await sql`create index orders_by_meter on orders (meter)`.execute(db);
      await sql`create index orders_of_wallets on orders (hash) where signer = 'wallet'`.execute(
        db,
      );
      await sql`create index orders_by_end on orders (state, good_until)`.execute(db);
      await sql`create index orders_by_recheck on orders (recheck_at) where recheck_at is not null`.execute(
        db,
      );
      await sql`create table checkpoints (
        number bigint primary key,
        hash text not null,
        time bigint not null,
        touched text not null
      )`.execute(db);
      await sql`create table positions (
        id text primary key,
        seller text not null,
        buyer text not null
      )`.execute(db);
      await sql`create table microgrid_events (
        block bigint not null,
        log_index bigint not null,
        time bigint not null,
        log text not null,
        primary key (block, log_index)
      )`.execute(db);
      await sql`create table peers (url text primary key, event_id text not null)`.execute(db);
      await sql`create table meta (key text primary key, value text not null)`.execute(db);
    },
  },
  "0002-directories": {
    async up(db: Kysely<unknown>) {
      await sql`create table directories (
        microgrid bigint primary key,
        version bigint not null,
        signed text not null
      )`.execute(db);
    },
  },
  "0003-due": {
    async up(db: Kysely<unknown>) {
      await sql`create index orders_due on orders (good_until) where state in ('live', 'unbacked', 'void')`.execute(
        db,
      );
    },
  },
};

/**
 * The book of the first edition, whose orders hold for its contracts only. Its tables are kept as they are, in a schema of
 * their own, and a new book begins.
 */
export async function setFirstEditionAside(db: Database): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ name: string }>`select table_name as name
      from information_schema.tables as t
      where table_schema = current_schema() and exists (
        select from information_schema.columns
        where table_schema = t.table_schema and table_name = 'orders' and column_name = 'delegate'
      )`.execute(tx);
    if (rows.length === 0) return;
    await sql`create schema first_edition`.execute(tx);
    for (const { name } of rows) {
      // The migrator would find its own tables there, and take the first edition's migrations for this one's.
      if (name.startsWith("kysely_")) await sql`drop table ${sql.id(name)}`.execute(tx);
      else await sql`alter table ${sql.id(name)} set schema first_edition`.execute(tx);
    }
  });
}

export const migrations: MigrationProvider = {
  getMigrations: () => Promise.resolve({ ...MIGRATIONS }),
};
