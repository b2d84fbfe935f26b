import { coveredSlots, type SignedOrder } from "@wattline/sdk";
import type { Address, Hex } from "viem";
import type {
  ConflictEntry,
  Entry,
  FailedEntry,
  KeptPromise,
  OutageEntry,
  ReadingEntry,
} from "./entries.ts";

/** A promise, and what of it has failed. */
export interface Promised extends KeptPromise {
  readonly failedWh: bigint;
}

/** What the ledger's entries come to. */
export class PromiseBook {
  outage: OutageEntry | undefined;
  isBack = false;
  isClosed = false;
  readonly orders = new Map<Hex, SignedOrder>();
  /** In the order in which they came. */
  readonly readings: ReadingEntry[] = [];
  readonly conflicts: ConflictEntry[] = [];
  readonly failures: FailedEntry[] = [];
  /** Rises with each entry: what is derived from the book is derived anew. */
  version = 0;
  readonly #promises = new Map<string, Promised>();
  readonly #exportedWh = new Map<string, bigint>();

  /** In the order in which they were made. */
  get promises(): IterableIterator<Promised> {
    return this.#promises.values();
  }

  get promiseCount(): number {
    return this.#promises.size;
  }

  /** Whether promises wait for the chain, or for being settled. */
  get isOpen(): boolean {
    return this.outage !== undefined && !this.isClosed;
  }

  /** What a device has signed first for a slot. */
  exportedWh(meter: Address, slot: number): bigint | undefined {
    return this.#exportedWh.get(`${meter.toLowerCase()} ${slot}`);
  }

  apply(entry: Entry): void {
    this.version++;
    switch (entry.kind) {
      case "header":
        break;
      case "outage":
        this.outage ??= entry;
        this.isBack = false;
        break;
      case "order":
        this.orders.set(entry.hash, { order: entry.order, signature: entry.signature });
        break;
      case "reading":
        this.readings.push(entry);
        for (const [slot, wh] of slotsOf(entry)) {
          const key = `${entry.meter.toLowerCase()} ${slot}`;
          if (!this.#exportedWh.has(key)) this.#exportedWh.set(key, wh);
        }
        break;
      case "conflict":
        this.conflicts.push(entry);
        break;
      case "cleared":
        for (const each of entry.promises) {
          const known = this.#promises.get(promiseKey(each));
          const energyWh = each.energyWh + (known?.energyWh ?? 0n);
          const failedWh = known?.failedWh ?? 0n;
          this.#promises.set(promiseKey(each), { ...each, energyWh, failedWh });
        }
        break;
      case "back":
        this.isBack = true;
        break;
      case "failed": {
        this.failures.push(entry);
        const known = this.#promises.get(promiseKey(entry));
        if (known === undefined) break;
        const failedWh = known.failedWh + entry.energyWh;
        this.#promises.set(promiseKey(entry), { ...known, failedWh });
        break;
      }
      case "closed":
        this.isClosed = true;
        break;
    }
  }
}

/** What tells a promise from others. */
export const promiseKey = ({
  offer,
  bid,
  source,
  slot,
}: Pick<KeptPromise, "offer" | "bid" | "source" | "slot">): string =>
  `${offer} ${bid} ${source} ${slot}`;

/** The slots that a reading covers, with their export. */
export const slotsOf = ({
  firstBlock,
  exported,
}: Pick<ReadingEntry, "firstBlock" | "exported">): Map<number, bigint> =>
  coveredSlots({ firstBlock, words: exported });
