import { coveredSlots, type Deployment } from "@wattline/sdk";
import type { Hex, PublicClient } from "viem";
import { requireStanding } from "../chain/moved.ts";
import { doneIn, tradeOfAct } from "../chain/trades.ts";
import { promiseKey } from "./book.ts";
import { reportedKey } from "./readings.ts";

/** What the chain has of promises and readings. */
export interface Settled {
  /** Wh by promise, see `promiseKey`. */
  readonly tradedWh: ReadonlyMap<string, bigint>;
  /** The same trade by trade, the earliest first. */
  readonly trades: ReadonlyMap<string, readonly SlotTrade[]>;
  /** The transactions that settled them. */
  readonly transactions: ReadonlySet<Hex>;
  /** Wh by meter and slot. */
  readonly reportedWh: ReadonlyMap<string, bigint>;
}

/** What was traded of a slot in a block. */
export interface SlotTrade {
  readonly block: number;
  readonly energyWh: bigint;
}

export const NOTHING_SETTLED: Settled = {
  tradedWh: new Map(),
  trades: new Map(),
  transactions: new Set(),
  reportedWh: new Map(),
};

/** Reads what was settled and reported since a block, and goes on from there; anew when blocks were replaced. */
export class SettledReader {
  readonly #client: PublicClient;
  readonly #deployment: Deployment;
  readonly #fromBlock: number;
  #read: { readonly number: number; readonly hash: Hex } | undefined;
  #tradedWh = new Map<string, bigint>();
  #trades = new Map<string, SlotTrade[]>();
  #transactions = new Set<Hex>();
  #reportedWh = new Map<string, bigint>();

  /** @param fromBlock The first block of which anything is wanted. */
  constructor(client: PublicClient, deployment: Deployment, fromBlock: number) {
    this.#client = client;
    this.#deployment = deployment;
    this.#fromBlock = fromBlock;
  }

  /** Up to a block. @throws MovedError when it is replaced meanwhile, and what the node throws; the next call begins anew */
  async at(head: { readonly number: number; readonly hash: Hex }): Promise<Settled> {
    const last = this.#read;
    if (last?.hash === head.hash) return this.#settled;
    this.#read = undefined;
    const stands = last !== undefined && (await this.#hashAt(last.number)) === last.hash;
    if (!stands) {
      this.#tradedWh = new Map();
      this.#trades = new Map();
      this.#transactions = new Set();
      this.#reportedWh = new Map();
    }
    const from = stands ? last.number + 1 : this.#fromBlock;
    if (from <= head.number) await this.#take(from, head.number);
    await requireStanding(this.#client, head);
    this.#read = head;
    return this.#settled;
  }

  get #settled(): Settled {
    return {
      tradedWh: this.#tradedWh,
      trades: this.#trades,
      transactions: this.#transactions,
      reportedWh: this.#reportedWh,
    };
  }

  async #take(from: number, to: number): Promise<void> {
    const done = doneIn(this.#client, this.#deployment, from, to);
    for await (const { block, transaction, acts, events } of done) {
      for (const trade of acts.map(tradeOfAct)) {
        if (trade?.offerHash === undefined || trade.bidHash === undefined) continue;
        const { offerHash: offer, bidHash: bid, source } = trade;
        this.#transactions.add(transaction);
        for (const [slot, wh] of trade.sentWh) {
          const key = promiseKey({ offer, bid, source, slot });
          this.#tradedWh.set(key, (this.#tradedWh.get(key) ?? 0n) + wh);
          this.#trades.set(key, [...(this.#trades.get(key) ?? []), { block, energyWh: wh }]);
        }
      }
      for (const event of events) {
        if (event.eventName !== "Reported") continue;
        const { meter, firstBlock, exported } = event.args;
        for (const [slot, wh] of coveredSlots({ firstBlock, words: exported })) {
          this.#reportedWh.set(reportedKey(meter, slot), wh);
        }
      }
    }
  }

  async #hashAt(number: number): Promise<Hex | undefined> {
    const block = await this.#client
      .getBlock({ blockNumber: BigInt(number) })
      .catch(() => undefined);
    return block?.hash;
  }
}
