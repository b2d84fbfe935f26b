import path from "node:path";
import { writeWhole } from "@wattline/common/files";
import { isFinal } from "@wattline/common/final";
import type { Report } from "@wattline/common/log";
import { reasonOf } from "@wattline/common/mendable";
import type { Snapshot } from "@wattline/relay/chain";
import {
  BID,
  type Deployment,
  isFirm,
  OFFER,
  type Order,
  type Pairing,
  type SignedOrder,
  slotAt,
} from "@wattline/sdk";
import type { Address, Hex, PublicClient } from "viem";
import type { ChainState } from "../chain/ledger.ts";
import { pairingsOf } from "../clearing.ts";
import { isFor, type Verifier } from "../orders/verify.ts";
import type { Step } from "../sending/step.ts";
import type { Call } from "../simulate.ts";
import type { Timing } from "../timing.ts";
import { assignedBy } from "./assigned.ts";
import type { Entry } from "./entries.ts";
import { PromiseLedger } from "./ledger.ts";
import { Members } from "./members.ts";
import { type Handed, takeReading } from "./readings.ts";
import { type IslandStatus, type Known, reportOf, statusOf } from "./report.ts";
import { openPromises } from "./settle.ts";
import { NOTHING_SETTLED } from "./settled.ts";
import { Settling, type Trying } from "./settling.ts";
import { PromisedView } from "./view.ts";

/** How an auctioneer goes on without the chain. */
export interface IslandOptions {
  readonly client: PublicClient;
  readonly deployment: Deployment;
  readonly settler: Address;
  readonly verifier: Verifier;
  /** Its folder. */
  readonly folder: string;
  /** The age of the newest block from which the chain counts as out of reach. */
  readonly offlineAfterSeconds: number;
  /** How long an order has to be good for, after it is promised. */
  readonly holdSeconds: number;
  readonly timing: Timing;
  readonly microgrids: readonly number[] | undefined;
  /** Our clock, Unix milliseconds. */
  readonly now: () => number;
  readonly report: Report;
}

/** What became of a reading that was handed over. */
export type Taken =
  | { readonly status: "kept" | "known" }
  | { readonly status: "refused"; readonly reason: string };

/** Offers of slots that ended so long before the outage may be promised, too. */
const PAST_SECONDS = 86_400;
/** Slots that an order may reach: the relay takes no longer ones. */
const MOST_SLOTS = 2_688;

/** Promises what neighbours trade while no chain is in reach, and settles it when the chain is back. */
export class Island {
  readonly #options: IslandOptions;
  readonly #ledger: PromiseLedger;
  readonly #members: Members;
  #view: Snapshot | undefined;
  /** From the first look at what is settled until that is final. */
  #settling: Settling | undefined;
  /** One after another: of two numbers for one slot, one is the first. */
  #taking: Promise<unknown> = Promise.resolve();

  /** @throws MendableError when what was promised before can't be read. */
  constructor(options: IslandOptions) {
    const { folder, deployment, settler, report } = options;
    const { chainId, marketplace } = deployment;
    this.#options = options;
    this.#members = new Members(options.client, deployment);
    this.#ledger = new PromiseLedger(folder, { chainId, marketplace, settler }, report);
  }

  /** What is promised and neither settled nor failed, as far as was read of the chain. */
  get unsettled(): { readonly promises: number; readonly energyWh: bigint } {
    const { book } = this.#ledger;
    const open = book.isOpen ? openPromises(book, this.#settling?.settled ?? NOTHING_SETTLED) : [];
    return { promises: open.length, energyWh: sumOf(open.map(({ energyWh }) => energyWh)) };
  }

  /** Whether a block is so old that no chain can be in reach. */
  isOffline({ head }: Pick<Snapshot, "head">): boolean {
    return this.#options.now() / 1000 - head.time > this.#options.offlineAfterSeconds;
  }

  /** How it stands. */
  status(maker?: Address): IslandStatus {
    const view = this.#view;
    const isOffline = view !== undefined && this.isOffline(view);
    return statusOf(this.#known(isOffline), maker);
  }

  /** Takes readings in that agents hand over; the good ones are safe on the disk when it returns. */
  take(handed: readonly Handed[]): Promise<Taken[]> {
    const turn = this.#taking.then(() => this.#take(handed));
    this.#taking = turn.catch(() => undefined);
    return turn;
  }

  async #take(handed: readonly Handed[]): Promise<Taken[]> {
    const view = this.#view;
    const { deployment, now } = this.#options;
    const reason = "The chain has not been read yet. Try again in a moment.";
    if (view === undefined) return handed.map(() => ({ status: "refused", reason }));
    const taken: Taken[] = [];
    for (const each of handed) {
      try {
        const { book } = this.#ledger;
        const entries = await takeReading(view, deployment.chainId, book, each, now());
        this.#ledger.append(...entries);
        const conflict = entries.find(({ kind }) => kind === "conflict");
        if (conflict?.kind === "conflict") {
          const { meter, slot, firstWh, secondWh } = conflict;
          throw new Error(
            `${meter} has signed ${firstWh} Wh for the slot ${slot} before, and now ${secondWh} Wh. The first one counts.`,
          );
        }
        taken.push({ status: entries.length > 0 ? "kept" : "known" });
      } catch (error) {
        taken.push({ status: "refused", reason: reasonOf(error) });
      }
    }
    return taken;
  }

  /** Takes note of the chain as it is seen; while it is in reach all is asked that promises may rest on. */
  async see({ view }: ChainState): Promise<void> {
    this.#view = view;
    if (this.isOffline(view)) return;
    await this.#members.ask(view, this.#options.now());
    await this.#settling?.look(view);
  }

  /** Each microgrid, and the first slot whose offers may be promised still: those of a day before the outage, too. */
  since({ view }: ChainState): { readonly microgrid: number; readonly slot: number }[] {
    const { microgrids } = this.#options;
    const { time } = this.#ledger.book.outage ?? view.head;
    return [...view.microgrids.values()]
      .filter(({ microgrid }) => microgrids === undefined || microgrids.includes(microgrid))
      .map(({ microgrid, slotSeconds }) => ({
        microgrid,
        slot: slotAt(time - PAST_SECONDS, slotSeconds),
      }));
  }

  /**
   * Shares out the slots that are over, and writes down what is promised.
   * @param onTheirWay What the auctioneer has sent and no known block has: what that settles is promised to nobody else.
   */
  async clear(
    { view }: ChainState,
    orders: readonly SignedOrder[],
    onTheirWay: readonly Call[],
  ): Promise<void> {
    const { client, deployment, verifier, now, timing, microgrids, report } = this.#options;
    const { number: block, hash, time } = view.head;
    const atMs = now();
    const { book } = this.#ledger;
    if (!book.isOpen || book.isBack) {
      report(`No block has come after ${block}: what neighbours trade is promised from here on.`, {
        level: "warn",
        block,
      });
      this.#ledger.append({ kind: "outage", block, hash, time, atMs });
    }
    const nowSeconds = Math.floor(atMs / 1000);
    const promised = new PromisedView(
      ...([client, deployment, view.head, nowSeconds, view.microgrids, this.#ledger.book] as const),
      assignedBy(deployment, onTheirWay),
    );
    const promisable = orders.filter(
      ({ order }) => this.#mayBePromised(order, nowSeconds) && !promised.isUsedUp(order),
    );
    const verified = await verifier.verify(promised, withPartner(promisable));
    const hashes = new Map(verified.map(({ order, hash: of }) => [order, of]));
    const pairings = await pairingsOf(promised, verified, {
      ...{ timing, microgrids },
      // Without the chain nothing crosses a line: it may be cut, and nobody knows what it carries.
      ...{ lines: [], isIsland: true },
    });
    for (const [microgrid, own] of Map.groupBy(pairings, ({ offer }) => offer.order.microgrid)) {
      const asked = verified.flatMap(({ order, judgement, leftAlone, hash: of }) =>
        order.microgrid === microgrid && judgement.state === "live" && leftAlone === undefined
          ? [of]
          : [],
      );
      const known = this.#ledger.book.orders;
      const fresh = verified.filter(({ hash: of }) => asked.includes(of) && !known.has(of));
      this.#ledger.append(
        ...fresh.map(
          ({ order, signature, hash: of }): Entry => ({
            kind: "order",
            hash: of,
            order,
            signature,
          }),
        ),
        { kind: "cleared", microgrid, asked, promises: promisesOf(own, hashes), atMs },
      );
      const wh = own.reduce((sum, { energyWh }) => sum + sumOf(energyWh.values()), 0n);
      report(`Promised ${wh} Wh in microgrid ${microgrid}, to be settled when the chain is back.`);
    }
  }

  /** Whether an order can't be taken back or spent elsewhere, and lasts until the chain may be back. */
  #mayBePromised(order: Order, nowSeconds: number): boolean {
    const { settler, holdSeconds } = this.#options;
    return (
      isFor(settler, order) &&
      isFirm(order) &&
      !order.forward &&
      order.deadline >= nowSeconds + holdSeconds
    );
  }

  /**
   * Plans how what was promised is settled, at a block that has all that was sent before: readings first, then promises in their
   * order. What is settled is looked at again until no reorganisation can take it back.
   * @returns undefined when nothing is open at this block.
   */
  async plan({ view }: ChainState, trying: Trying): Promise<Step[] | undefined> {
    const { now, report } = this.#options;
    const { book } = this.#ledger;
    if (book.isEmpty || book.isFinal) return undefined;
    const { number: block } = view.head;
    if (book.outage !== undefined && !book.isBack) {
      report(`Blocks come again: ${book.promiseCount} promises are settled now.`);
      this.#ledger.append({ kind: "back", block, atMs: now() });
    }
    this.#settling ??= new Settling({ ...this.#options, ledger: this.#ledger });
    const steps = await this.#settling.plan(view, trying);
    if (steps !== undefined) this.#reopen(block);
    else if (book.closedBlock === undefined) this.#close(block);
    else if (isFinal(book.closedBlock, block)) this.#end(block);
    return steps;
  }

  /** All is settled or named, as of a block: the report is written. */
  #close(block: number): void {
    const { folder, report, now } = this.#options;
    const { book, number } = this.#ledger;
    const file = path.join(folder, `settled-${String(number).padStart(6, "0")}.json`);
    if (book.outage !== undefined) {
      const whole = reportOf(this.#known(false));
      writeWhole(file, `${JSON.stringify(whole, undefined, 1)}\n`, 0o600);
      const { settledWh, failedWh } = whole.sums;
      report(
        `All promises are settled: ${settledWh} Wh were kept, ${failedWh} Wh failed. See ${file}.`,
      );
    }
    this.#ledger.append({ kind: "closed", block, atMs: now() });
  }

  /** A reorganisation has taken back what was settled or reported: it is open again. */
  #reopen(block: number): void {
    const { report, now } = this.#options;
    if (!this.#ledger.book.isClosed) return;
    report("The chain was reorganised: what is not settled any more is settled again.", {
      level: "warn",
      block,
    });
    this.#ledger.append({ kind: "reopened", block, atMs: now() });
  }

  /** Nothing of it can be taken back any more: what comes next begins a new file. */
  #end(block: number): void {
    this.#ledger.append({ kind: "final", block, atMs: this.#options.now() });
    this.#settling = undefined;
  }

  #known(isOffline: boolean): Known {
    const { settled, refused = new Map() } = this.#settling ?? {};
    const { book } = this.#ledger;
    return { book, view: this.#view, settled, isOffline, refused, meters: this.#members.count };
  }

  close(): void {
    this.#ledger.close();
  }
}

const promisesOf = (pairings: readonly Pairing[], hashes: ReadonlyMap<Order, Hex>) =>
  pairings.flatMap(({ offer, bid, source, energyWh }) => {
    const [offerHash, bidHash] = [hashes.get(offer.order), hashes.get(bid.order)];
    if (offerHash === undefined || bidHash === undefined) {
      throw new Error("An order was paired that did not take part.");
    }
    return [...energyWh].map(([slot, wh]) => ({
      ...{ offer: offerHash, bid: bidHash, source, slot, energyWh: wh },
    }));
  });

/** Orders that reach a slot which the other side reaches, too: bids of a night need not be looked at again and again. */
function withPartner(orders: readonly SignedOrder[]): SignedOrder[] {
  const reached = (side: number): Set<string> =>
    new Set(
      orders.filter(({ order }) => order.side === side).flatMap(({ order }) => slotKeysOf(order)),
    );
  const [offered, wanted] = [reached(OFFER), reached(BID)];
  return orders.filter(({ order }) => {
    const others = order.side === OFFER ? wanted : offered;
    return slotKeysOf(order).some((key) => others.has(key));
  });
}

const slotKeysOf = ({ microgrid, firstSlot, lastSlot }: Order): string[] =>
  Array.from(
    { length: Math.min(Math.max(lastSlot - firstSlot + 1, 0), MOST_SLOTS) },
    (_, i) => `${microgrid} ${firstSlot + i}`,
  );

const sumOf = (values: Iterable<bigint>): bigint => [...values].reduce((sum, wh) => sum + wh, 0n);
