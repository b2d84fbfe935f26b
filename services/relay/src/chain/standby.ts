import type { Deployment, Microgrid } from "@wattline/sdk";
import type { Hex, PublicClient } from "viem";
import type { OrderBook } from "../orderBook.ts";
import { lastCheckpoint } from "../store/checkpoints.ts";
import { type Following, notYet, OUTAGE_STEP_SECONDS, type Outage } from "./follower.ts";
import { headAt } from "./head.ts";
import { MicrogridEvents } from "./microgrids.ts";
import { Snapshot } from "./snapshot.ts";

/**
 * Stands where the relay that leads has brought the book: new orders are judged at that block, which this relay's own node
 * must have as well.
 */
export class Standby {
  readonly #client: PublicClient;
  readonly #deployment: Deployment;
  readonly #book: OrderBook;
  readonly #outage: Outage;
  /** The events that {@link #microgrids} is made from. */
  #eventsMark = "";
  #microgrids: ReadonlyMap<number, Microgrid> = new Map();
  #blockHash: Hex | undefined;
  #offlineSince: number | undefined;
  #following: Following;

  constructor(client: PublicClient, deployment: Deployment, book: OrderBook, outage: Outage) {
    this.#client = client;
    this.#deployment = deployment;
    this.#book = book;
    this.#outage = outage;
    this.#following = notYet(deployment);
  }

  get following(): Following {
    return this.#following;
  }

  /** Goes where the book stands by now. @throws what the RPC or the database throws */
  async look(): Promise<void> {
    const head = await headAt(this.#client, "latest");
    const last = await lastCheckpoint(this.#book.db);
    this.#following = { ...this.#following, head: head.number };
    // The leader has not read the chain yet.
    if (last === undefined) return;
    const now = this.#outage.now();
    const isOffline = now - head.time > this.#outage.afterSeconds;
    const hasTurned = isOffline !== (this.#offlineSince !== undefined);
    const isOver =
      this.#offlineSince !== undefined && now - this.#offlineSince >= OUTAGE_STEP_SECONDS;
    if (last.hash !== this.#blockHash || hasTurned || isOver) {
      const at = await headAt(this.#client, last);
      await this.#readMicrogrids(at.number);
      const time = isOffline ? now : at.time;
      this.#book.judgeAt(
        new Snapshot(this.#client, this.#deployment, { ...at, time }, this.#microgrids, isOffline),
      );
      this.#blockHash = at.hash;
      this.#offlineSince = isOffline ? now : undefined;
    }
    this.#following = {
      ...this.#following,
      block: last.number,
      blockHash: last.hash,
      blockTime: last.time,
      isOffline,
    };
  }

  /** Reads what microgrids are at a block, when the leader has stored other events than before. */
  async #readMicrogrids(block: number): Promise<void> {
    const mark = await MicrogridEvents.mark(this.#book.db, block);
    if (mark === this.#eventsMark) return;
    const events = await MicrogridEvents.load(this.#book.db, this.#deployment, block);
    this.#microgrids = events.microgrids;
    this.#eventsMark = mark;
  }
}
