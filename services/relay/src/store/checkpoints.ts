import type { Head } from "../chain/snapshot.ts";
import { type Touched, touchedFromJson, touchedToJson, union } from "../chain/touched.ts";
import type { Database } from "./database.ts";

/** A block at which orders were judged, and what the blocks since the checkpoint before concerned. */
export interface Checkpoint extends Head {
  readonly touched: Touched;
}

/** How many are kept; after a deeper reorganisation the whole book is judged again. */
const MOST_CHECKPOINTS = 512;

/** The block at which the book stands; undefined before orders were judged for the first time. */
export const lastCheckpoint = (db: Database): Promise<Head | undefined> =>
  db
    .selectFrom("checkpoints")
    .select(["number", "hash", "time"])
    .orderBy("number", "desc")
    .limit(1)
    .executeTakeFirst();

/** The blocks at which orders were judged, oldest first. */
export class Checkpoints {
  readonly #db: Database;
  #all: readonly Checkpoint[];

  private constructor(db: Database, all: readonly Checkpoint[]) {
    this.#db = db;
    this.#all = all;
  }

  static async load(db: Database): Promise<Checkpoints> {
    const rows = await db.selectFrom("checkpoints").selectAll().orderBy("number").execute();
    return new Checkpoints(
      db,
      rows.map(({ touched, ...head }) => ({ ...head, touched: touchedFromJson(touched) })),
    );
  }

  get all(): readonly Checkpoint[] {
    return this.#all;
  }

  get last(): Checkpoint | undefined {
    return this.#all.at(-1);
  }

  /** Removes everything after `common`, the newest block still on the chain, and adds `next`. */
  async replace(common: Head | undefined, next: Checkpoint): Promise<void> {
    const kept =
      common === undefined ? [] : this.#all.filter(({ number }) => number <= common.number);
    // The chain may have gone back to a known block: what the blocks before it concerned stays recorded.
    const same = kept.at(-1)?.number === next.number ? kept.pop() : undefined;
    const touched = same === undefined ? next.touched : union([same.touched, next.touched]);
    const checkpoint = { ...next, touched };
    const all = [...kept, checkpoint].slice(-MOST_CHECKPOINTS);
    const [oldest = checkpoint] = all;
    const { number, hash, time } = checkpoint;
    await this.#db.transaction().execute(async (tx) => {
      await tx
        .deleteFrom("checkpoints")
        .where((eb) =>
          eb.or([
            eb("number", "<", oldest.number),
            eb("number", ">=", number),
            eb("number", ">", common?.number ?? -1),
          ]),
        )
        .execute();
      await tx
        .insertInto("checkpoints")
        .values({ number, hash, time, touched: touchedToJson(touched) })
        .execute();
    });
    this.#all = all;
  }
}
