import { type Followed, NO_REORGANISATIONS, reorganised } from "@wattline/common/followed";
import { logRanges } from "@wattline/common/node";
import { Snapshot } from "@wattline/relay/chain";
import {
  boardAbi,
  type Deployment,
  decodeLog,
  type Microgrid,
  Microgrids,
  marketplaceAbi,
  microgridsAbi,
  type Position,
  type SignedOrder,
  type TieLine,
} from "@wattline/sdk";
import {
  type AbiEvent,
  getAbiItem,
  type Hex,
  isAddressEqual,
  type Log,
  type PublicClient,
  parseEventLogs,
} from "viem";
import { MovedError, requireStanding } from "./moved.ts";

/** The chain at its newest block, and what its events have said up to there. */
export interface ChainState {
  /** Asks contracts at that block. */
  readonly view: Snapshot;
  /** Forwards that were reserved and, as far as is known, not wholly settled. */
  readonly positions: ReadonlyMap<Hex, Position>;
  /** Tie lines between microgrids. */
  readonly lines: readonly TieLine[];
  /** Orders that were posted on the board. */
  readonly pinned: readonly SignedOrder[];
}

/** A block that was the newest once. */
interface Checkpoint {
  readonly number: number;
  readonly hash: Hex;
}

/** An event that is kept with its block, so that it can be taken back when the block is. */
interface Kept<T> {
  readonly block: number;
  readonly what: T;
}

/** A reorganisation that goes further back than this is answered by reading everything again. */
const MOST_CHECKPOINTS = 512;

/**
 * Follows the events that an auctioneer needs: those about microgrids, reservations, and orders on the board. All else is asked
 * of the contracts at the newest block. When blocks are replaced, their events are taken back.
 */
export class Ledger {
  readonly #client: PublicClient;
  readonly #deployment: Deployment;
  #checkpoints: Checkpoint[] = [];
  #microgridLogs: Kept<Log>[] = [];
  #reserved: Kept<{ readonly id: Hex; readonly position: Position }>[] = [];
  #pinned: Kept<SignedOrder>[] = [];
  /** Positions without an open block, with the block at which that was seen. */
  readonly #closed = new Map<Hex, number>();
  #microgrids: ReadonlyMap<number, Microgrid> = new Map();
  #lines: readonly TieLine[] = [];
  #state: ChainState | undefined;
  #head: number | undefined;
  #reorganisations = NO_REORGANISATIONS;

  constructor(client: PublicClient, deployment: Deployment) {
    this.#client = client;
    this.#deployment = deployment;
  }

  /**
   * Reads the chain up to its newest block.
   * @returns The same object as before when there is no newer one.
   * @throws what the node throws; the next call goes on from there.
   */
  async follow(): Promise<ChainState> {
    for (;;) {
      try {
        return await this.#followOnce();
      } catch (error) {
        if (!(error instanceof MovedError)) throw error;
      }
    }
  }

  /** How far it has come; undefined before the first block. */
  get followed(): Followed | undefined {
    if (this.#head === undefined) return undefined;
    const { number: block = this.#deployment.fromBlock, time: blockTime } =
      this.#state?.view.head ?? {};
    return { head: this.#head, block, blockTime, reorganisations: this.#reorganisations };
  }

  /** As of the newest block that was read. */
  get microgrids(): ReadonlyMap<number, Microgrid> {
    return this.#microgrids;
  }

  /** A position has no open block at the newest block. It is asked about no more, unless that block is replaced. */
  close(id: Hex): void {
    const newest = this.#checkpoints.at(-1);
    if (newest !== undefined) this.#closed.set(id, newest.number);
  }

  async #followOnce(): Promise<ChainState> {
    const { number, hash, timestamp } = await this.#client.getBlock();
    const head = { number: Number(number), hash, time: Number(timestamp) };
    this.#head = head.number;
    if (this.#state?.view.head.hash === hash) return this.#state;
    await this.#rewind(head.number);
    const known = this.#checkpoints.at(-1)?.number ?? this.#deployment.fromBlock - 1;
    const { microgrids, marketplace, board } = this.#deployment;
    const fresh: Log[] = [];
    const contracts = [microgrids, marketplace, board];
    for await (const { answer: logs } of logRanges(
      this.#client,
      contracts,
      known + 1,
      head.number,
      EVENTS,
    ))
      fresh.push(...logs);
    await requireStanding(this.#client, head);
    if (fresh.some(({ blockHash: of, blockNumber }) => blockNumber === number && of !== hash))
      throw new MovedError();
    await this.#take(fresh);
    this.#checkpoints.push({ number: head.number, hash });
    this.#forgetOld(head.number);
    this.#state = {
      view: new Snapshot(this.#client, this.#deployment, head, this.#microgrids, false),
      positions: new Map(
        this.#reserved
          .filter(({ what: { id } }) => !this.#closed.has(id))
          .map(({ what: { id, position } }) => [id, position]),
      ),
      lines: this.#lines,
      pinned: this.#pinned.map(({ what }) => what),
    };
    return this.#state;
  }

  /** Takes back what blocks said that are not on the chain any more. */
  async #rewind(head: number): Promise<void> {
    const newest = this.#checkpoints.at(-1);
    for (let last = this.#checkpoints.at(-1); last !== undefined; last = this.#checkpoints.at(-1)) {
      if (last.number <= head) {
        const { hash } = await this.#client.getBlock({ blockNumber: BigInt(last.number) });
        if (hash === last.hash) break;
      }
      this.#checkpoints.pop();
    }
    if (newest === undefined || this.#checkpoints.at(-1) === newest) return;
    const common = this.#checkpoints.at(-1)?.number ?? this.#deployment.fromBlock - 1;
    this.#reorganisations = reorganised(this.#reorganisations, newest.number - common);
    const stands = ({ block }: Kept<unknown>): boolean => block <= common;
    this.#microgridLogs = this.#microgridLogs.filter(stands);
    this.#reserved = this.#reserved.filter(stands);
    this.#pinned = this.#pinned.filter(stands);
    for (const [id, block] of this.#closed) if (block > common) this.#closed.delete(id);
    this.#readMicrogrids();
  }

  async #take(logs: readonly Log[]): Promise<void> {
    const { microgrids } = this.#deployment;
    let changed = false;
    for (const log of logs) {
      if (!isAddressEqual(log.address, microgrids)) continue;
      changed = true;
      const { blockHash } = log;
      const timed =
        log.blockTimestamp !== undefined || blockHash === null
          ? log
          : { ...log, blockTimestamp: (await this.#client.getBlock({ blockHash })).timestamp };
      this.#microgridLogs.push({ block: blockOf(log), what: timed });
    }
    if (changed) this.#readMicrogrids();
    for (const log of parseEventLogs({
      abi: marketplaceAbi,
      eventName: "Reserved",
      logs: [...logs],
    })) {
      const { positionId: id, position } = log.args;
      this.#reserved.push({ block: blockOf(log), what: { id, position } });
    }
    for (const log of parseEventLogs({ abi: boardAbi, eventName: "Pinned", logs: [...logs] })) {
      const { order, signature } = log.args;
      this.#pinned.push({ block: blockOf(log), what: { order, signature } });
    }
  }

  #readMicrogrids(): void {
    const book = new Microgrids();
    for (const {
      what: { address, topics, data, logIndex, blockTimestamp },
    } of this.#microgridLogs) {
      const log = { address, topics, data, logIndex: logIndex ?? 0 };
      const event = decodeLog(this.#deployment, log);
      if (event !== undefined) book.add(event, Number(blockTimestamp));
    }
    this.#microgrids = new Map(book.all().map((one) => [one.microgrid, one]));
    this.#lines = book.lines();
  }

  /** Forgets what no reorganisation within the checkpoints can bring back. */
  #forgetOld(head: number): void {
    if (this.#checkpoints.length > MOST_CHECKPOINTS) this.#checkpoints.shift();
    const oldest = this.#checkpoints[0]?.number ?? head;
    const gone = new Set([...this.#closed].filter(([, block]) => block < oldest).map(([id]) => id));
    if (gone.size === 0) return;
    for (const id of gone) this.#closed.delete(id);
    this.#reserved = this.#reserved.filter(({ what }) => !gone.has(what.id));
  }
}

/** What is read of the chain's history; the rest is none of an auctioneer's business. */
const EVENTS: readonly AbiEvent[] = [
  ...microgridsAbi.filter((item) => item.type === "event"),
  getAbiItem({ abi: marketplaceAbi, name: "Reserved" }),
  getAbiItem({ abi: boardAbi, name: "Pinned" }),
];

const blockOf = ({ blockNumber }: Pick<Log, "blockNumber">): number => {
  if (blockNumber === null) throw new MovedError("The node has given a log of no block.");
  return Number(blockNumber);
};
