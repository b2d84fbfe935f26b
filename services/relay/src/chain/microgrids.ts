import {
  type ChainLog,
  type Contracts,
  decodeLog,
  type Microgrid,
  Microgrids,
} from "@wattline/sdk";
import { sql } from "kysely";
import type { Hex, Log, PublicClient } from "viem";
import type { Database } from "../store/database.ts";
import type { MicrogridEventRow } from "../store/tables.ts";

/**
 * What microgrids are, from the events of their contract. The events are stored, so that a start need not read the whole chain
 * again.
 */
export class MicrogridEvents {
  readonly #db: Database;
  readonly #contracts: Contracts;
  #rows: readonly MicrogridEventRow[] = [];
  #book = new Microgrids();
  #microgrids: ReadonlyMap<number, Microgrid> = new Map();

  private constructor(db: Database, contracts: Contracts) {
    this.#db = db;
    this.#contracts = contracts;
  }

  /** @param upTo The last block whose events are read. */
  static async load(
    db: Database,
    contracts: Contracts,
    upTo = Number.MAX_SAFE_INTEGER,
  ): Promise<MicrogridEvents> {
    const events = new MicrogridEvents(db, contracts);
    const query = db.selectFrom("microgrid_events").selectAll().where("block", "<=", upTo);
    events.#replay(await query.orderBy("block").orderBy("log_index").execute());
    return events;
  }

  /** A text that is another one when the events up to a block are others. */
  static async mark(db: Database, upTo: number): Promise<string> {
    const { mark } = await db
      .selectFrom("microgrid_events")
      .select(
        sql<string>`count(*) || ' ' || coalesce(sum(hashtextextended(log, block * 65536 + log_index)), 0)`.as(
          "mark",
        ),
      )
      .where("block", "<=", upTo)
      .executeTakeFirstOrThrow();
    return mark;
  }

  /** Microgrids as they are after the events so far. Later events change the answer, not what was answered. */
  get microgrids(): ReadonlyMap<number, Microgrid> {
    return this.#microgrids;
  }

  /** Forgets what happened after a block. */
  async rewind(block: number): Promise<void> {
    const kept = this.#rows.filter((row) => row.block <= block);
    if (kept.length === this.#rows.length) return;
    await this.#db.deleteFrom("microgrid_events").where("block", ">", block).execute();
    this.#book = new Microgrids();
    this.#rows = [];
    this.#replay(kept);
  }

  /**
   * Adds what happened next.
   * @returns The microgrids that it concerns.
   */
  async add(logs: readonly Log[], client: PublicClient): Promise<ReadonlySet<number>> {
    if (logs.length === 0) return new Set();
    const rows = await Promise.all(logs.map((log) => rowOf(log, client)));
    await this.#db.insertInto("microgrid_events").values(rows).execute();
    return this.#replay(rows);
  }

  #replay(rows: readonly MicrogridEventRow[]): ReadonlySet<number> {
    const concerned = new Set<number>();
    for (const { log, log_index: logIndex, time } of rows) {
      const { topics, data }: Pick<ChainLog, "topics" | "data"> = JSON.parse(log);
      const address = this.#contracts.microgrids;
      const event = decodeLog(this.#contracts, { address, topics, data, logIndex });
      const changed = event && this.#book.add(event, time);
      if (changed !== undefined && "microgrid" in changed) concerned.add(changed.microgrid);
    }
    this.#rows = [...this.#rows, ...rows];
    if (concerned.size > 0 || rows.length === 0) {
      this.#microgrids = new Map(this.#book.all().map((one) => [one.microgrid, one]));
    }
    return concerned;
  }
}

async function rowOf(log: Log, client: PublicClient): Promise<MicrogridEventRow> {
  const { blockNumber, blockHash, logIndex, topics, data } = log;
  if (blockNumber === null || blockHash === null || logIndex === null) {
    throw new Error("The node has given a log of no block.");
  }
  const time = log.blockTimestamp ?? (await timeOf(blockHash, client));
  return {
    block: Number(blockNumber),
    log_index: logIndex,
    time: Number(time),
    log: JSON.stringify({ topics, data }),
  };
}

const timeOf = async (blockHash: Hex, client: PublicClient): Promise<bigint> =>
  (await client.getBlock({ blockHash })).timestamp;
