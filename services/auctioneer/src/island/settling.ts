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
import { fromFirstWorth, type Step } from "../sending/step.ts";
import { type Call, matchOutcomes, type Outcome, settleCall } from "../simulate.ts";
import type { Entry, ReadingEntry } from "./entries.ts";
import type { PromiseLedger } from "./ledger.ts";
import { waitingReadings } from "./readings.ts";
import { type Failure, nextSettling, openPromises } from "./settle.ts";
import { type Settled, SettledReader } from "./settled.ts";

/** How it is tried what could be settled. */
export interface Trying {
  simulate(call: Call): Promise<Outcome>;
  /** Whether a block is the newest still, and nothing of ours is on its way: only then what does not trade has failed. */
  isQuietAt(view: Snapshot): Promise<boolean>;
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
   * Plans all that is open, at a block that has all that was sent before: readings, and when they are reported, promises in their
   * order.
   * @returns undefined when all is settled or named.
   */
  async plan(view: Snapshot, trying: Trying): Promise<Step[] | undefined> {
    const { book } = this.#ledger;
    const settled = await this.look(view);
    const reports = await fromFirstWorth(
      batchesOfReadings(this.#waiting(settled)).map((batch) => ({
        purpose: "report",
        worth: () => this.#worthReporting(view, batch, trying),
      })),
    );
    // What is not reported yet is not missing.
    if (this.#waiting(settled).length > 0) return reports;
    const { pairings, failures } = await nextSettling(view, book, openPromises(book, settled));
    this.#fail(failures);
    const settles = await fromFirstWorth(
      batchesOfPairings(view, [], pairings).map((batch) => ({
        purpose: "settle",
        worth: () => this.#worthSettling(view, batch, trying),
      })),
    );
    return openPromises(book, settled).length === 0 ? undefined : settles;
  }

  /** Reads what the chain has, from the first block that may concern what the book holds by now. */
  async look({ head }: Snapshot): Promise<Settled> {
    const { client, deployment } = this.#options;
    const { firstBlock = deployment.fromBlock } = this.#ledger.book;
    if (this.#reader === undefined || firstBlock < this.#readFrom) {
      this.#reader = new SettledReader(client, deployment, firstBlock);
      this.#readFrom = firstBlock;
    }
    this.#settled = await this.#reader.at(head);
    return this.#settled;
  }

  /** Readings that the chain neither has nor refuses. */
  #waiting({ reportedWh }: Pick<Settled, "reportedWh">): ReadingEntry[] {
    return waitingReadings(this.#ledger.book, reportedWh).filter(
      ({ signature }) => !this.refused.has(signature),
    );
  }

  /** As many of the readings as can be reported together. One that the chain refuses would sink the others. */
  async #worthReporting(
    view: Snapshot,
    readings: readonly ReadingEntry[],
    trying: Trying,
  ): Promise<Call | undefined> {
    if (readings.length === 0) return undefined;
    const { events, gasUsed } = await trying.simulate(this.#reportCall(readings, TRIAL_GAS));
    if (events !== undefined) {
      const gas = gasUsed + gasUsed / 4n;
      return this.#reportCall(readings, gas < TRIAL_GAS ? gas : TRIAL_GAS);
    }
    for (const each of readings) {
      const outcome = await trying.simulate(this.#reportCall([each], TRIAL_GAS));
      if (outcome.events !== undefined) continue;
      if (!(await trying.isQuietAt(view))) return undefined;
      this.refused.set(each.signature, outcome.failure ?? "");
      this.#options.report(`The chain refuses a reading of ${each.meter}: ${outcome.failure}.`);
    }
    const good = readings.filter(({ signature }) => !this.refused.has(signature));
    const half = good.slice(0, Math.ceil(good.length / 2));
    return this.#worthReporting(view, good.length < readings.length ? good : half, trying);
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

  /** What of a batch trades; what the contract skips has failed, when nothing else can be the reason. */
  async #worthSettling(
    view: Snapshot,
    batch: Batch,
    { simulate, isQuietAt }: Trying,
  ): Promise<Call | undefined> {
    const { deployment, report } = this.#options;
    const { events, failure } = await simulate(settleCall(deployment, batch));
    if (events === undefined) {
      report(`A batch of ${batch.matches.length} promises would fail: ${failure}.`);
      return undefined;
    }
    const outcomes = matchOutcomes(events);
    const failures = batch.matches.flatMap((match, index): Failure[] => {
      const { skipped } = outcomes[index] ?? {};
      if (skipped === undefined) return [];
      const { offerHash: offer, bidHash: bid } = skipped;
      const reason = errorOf(skipped.reason);
      const source = sourceAt(match.source);
      const slots = unpackProfile({ firstBlock: match.firstBlock, words: match.energy });
      return [...slots].map(([slot, energyWh]) => ({ offer, bid, source, slot, energyWh, reason }));
    });
    if (failures.length > 0 && (await isQuietAt(view))) this.#fail(failures);
    const worth = keepMatches(batch, (index) => (outcomes[index]?.tradedWh ?? 0n) > 0n);
    return worth.matches.length === 0 ? undefined : settleCall(deployment, worth);
  }

  #fail(failures: readonly Failure[]): void {
    const atMs = this.#options.now();
    this.#ledger.append(
      ...failures.map((failure): Entry => ({ kind: "failed", ...failure, atMs })),
    );
  }
}

/** Readings by the transaction that takes them, in their order. */
function batchesOfReadings(readings: readonly ReadingEntry[]): ReadingEntry[][] {
  const batches: ReadingEntry[][] = [];
  let words = 0;
  for (const reading of readings) {
    words += reading.exported.length;
    const last = batches.at(-1);
    if (last !== undefined && words <= MOST_WORDS) last.push(reading);
    else {
      batches.push([reading]);
      words = reading.exported.length;
    }
  }
  return batches;
}
