import type { Deployment } from "@wattline/sdk";
import type { Address, Hex, PublicClient } from "viem";
import type { Book } from "../book.ts";
import { type Checkpoint, Checkpoints } from "../store/checkpoints.ts";
import { logRanges } from "./logs.ts";
import { type Head, Snapshot } from "./snapshot.ts";
import { NOTHING_TOUCHED, type Tidings, type Touched, tidingsOf, union } from "./touched.ts";

/** The chain has changed while it was read; it is read again. */
class ChainMovedError extends Error {}

/** When a node counts as cut off from the chain. */
export interface Outage {
  /** How many seconds its newest block must be old. */
  readonly afterSeconds: number;
  /** Unix seconds. */
  now(): number;
}

/** During an outage time goes on in steps of so many seconds. */
const OUTAGE_STEP_SECONDS = 10;

/** Whether the book keeps up with the chain. */
export interface Following {
  /** The block that the book stands at. */
  readonly block: number;
  readonly blockHash: Hex | undefined;
  /** The newest block seen. */
  readonly head: number;
  /** Whether the node has had no block for so long that it must be cut off from the chain. */
  readonly isCutOff: boolean;
  /** Why the chain can't be read; undefined while it can. */
  readonly trouble: string | undefined;
}

/**
 * Follows the chain and keeps the book true to it. After each new block, orders of everybody whom its logs concern
 * are judged anew by what the chain says at that block. Blocks are remembered by their hashes: when one is gone, the
 * chain has been reorganised, and whatever the blocks since the last common one had touched is judged again too.
 */
export class Follower {
  readonly #client: PublicClient;
  readonly #deployment: Deployment;
  readonly #book: Book;
  readonly #checkpoints: Checkpoints;
  readonly #outage: Outage;
  /** Everything is judged once after a start: nothing that was going on when the relay stopped can be missed. */
  #startedAfresh = true;
  /** When orders were last judged by the outage's clock; undefined while the chain goes on. */
  #cutOffAt: number | undefined;
  #following: Following;

  private constructor(
    client: PublicClient,
    deployment: Deployment,
    book: Book,
    checkpoints: Checkpoints,
    outage: Outage,
  ) {
    this.#client = client;
    this.#deployment = deployment;
    this.#book = book;
    this.#checkpoints = checkpoints;
    this.#outage = outage;
    const block = checkpoints.last?.number ?? deployment.fromBlock;
    this.#following = {
      block,
      blockHash: undefined,
      head: block,
      isCutOff: false,
      trouble: undefined,
    };
  }

  static async create(
    client: PublicClient,
    deployment: Deployment,
    book: Book,
    outage: Outage,
  ): Promise<Follower> {
    return new Follower(client, deployment, book, await Checkpoints.load(book.db), outage);
  }

  get following(): Following {
    return this.#following;
  }

  /**
   * Looks at the chain once and brings the book up to its newest block.
   * @throws what the RPC throws; the next look goes on from there.
   */
  async look(): Promise<void> {
    try {
      await this.#catchUp();
      this.#following = { ...this.#following, trouble: undefined };
    } catch (error) {
      if (error instanceof ChainMovedError) return;
      const trouble = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
      this.#following = { ...this.#following, trouble };
      throw error;
    }
  }

  async #catchUp(): Promise<void> {
    const head = await this.#headAt("latest");
    this.#following = { ...this.#following, head: head.number };
    const last = this.#checkpoints.last;
    const now = this.#outage.now();
    const isCutOff = now - head.time > this.#outage.afterSeconds;
    const hasTurned = isCutOff !== (this.#cutOffAt !== undefined);
    if (last?.hash === head.hash && !this.#startedAfresh && !hasTurned) {
      if (this.#cutOffAt !== undefined && now - this.#cutOffAt >= OUTAGE_STEP_SECONDS) {
        this.#book.standAt(this.#snapshotAt(head, now));
        await this.#book.judgeTouched(NOTHING_TOUCHED);
        this.#cutOffAt = now;
      } else await this.#book.judgeStragglers();
      return;
    }

    const { common, orphaned } = await this.#commonWith(head);
    const snapshot = this.#snapshotAt(head, isCutOff ? now : undefined);
    const touched = await this.#read(snapshot, common?.number ?? this.#deployment.fromBlock - 1);
    const suspects = [touched, ...orphaned.map((checkpoint) => checkpoint.touched)];
    const all = this.#startedAfresh || hasTurned || (common === undefined && last !== undefined);

    // From here on new orders are judged at this block; those judged earlier and written later are stragglers.
    this.#book.standAt(snapshot);
    await this.#book.judgeTouched(all ? "all" : union(suspects));
    // Nothing is older than the first checkpoint: were it orphaned, everything would be judged.
    const remembered = common === undefined ? NOTHING_TOUCHED : union(suspects);
    await this.#checkpoints.replace(common, { ...head, touched: remembered });
    this.#startedAfresh = false;
    this.#cutOffAt = isCutOff ? now : undefined;
    const { number: block, hash: blockHash } = head;
    this.#following = { ...this.#following, block, blockHash, isCutOff };
  }

  /** The chain's say at a block; during an outage, with the time that it is meanwhile. */
  #snapshotAt(head: Head, cutOffAt: number | undefined): Snapshot {
    const time = cutOffAt ?? head.time;
    return new Snapshot(this.#client, this.#deployment, { ...head, time }, cutOffAt !== undefined);
  }

  /** The newest block that the book has stood at and the chain still has, and those that it has no more. */
  async #commonWith(head: Head) {
    const known = this.#checkpoints.all;
    // Blocks are gone from some point on: look for it by halves.
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

  /** Reads what happened after `block` up to the snapshot's; orders that were pinned are taken in. */
  async #read(snapshot: Snapshot, block: number): Promise<Touched> {
    const { head } = snapshot;
    const { marketplace, meters, energy, board } = this.#deployment;
    const contracts = [marketplace, meters, energy, board];
    const parts: Touched[] = [];
    for await (const { toBlock, logs } of logRanges(
      this.#client,
      contracts,
      block + 1,
      head.number,
    )) {
      if (toBlock === head.number) {
        const other = logs.some(
          ({ blockNumber, blockHash }) =>
            blockNumber === BigInt(head.number) && blockHash !== head.hash,
        );
        if (other || (await this.#headAt(head.number)).hash !== head.hash) {
          throw new ChainMovedError("The chain was reorganised while its logs were read.");
        }
      }
      const tidings = tidingsOf(logs);
      await this.#book.rememberPositions(tidings.positions);
      await this.#book.takePinned(tidings.pinned, snapshot);
      parts.push(tidings.touched, await this.#touchedBeside(tidings, snapshot));
    }
    return union(parts);
  }

  /** Whom releases and charges concern, which logs do not name. */
  async #touchedBeside({ released, charged }: Tidings, snapshot: Snapshot): Promise<Touched> {
    const makers = new Set<Address>(await this.#book.partiesOf([...released]));
    if (charged) {
      for (const number of this.#book.shelf.microgrids) {
        const microgrid = await snapshot.microgrid(number);
        if (microgrid !== undefined) makers.add(microgrid.dso);
      }
    }
    return { ...NOTHING_TOUCHED, makers };
  }

  async #headAt(block: number | "latest"): Promise<Head> {
    const { number, hash, timestamp } = await this.#client.getBlock(
      block === "latest" ? { blockTag: block } : { blockNumber: BigInt(block) },
    );
    return { number: Number(number), hash, time: Number(timestamp) };
  }
}
