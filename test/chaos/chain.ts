import { setTimeout as sleep } from "node:timers/promises";
import { Turns } from "@wattline/relay/turns";
import { createClient, type Hex, http, rpcSchema } from "viem";
import type { World } from "../../services/relay/test/support/world.ts";
import type { Clock } from "./clock.ts";

/** What of anvil's interface viem has no words for. */
type Asked = [
  {
    Method: "anvil_reorg";
    Parameters: [depth: number, transactions: [raw: Hex, block: number][]];
    ReturnType: null;
  },
  { Method: "eth_getRawTransactionByHash"; Parameters: [hash: Hex]; ReturnType: Hex },
];
const anvilAt = (rpcUrl: string) =>
  createClient({ transport: http(rpcUrl), rpcSchema: rpcSchema<Asked>() });

const BLOCK_MS = 1_000;
/** Blocks between what the play rests on and the first that may be replaced. */
export const DEEPEST = 20;

/** The chain of the play: a block a second at the time of its clock, and now and then another history. */
export class PlayedChain {
  readonly #world: World;
  readonly #raw: ReturnType<typeof anvilAt>;
  readonly #clock: Clock;
  /** A block is not mined while others are replaced. */
  readonly #turns = new Turns();
  #timer: NodeJS.Timeout | undefined;
  /** How many transactions were in blocks that were replaced. */
  readonly replaced = { kept: 0, dropped: 0 };

  constructor(world: World, clock: Clock) {
    this.#world = world;
    this.#raw = anvilAt(world.rpcUrl);
    this.#clock = clock;
  }

  /** Begins to mine, so deep that no reorganisation reaches what came before. */
  async start(): Promise<void> {
    await this.#world.client.mine({ blocks: DEEPEST + 1 });
    await this.mine();
    this.#timer = setInterval(() => void this.mine().catch(() => undefined), BLOCK_MS);
  }

  /** From here on only what is sent makes a block. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#turns.take(async () => undefined);
  }

  /** Mines a block at the time that the clock shows. */
  mine(): Promise<void> {
    return this.#turns.take(async () => {
      const { client } = this.#world;
      const { timestamp: last } = await client.getBlock();
      const time = BigInt(Math.floor(this.#clock.nowMs() / 1000));
      if (time > last) await client.setNextBlockTimestamp({ timestamp: time });
      await client.mine({ blocks: 1 });
    });
  }

  /**
   * Replaces the newest blocks by others.
   * @param keeps Whether what was in them comes back; else it is gone, as from a node that has not heard of it.
   */
  async reorganise(depth: number, keeps: boolean): Promise<void> {
    await this.#turns.take(async () => {
      const { client } = this.#world;
      const head = await client.getBlockNumber();
      const raws: [raw: Hex, block: number][] = [];
      for (let place = 0; place < depth; place++) {
        const blockNumber = head - BigInt(depth - 1 - place);
        const block = await client.getBlock({ blockNumber });
        this.replaced[keeps ? "kept" : "dropped"] += block.transactions.length;
        for (const hash of block.transactions)
          raws.push([
            await this.#raw.request({ method: "eth_getRawTransactionByHash", params: [hash] }),
            place,
          ]);
      }
      await this.#raw.request({ method: "anvil_reorg", params: [depth, keeps ? raws : []] });
    });
    // The new blocks are as old as the one that they rest on.
    await this.mine();
  }

  /** Waits until some of the newest blocks hold a transaction that has so many blocks above it. */
  async untilBuried(blocks: number, newest: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !(await this.#holdsBelow(blocks, newest))) {
      await sleep(BLOCK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #holdsBelow(blocks: number, newest: number): Promise<boolean> {
    const { client } = this.#world;
    const head = await client.getBlockNumber();
    const counts = await Promise.all(
      Array.from({ length: newest - blocks }, (_, i) =>
        client.getBlockTransactionCount({ blockNumber: head - BigInt(blocks + i) }),
      ),
    );
    return counts.some((count) => count > 0);
  }
}
