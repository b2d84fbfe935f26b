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
  /** In parts, by the outage in which each was made: of the same orders more may be promised in the next one. */
  readonly parts: readonly PromisedPart[];
  readonly failedWh: bigint;
  /** What was settled of it when all was settled last. */
  readonly closedWh: bigint;
}

export interface PromisedPart {
  /** The last block that was known: only later trades settle it. */
  readonly since: number;
  readonly energyWh: bigint;
}

/** What the ledger's entries come to. */
export class PromiseBook {
  /** The outage whose promises are not settled yet. */
  outage: OutageEntry | undefined;
  isBack = false;
  /** The block as of which all is settled or named, and nothing was taken back or added since. */
  closedBlock: number | undefined;
  isFinal = false;
  /** The first block that may settle or report anything of this; undefined when that may be any. */
  firstBlock: number | undefined;
  readonly orders = new Map<Hex, SignedOrder>();
  /** In the order in which they came. */
  readonly readings: ReadingEntry[] = [];
  readonly conflicts: ConflictEntry[] = [];
  readonly failures: FailedEntry[] = [];
  readonly #promises = new Map<string, Promised>();
  readonly #exportedWh = new Map<string, bigint>();
  #lastOutage: OutageEntry | undefined;

  /** In the order in which they were made. */
  get promises(): IterableIterator<Promised> {
    return this.#promises.values();
  }

  get promiseCount(): number {
    return this.#promises.size;
  }

  get isEmpty(): boolean {
    return this.#lastOutage === undefined && this.readings.length === 0;
  }

  /** Whether all is settled or named, as of {@link closedBlock}. */
  get isClosed(): boolean {
    return this.closedBlock !== undefined;
  }

  /** Whether promises wait for the chain, or for being settled. */
  get isOpen(): boolean {
    return this.outage !== undefined;
  }

  /** What a device has signed first for a slot. */
  exportedWh(meter: Address, slot: number): bigint | undefined {
    return this.#exportedWh.get(`${meter.toLowerCase()} ${slot}`);
  }

  apply(entry: Entry): void {
    switch (entry.kind) {
      case "header":
        break;
      case "outage":
        if (this.isEmpty) this.firstBlock = entry.block + 1;
        this.outage ??= entry;
        this.#lastOutage = entry;
        this.isBack = false;
        this.closedBlock = undefined;
        break;
      case "order":
        this.orders.set(entry.hash, { order: entry.order, signature: entry.signature });
        break;
      case "reading":
        // While the chain is in reach, it may have been reported by others before it came here.
        if (this.outage === undefined || this.isBack) this.firstBlock = undefined;
        this.readings.push(entry);
        this.closedBlock = undefined;
        for (const [slot, wh] of slotsOf(entry)) {
          const key = `${entry.meter.toLowerCase()} ${slot}`;
          if (!this.#exportedWh.has(key)) this.#exportedWh.set(key, wh);
        }
        break;
      case "conflict":
        this.conflicts.push(entry);
        break;
      case "cleared":
        for (const each of entry.promises) this.#promise(each);
        break;
      case "back":
        this.isBack = true;
        break;
      case "failed":
        this.failures.push(entry);
        this.#change(entry, ({ failedWh }) => ({ failedWh: failedWh + entry.energyWh }));
        break;
      case "closed":
        this.outage = undefined;
        this.closedBlock = entry.block;
        for (const each of this.promises) {
          this.#change(each, ({ energyWh, failedWh }) => ({ closedWh: energyWh - failedWh }));
        }
        break;
      case "reopened":
        this.outage = this.#lastOutage;
        this.closedBlock = undefined;
        for (const each of this.promises) this.#change(each, () => ({ closedWh: 0n }));
        break;
      case "final":
        this.isFinal = true;
        break;
    }
  }

  #promise(more: KeptPromise): void {
    const known = this.#promises.get(promiseKey(more));
    const since = this.#lastOutage?.block ?? 0;
    this.#promises.set(promiseKey(more), {
      ...more,
      energyWh: more.energyWh + (known?.energyWh ?? 0n),
      parts: [...(known?.parts ?? []), { since, energyWh: more.energyWh }],
      failedWh: known?.failedWh ?? 0n,
      closedWh: known?.closedWh ?? 0n,
    });
  }

  #change(
    which: Pick<KeptPromise, "offer" | "bid" | "source" | "slot">,
    to: (promise: Promised) => Partial<Promised>,
  ): void {
    const known = this.#promises.get(promiseKey(which));
    if (known !== undefined) this.#promises.set(promiseKey(which), { ...known, ...to(known) });
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
