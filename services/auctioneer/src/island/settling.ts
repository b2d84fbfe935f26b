import type { Report } from "@wattline/common/log";
import type { Snapshot } from "@wattline/relay/chain";
import {
  type Batch,
  type Deployment,
  errorOf,
  keepMatches,
  metersAbi,
  sourceAt,
  unpackProfile,
} from "@wattline/sdk";
import { encodeFunctionData, type Hex, type PublicClient } from "viem";
import { batchesOfPairings } from "../clearing.ts";
import type { Purpose } from "../sending/sender.ts";
import { type Call, matchOutcomes, type Outcome, settleCall } from "../simulate.ts";
import type { Entry, ReadingEntry } from "./entries.ts";
import type { PromiseLedger } from "./ledger.ts";
import { waitingReadings } from "./readings.ts";
import { type Failure, nextSettling, openPromises } from "./settle.ts";
import { type Settled, SettledReader } from "./settled.ts";

/** How what is settled goes out. */
export interface Sending {
  simulate(call: Call): Promise<Outcome>;
  /** Whether it went out; not when the day's budget does not cover it. */
  send(call: Call, purpose: Purpose): Promise<boolean>;
}

export interface SettlingOptions {
  readonly client: PublicClient;
  readonly deployment: Deployment;
  readonly ledger: PromiseLedger;
  /** Our clock, Unix milliseconds. */
  readonly now: () => number;
  readonly report: Report;
}

/** Words of readings in one transaction: a word costs some 30,000 gas, and seldom the double. */
const MOST_WORDS = 128;
/** The most gas that a transaction is tried with, below the cap of EIP-7825. */
const TRIAL_GAS = 16_000_000n;

/** Promises that are looked at together, some transactions' worth: what is first served does not rest on later ones. */
const LOOKED_AT = 500;

/** Works promises off: readings first, then promises in their order. */
export class Settling {
  readonly #options: SettlingOptions;
  #reader: SettledReader | undefined;
  /** The first block that the reader reads. */
  #readFrom = 0;
  /** Readings that the chain refuses, by signature. */
  readonly refused = new Map<Hex, string>();
  #settled: Settled | undefined;

  constructor(options: SettlingOptions) {
    this.#options = options;
  }

  /** What the chain had when it was last looked at. */
  get settled(): Settled | undefined {
    return this.#settled;
  }

  get #ledger(): PromiseLedger {
    return this.#options.ledger;
  }

  /**
   * Sends what is next.
   * @returns "done" when all is settled or named.
   */
  async next(view: Snapshot, sending: Sending): Promise<"sent" | "waiting" | "done"> {
    const { deployment } = this.#options;
    const { book } = this.#ledger;
    const settled = await this.#look(view);
    // What is not reported yet is not missing.
    const isReporting = await this.#reportNext(view, settled, sending);
    if (isReporting !== undefined) return isReporting ? "sent" : "waiting";
    const open = openPromises(book, settled).slice(0, LOOKED_AT);
    const { pairings, failures } = await nextSettling(view, book, open);
    this.#fail(failures);
    for (const batch of batchesOfPairings(view, [], pairings)) {
      const worth = await this.#worthOf(view, batch, sending);
      if (worth === undefined) return "waiting";
      if (worth.matches.length === 0) continue;
      return (await sending.send(settleCall(deployment, worth), "settle")) ? "sent" : "waiting";
    }
    return openPromises(book, settled).length === 0 ? "done" : "waiting";
  }

  /** Reads what the chain has, from the first block that may concern what the book holds by now. */
  async #look({ head }: Snapshot): Promise<Settled> {
    const { client, deployment } = this.#options;
    const { firstBlock = deployment.fromBlock } = this.#ledger.book;
    if (this.#reader === undefined || firstBlock < this.#readFrom) {
      this.#reader = new SettledReader(client, deployment, firstBlock);
      this.#readFrom = firstBlock;
    }
    this.#settled = await this.#reader.at(head);
    return this.#settled;
  }

  /** Reports the next readings; undefined when there are none. */
  async #reportNext(
    view: Snapshot,
    { reportedWh }: Pick<Settled, "reportedWh">,
    sending: Sending,
    mostWords = MOST_WORDS,
  ): Promise<boolean | undefined> {
    const { book } = this.#ledger;
    const waiting = waitingReadings(book, reportedWh).filter(
      ({ signature }) => !this.refused.has(signature),
    );
    const batch = fitting(waiting, mostWords);
    if (batch.length === 0) return undefined;
    const { events, gasUsed } = await sending.simulate(this.#reportCall(batch, TRIAL_GAS));
    if (events !== undefined) {
      const gas = gasUsed + gasUsed / 4n;
      return sending.send(this.#reportCall(batch, gas < TRIAL_GAS ? gas : TRIAL_GAS), "report");
    }
    if (await this.#hasMoved(view)) return false;
    // One that the chain refuses would sink the others.
    for (const each of batch) {
      const outcome = await sending.simulate(this.#reportCall([each], TRIAL_GAS));
      if (outcome.events !== undefined) continue;
      this.refused.set(each.signature, outcome.failure ?? "");
      this.#options.report(`The chain refuses a reading of ${each.meter}: ${outcome.failure}.`);
    }
    return this.#reportNext(view, { reportedWh }, sending, Math.ceil(mostWords / 2));
  }

  #reportCall(readings: readonly ReadingEntry[], gas: bigint): Call {
    const calls = readings.map(({ meter, firstBlock, exported, signature }) =>
      encodeFunctionData({
        abi: metersAbi,
        functionName: "report",
        args: [{ meter, firstBlock, exported }, signature],
      }),
    );
    const data = encodeFunctionData({ abi: metersAbi, functionName: "multicall", args: [calls] });
    return { to: this.#options.deployment.meters, data, gas };
  }

  /** What of a batch trades; what the contract skips has failed. Undefined when the batch can't be tried. */
  async #worthOf(view: Snapshot, batch: Batch, { simulate }: Sending): Promise<Batch | undefined> {
    const { events, failure } = await simulate(settleCall(this.#options.deployment, batch));
    if (events === undefined) {
      this.#options.report(`A batch of ${batch.matches.length} promises would fail: ${failure}.`);
      return undefined;
    }
    const outcomes = matchOutcomes(events);
    if (outcomes.some(({ skipped }) => skipped !== undefined) && (await this.#hasMoved(view))) {
      return undefined;
    }
    const failures = batch.matches.flatMap((match, index): Failure[] => {
      const { skipped } = outcomes[index] ?? {};
      if (skipped === undefined) return [];
      const { offerHash: offer, bidHash: bid } = skipped;
      const reason = errorOf(skipped.reason);
      const source = sourceAt(match.source);
      const slots = unpackProfile({ firstBlock: match.firstBlock, words: match.energy });
      return [...slots].map(([slot, energyWh]) => ({ offer, bid, source, slot, energyWh, reason }));
    });
    this.#fail(failures);
    return keepMatches(batch, (index) => (outcomes[index]?.tradedWh ?? 0n) > 0n);
  }

  /** Whether a block has come since: what was simulated on it may be settled there already, and has not failed. */
  async #hasMoved({ head }: Snapshot): Promise<boolean> {
    return (await this.#options.client.getBlock()).hash !== head.hash;
  }

  #fail(failures: readonly Failure[]): void {
    const atMs = this.#options.now();
    this.#ledger.append(
      ...failures.map((failure): Entry => ({ kind: "failed", ...failure, atMs })),
    );
  }
}

/** As many readings as one transaction takes, in their order; at least one. */
function fitting(readings: readonly ReadingEntry[], mostWords: number): ReadingEntry[] {
  let words = 0;
  const end = readings.findIndex(({ exported }, index) => {
    words += exported.length;
    return index > 0 && words > mostWords;
  });
  return readings.slice(0, end < 0 ? readings.length : end);
}
