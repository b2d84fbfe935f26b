import { type Followed, NO_REORGANISATIONS, reorganised } from "@wattline/common/followed";
import { type BlockRange, inRanges, rangeSize } from "@wattline/common/node";
import type { Deployment, Microgrid } from "@wattline/sdk";
import type { Address, Hex, Log, PublicClient } from "viem";
import type { OrderBook } from "../orderBook.ts";
import { type Checkpoint, Checkpoints } from "../store/checkpoints.ts";
import type { Database } from "../store/database.ts";
import { headAt } from "./head.ts";
import { MicrogridEvents } from "./microgrids.ts";
import { type Head, Snapshot } from "./snapshot.ts";
import { effectsOf, type LogEffects, NOTHING_TOUCHED, type Touched, union } from "./touched.ts";

/** The chain changed while it was being read; it is read again. */
class ChainMovedError extends Error {}

/** When a node counts as offline. */
export interface Outage {
  /** The age of its newest block, in seconds, from which it counts as offline. */
  readonly afterSeconds: number;
  /** Unix seconds. */
  now(): number;
}

/** While the node is offline, time advances in steps of this many seconds. */
export const OUTAGE_STEP_SECONDS = 10;

/** How far the book has followed the chain: `block` is the one at which its orders are judged. */
export interface Following extends Followed {
  readonly blockHash: Hex | undefined;
  /** Whether the node has had no block for so long that it counts as offline. */
  readonly isOffline: boolean;
  /** Why the chain or the database can't be read; undefined while they can. */
  readonly trouble: string | undefined;
}

/** How far a book has followed the chain before anything is read. */
export const notYet = (
  { fromBlock }: Pick<Deployment, "fromBlock">,
  last?: Pick<Head, "number" | "time">,
): Following => ({
  block: last?.number ?? fromBlock,
  blockHash: undefined,
  blockTime: last?.time,
  head: last?.number ?? fromBlock,
  isOffline: false,
  trouble: undefined,
  reorganisations: NO_REORGANISATIONS,
});

/**
 * Follows the chain and keeps the book up to date. After each new block, the orders of everyone whom its logs concern
 * are judged again at that block. Blocks are remembered by hash: when one is missing, the chain has been reorganised,
 * and everything that the blocks since the last common one concerned is judged again too.
 */
export class Follower {
  readonly #client: PublicClient;
  readonly #deployment: Deployment;
  readonly #book: OrderBook;
  readonly #checkpoints: Checkpoints;
  readonly #microgrids: MicrogridEvents;
  readonly #outage: Outage;
  readonly #stopping: AbortSignal;
  readonly #rangeSize = rangeSize();
  /** What orders are judged by. */
  #snapshot: Snapshot | undefined;
  /** After a start everything is judged once, so that nothing is missed that happened while the relay was stopped. */
  #startedAfresh = true;
  /** When orders were last judged by the clock while the node is offline; undefined while it is not. */
  #offlineSince: number | undefined;
  #following: Following;

  private constructor(
    client: PublicClient,
    deployment: Deployment,
    book: OrderBook,
    checkpoints: Checkpoints,
    microgrids: MicrogridEvents,
    outage: Outage,
    stopping: AbortSignal,
  ) {
    this.#client = client;
    this.#deployment = deployment;
    this.#book = book;
    this.#checkpoints = checkpoints;
    this.#microgrids = microgrids;
    this.#outage = outage;
    this.#stopping = stopping;
    this.#following = notYet(deployment, checkpoints.last);
  }

  /**
   * @param lead What the relay that leads writes to.
   * @param stopping Ends a reading of the chain.
   */
  static async create(
    client: PublicClient,
    deployment: Deployment,
    book: OrderBook,
    lead: Database,
    outage: Outage,
    stopping: AbortSignal,
  ): Promise<Follower> {
    const [checkpoints, microgrids] = await Promise.all([
      Checkpoints.load(lead),
      MicrogridEvents.load(lead, deployment),
    ]);
    return new Follower(client, deployment, book, checkpoints, microgrids, outage, stopping);
  }

  get following(): Following {
    return this.#following;
  }

  /**
   * Reads the chain once and brings the book up to its newest block.
   * @throws what the RPC throws, or the signal's reason; the next call continues from there.
   */
  async look(): Promise<void> {
    try {
      await this.#catchUp();
    } catch (error) {
      if (!(error instanceof ChainMovedError)) throw error;
    }
  }

  async #catchUp(): Promise<void> {
    const head = await this.#headAt("latest");
    this.#following = { ...this.#following, head: head.number };
    const last = this.#checkpoints.last;
    const now = this.#outage.now();
    const isOffline = now - head.time > this.#outage.afterSeconds;
    const hasTurned = isOffline !== (this.#offlineSince !== undefined);
    if (last?.hash === head.hash && !this.#startedAfresh && !hasTurned) {
      if (this.#offlineSince !== undefined && now - this.#offlineSince >= OUTAGE_STEP_SECONDS) {
        this.#judgeAt(this.#snapshotAt(head, this.#snapshot?.microgrids ?? new Map(), now));
        await this.#book.judgeTouched(NOTHING_TOUCHED);
        this.#offlineSince = now;
      } else await this.#book.judgeWrittenLate();
      return;
    }

    const { common, orphaned } = await this.#commonWith(head);
    const block = common?.number ?? this.#deployment.fromBlock - 1;
    const microgrids = await this.#readMicrogrids(head, block);
    const clock = isOffline ? now : undefined;
    const snapshot = this.#snapshotAt(head, this.#microgrids.microgrids, clock);
    const touched = { ...(await this.#read(snapshot, block)), microgrids };
    const suspects = [touched, ...orphaned.map((checkpoint) => checkpoint.touched)];
    const all = this.#startedAfresh || hasTurned || (common === undefined && last !== undefined);

    // From here on new orders are judged at this block; those judged before and written later are judged again.
    this.#judgeAt(snapshot);
    await this.#book.judgeTouched(all ? "all" : union(suspects));
    // If even the first checkpoint is orphaned, everything is judged again.
    const remembered = common === undefined ? NOTHING_TOUCHED : union(suspects);
    await this.#checkpoints.replace(common, { ...head, touched: remembered });
    this.#startedAfresh = false;
    this.#offlineSince = isOffline ? now : undefined;
    const { number, hash: blockHash, time: blockTime } = head;
    const { reorganisations } = this.#following;
    this.#following = {
      ...this.#following,
      ...{ block: number, blockHash, blockTime, isOffline },
      reorganisations:
        last === undefined || orphaned.length === 0
          ? reorganisations
          : reorganised(reorganisations, last.number - block),
    };
  }

  #judgeAt(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#book.judgeAt(snapshot);
  }

  /** The chain's state at a block; while the node is offline, at the current time. */
  #snapshotAt(
    head: Head,
    microgrids: ReadonlyMap<number, Microgrid>,
    clock: number | undefined,
  ): Snapshot {
    const at = { ...head, time: clock ?? head.time };
    const isOffline = clock !== undefined;
    return new Snapshot(this.#client, this.#deployment, at, microgrids, isOffline);
  }

  /** The newest checkpoint that is still on the chain, and those that are not. */
  async #commonWith(head: Head) {
    const known = this.#checkpoints.all;
    // Checkpoints are missing from some point on: a binary search finds it.
    let [low, high] = [0, known.length];
    while (low < high) {
      const middle = known.length === high && low === 0 ? high - 1 : (low + high) >> 1;
      const checkpoint = known[middle];
      if (checkpoint !== undefined && (await this.#stillThere(checkpoint, head))) low = middle + 1;
      else high = middle;
    }
    const orphaned: readonly Checkpoint[] = known.slice(low);
    return { common: known[low - 1], orphaned };
  }

  async #stillThere(checkpoint: Checkpoint, head: Head): Promise<boolean> {
    if (checkpoint.number > head.number) return false;
    if (checkpoint.number === head.number) return checkpoint.hash === head.hash;
    return (await this.#headAt(checkpoint.number)).hash === checkpoint.hash;
  }

  /** Reads what happened to microgrids after `block` up to `head`. Returns whom it concerns. */
  async #readMicrogrids(head: Head, block: number): Promise<ReadonlySet<number>> {
    const concerned = new Set<number>();
    await this.#microgrids.rewind(block);
    const contracts = [this.#deployment.microgrids];
    for await (const { answer } of this.#logs(contracts, block + 1, head.number)) {
      for (const one of await this.#microgrids.add(answer, this.#client)) concerned.add(one);
    }
    return concerned;
  }

  /** Reads what happened after `block` up to the snapshot's; orders posted on the board are accepted. */
  async #read(snapshot: Snapshot, block: number): Promise<Touched> {
    const { head } = snapshot;
    const { marketplace, meters, energy, board } = this.#deployment;
    const contracts = [marketplace, meters, energy, board];
    const parts: Touched[] = [];
    for await (const { to, answer: logs } of this.#logs(contracts, block + 1, head.number)) {
      if (to === head.number) {
        const other = logs.some(
          ({ blockNumber, blockHash }) =>
            blockNumber === BigInt(head.number) && blockHash !== head.hash,
        );
        if (other || (await this.#headAt(head.number)).hash !== head.hash) {
          throw new ChainMovedError("The chain was reorganised while its logs were read.");
        }
      }
      const effects = effectsOf(logs);
      await this.#book.rememberPositions(effects.positions);
      await this.#book.takePinned(effects.pinned, snapshot);
      parts.push(effects.touched, await this.#touchedBeside(effects, snapshot));
    }
    return union(parts);
  }

  /** The logs of contracts, range by range. */
  #logs(
    contracts: readonly Address[],
    from: number,
    to: number,
  ): AsyncGenerator<BlockRange<readonly Log[]>> {
    const read = (first: number, last: number): Promise<readonly Log[]> =>
      this.#client.getLogs({
        address: [...contracts],
        fromBlock: BigInt(first),
        toBlock: BigInt(last),
      });
    return inRanges(from, to, read, { size: this.#rangeSize, signal: this.#stopping });
  }

  /** The accounts that releases and charges concern, which the logs do not name. */
  async #touchedBeside({ released, charged }: LogEffects, snapshot: Snapshot): Promise<Touched> {
    const makers = new Set<Address>(await this.#book.partiesOf([...released]));
    if (charged) for (const { dso } of snapshot.microgrids.values()) makers.add(dso);
    return { ...NOTHING_TOUCHED, makers };
  }

  #headAt(block: number | "latest"): Promise<Head> {
    return headAt(this.#client, block);
  }
}
