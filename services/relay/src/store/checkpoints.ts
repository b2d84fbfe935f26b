import type { Head } from "../chain/snapshot.ts";
import { type Touched, touchedFromJson, touchedToJson, union } from "../chain/touched.ts";
import type { Database } from "./database.ts";

/** A block that the book has stood at, and what the blocks since the checkpoint before had touched. */
export interface Checkpoint extends Head {
  readonly touched: Touched;
}

/** How many are kept; a reorganisation that is deeper has the whole book judged again. */
const MOST_CHECKPOINTS = 512;

/** The blocks that the book has stood at, oldest first. */
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

  /** Forgets everything after `common`, the newest block that the chain still has, and adds `next`. */
  async replace(common: Head | undefined, next: Checkpoint): Promise<void> {
    const kept =
      common === undefined ? [] : this.#all.filter(({ number }) => number <= common.number);
    // The chain may have gone back to a block that is known: what was touched before it stays known.
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
