import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openSigner } from "@wattline/common/keys";
import { type Lock, takeLock } from "@wattline/common/lock";
import { openLog, type Report } from "@wattline/common/log";
import { MendableError, reasonOf } from "@wattline/common/mendable";
import { nodeTransport } from "@wattline/common/node";
import { Turns } from "@wattline/relay/turns";
import {
  type Batch,
  type Deployment,
  errorOf,
  isPosted,
  keepMatches,
  marketplaceAbi,
  type Release,
  releaseBatchesOf,
  type SignedOrder,
} from "@wattline/sdk";
import {
  type Address,
  createPublicClient,
  encodeFunctionData,
  type Hex,
  type PublicClient,
} from "viem";
import { type ChainState, Ledger } from "./chain/ledger.ts";
import { batchesOfPairings, pairingsOf } from "./clearing.ts";
import type { Config, Settings } from "./config.ts";
import { Island } from "./island/island.ts";
import { Mandates } from "./mandates/mandates.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { Relays } from "./orders/relays.ts";
import { isFor, Verifier } from "./orders/verify.ts";
import { dueReleasesOf } from "./releasing.ts";
import { type Attempt, Outbox } from "./sending/outbox.ts";
import { Sender } from "./sending/sender.ts";
import type { Step } from "./sending/step.ts";
import { type Call, matchOutcomes, settleCall, simulate } from "./simulate.ts";
import { lastDueSlot, timingOf } from "./timing.ts";

/** What an auctioneer can be told besides its configuration. */
export interface AuctioneerOptions {
  /** Our clock, Unix milliseconds. */
  readonly now?: () => number;
  readonly report?: Report;
  /** Between looks at the chain. */
  readonly pollMs?: number;
  /** How often the relays are read while no block comes. */
  readonly readMs?: number;
}

/** What a round came to: something was sent, something that was sent is not mined yet, or nothing is to be done. */
export type Round = "sent" | "waiting" | "idle";

const [POLL_MS, READ_MS, LONGEST_PAUSE_MS] = [2_000, 10_000, 30_000];
/** For so long a plan is followed before chain and orders are read anew: orders that came meanwhile have their turn. */
const PLAN_MS = 60_000;
/** After a transaction that failed on chain although it would have gone well when it was simulated. */
const REST_MS = 60_000;
const [RPC_BATCH, RPC_TRIES] = [100, 3];

/**
 * An auctioneer. It reads the chain and the orders, plans what is due, and sends that, one transaction a round; when all of it is
 * mined, it plans anew. What is settled is what the chain says: each is sent as it would trade by then, and what it would not the next
 * plan sees.
 */
export class Auctioneer {
  readonly address: Address;
  readonly metrics: Metrics;
  /** What it promises while no chain is in reach; undefined when it is not told to. */
  readonly island: Island | undefined;
  /** What households have signed and it sends for them; undefined when it is not told to. */
  readonly mandates: Mandates | undefined;
  readonly #config: Config;
  readonly #deployment: Deployment;
  readonly #client: PublicClient;
  readonly #ledger: Ledger;
  readonly #relays: Relays;
  readonly #verifier: Verifier;
  readonly #outbox: Outbox;
  readonly #sender: Sender;
  readonly #report: Report;
  readonly #now: () => number;
  readonly #readMs: number;
  /** It does one thing at a time: what is sent is planned by what was sent before. */
  readonly #turns = new Turns();
  #planned: { readonly head: Hex; readonly atMs: number } | undefined;
  /** What is planned and not sent yet. */
  #plan: Plan = NO_PLAN;
  #restUntilMs = 0;
  /** The block at which what waits was last found worth it. */
  #worthAt: Hex | undefined;

  /** @throws MendableError when the key or what was sent before can't be read. */
  constructor(
    { config, deployment }: Settings,
    { now = Date.now, report = openLog("auctioneer"), readMs = READ_MS }: AuctioneerOptions = {},
  ) {
    const signer = openSigner(config.account.key);
    this.address = signer.address;
    this.#config = config;
    this.#deployment = deployment;
    this.#client = clientAt(config.chain.rpc_url);
    this.#ledger = new Ledger(this.#client, deployment);
    this.#relays = new Relays(config.orders.relays, signer.address, report);
    this.#verifier = new Verifier(deployment, signer.address);
    this.#outbox = new Outbox(config.data, signer.address, deployment.chainId);
    this.#report = report;
    this.#now = now;
    this.#readMs = readMs;
    this.#sender = new Sender({
      client: this.#client,
      chainId: deployment.chainId,
      signer,
      outbox: this.#outbox,
      mostADayWei: config.gas.most_a_day,
      stuckMs: config.gas.stuck_seconds * 1000,
      now,
      on: {
        report,
        sent: (purpose, isReplacement) =>
          this.metrics.sent.inc({ purpose, replacement: String(isReplacement) }),
        mined: (purpose, isSuccess) => {
          this.metrics.mined.inc({ purpose, status: isSuccess ? "success" : "failed" });
          // Who signs something and then hinders it must not hold up the others.
          if (isSuccess || purpose === "mandate") return;
          this.#restUntilMs = now() + REST_MS;
          this.#plan = NO_PLAN;
        },
      },
    });
    this.metrics = createMetrics({
      followed: () => this.#ledger.followed,
      unsettled: () => this.island?.unsettled,
      account: signer.address,
      balanceWei: () => this.#client.getBalance({ address: signer.address }),
    });
    this.metrics.budget.set(Number(config.gas.most_a_day));
    const { island, mandates } = config;
    this.mandates =
      mandates &&
      new Mandates({
        contracts: deployment,
        outbox: this.#outbox,
        mostADay: { household: mandates.household_a_day, all: mandates.all_a_day },
        now,
        microgrids: () => this.#ledger.microgrids,
        simulate: (call) => this.#simulate(call),
        send: (call) => this.#sender.send(call, "mandate"),
      });
    this.island =
      island &&
      new Island({
        client: this.#client,
        deployment,
        settler: signer.address,
        verifier: this.#verifier,
        folder: path.join(config.data, "island"),
        offlineAfterSeconds: island.offline_minutes * 60,
        holdSeconds: island.hold_hours * 3600,
        timing: timingOf(config),
        microgrids: config.clear.microgrids,
        now,
        report,
      });
  }

  /** @throws MendableError when the node is of another chain. */
  async requireChain(): Promise<void> {
    const found = await this.#client.getChainId();
    const { chainId } = this.#deployment;
    if (found === chainId) return;
    throw new MendableError(
      `The node at ${this.#config.chain.rpc_url} is of chain ${found}, the deployment is on chain ${chainId}. Mend chain.rpc_url or chain.deployment.`,
    );
  }

  /** Does what is due, at most one transaction of it. @throws what the node throws; the next round begins anew */
  round(signal: AbortSignal): Promise<Round> {
    return this.#turns.take(() => this.#round(signal));
  }

  /** Whether there is something to do by {@link sendMandate}. */
  get hasMandates(): boolean {
    return this.mandates !== undefined && this.mandates.waiting + this.#outbox.waiting.length > 0;
  }

  /** Sends what households have signed, at most one of it, and clears nothing. @throws what the node throws */
  sendMandate(): Promise<Round> {
    return this.#turns.take(async () => {
      await this.#sender.look((attempt) => this.#isWorth(attempt));
      if (await this.#sendNextMandate()) return "sent";
      return this.#outbox.waiting.length > 0 ? "waiting" : "idle";
    });
  }

  /** One after another: a second one may have become void by the first. */
  async #sendNextMandate(): Promise<boolean> {
    const isOnItsWay = this.#outbox.waiting.some(({ attempts }) =>
      attempts.some(({ purpose }) => purpose === "mandate"),
    );
    if (isOnItsWay || !this.#sender.hasRoom) return false;
    return (await this.mandates?.sendNext()) === true;
  }

  async #round(signal: AbortSignal): Promise<Round> {
    const state = await this.#ledger.follow();
    const { hash, number } = state.view.head;
    await this.island?.see(state);
    if (this.island?.isOffline(state.view)) return this.#promise(this.island, state, signal);
    try {
      await this.#sender.look((attempt) => this.#isStillWorth(attempt, hash));
      // What was mined long ago may have been taken back while nobody looked: only what still stands is forgotten.
      this.#outbox.tidy(number, new Date(this.#now()).toISOString().slice(0, 10));
      if (await this.#sendNextMandate()) return "sent";
      if (this.#now() < this.#restUntilMs) return "waiting";
      if (await this.#goOn(hash, signal)) return "sent";
      if (!this.#hasAllOfOurs(number)) return "waiting";
      const last = this.#planned;
      if (last?.head === hash && this.#now() - last.atMs < this.#readMs) return "idle";
      this.#planned = { head: hash, atMs: this.#now() };
      this.#sender.startAnew();
      this.#plan = await this.#planAnew(state, signal);
      return (await this.#goOn(hash, signal)) ? "sent" : "idle";
    } finally {
      this.metrics.committed.set(Number(this.#sender.committedWei));
      this.metrics.overBudget.set(this.#sender.isOverBudget ? 1 : 0);
      this.metrics.waiting.set(this.#outbox.waiting.length);
      this.metrics.relaysFailing.set(this.#relays.failing);
    }
  }

  /** Promises what it would settle, had it a chain. */
  async #promise(island: Island, state: ChainState, signal: AbortSignal): Promise<Round> {
    this.#plan = NO_PLAN;
    if (this.#planned !== undefined && this.#now() - this.#planned.atMs < this.#readMs) {
      return "idle";
    }
    this.#planned = { head: state.view.head.hash, atMs: this.#now() };
    const read = await this.#relays.promisable(island.since(state), signal);
    const orders = [...read, ...(this.#config.orders.board ? state.pinned : [])];
    await island.clear(state, orders, this.#onTheirWay(state.view.head.number));
    return "idle";
  }

  /** Whether a block has all that was sent: what is planned on it collides with nothing of ours. */
  #hasAllOfOurs(head: number): boolean {
    return this.#onTheirWay(head).length === 0;
  }

  /** What was sent and a block does not have: of each nonce the newest. */
  #onTheirWay(head: number): Attempt[] {
    return this.#outbox.sent
      .filter(({ mined }) => mined === undefined || mined.block > head)
      .flatMap(({ attempts }) => attempts.at(-1) ?? []);
  }

  /** Plans what is due. What was promised comes before all else, and is planned as a whole. */
  async #planAnew(state: ChainState, signal: AbortSignal): Promise<Plan> {
    const promised = await this.island?.plan(state, {
      simulate: (call) => this.#simulate(call),
      isQuietAt: async ({ head }) =>
        this.#hasAllOfOurs(head.number) && (await this.#client.getBlock()).hash === head.hash,
    });
    const steps = promised ?? (await this.#settling(state, signal));
    const untilMs = promised === undefined ? this.#now() + PLAN_MS : Number.POSITIVE_INFINITY;
    return { steps: [...steps, ...(await this.#releasing(state))], untilMs };
  }

  /** Sends the next of the plan that is worth it, if there is room. */
  async #goOn(head: Hex, signal: AbortSignal): Promise<boolean> {
    const { steps, untilMs } = this.#plan;
    while (this.#now() < untilMs && this.#sender.hasRoom) {
      signal.throwIfAborted();
      const step = steps.shift();
      if (step === undefined) return false;
      const call = await step.worth();
      if (call === undefined) continue;
      const sending = await this.#sender.send(call, step.purpose);
      if (sending === "sent") {
        [this.#planned, this.#worthAt] = [undefined, head];
        return true;
      }
      if (sending === "not taken") {
        steps.unshift(step);
        return false;
      }
      // Nor does the budget cover others of the kind.
      const others = steps.filter(({ purpose }) => purpose !== step.purpose);
      steps.splice(0, steps.length, ...others);
    }
    return false;
  }

  /** What it may fill, from relays and board; of slots that are not due for long, none. */
  async #read({ view, pinned }: ChainState, signal: AbortSignal): Promise<SignedOrder[]> {
    const { board } = this.#config.orders;
    const read = await this.#relays.orders(lastDueSlot(view, timingOf(this.#config)), signal);
    return [...read, ...(board ? pinned : [])].filter(
      ({ order }) => isPosted(order) || isFor(this.address, order),
    );
  }

  /** Who gets how much of what is due, in batches. */
  async #settling(state: ChainState, signal: AbortSignal): Promise<Step[]> {
    const { view, lines } = state;
    const verified = await this.#verifier.verify(view, await this.#read(state, signal));
    this.metrics.orders.reset();
    for (const { judgement } of verified) this.metrics.orders.inc({ state: judgement.state });
    const { microgrids } = this.#config.clear;
    const timing = timingOf(this.#config);
    const pairings = await pairingsOf(view, verified, { timing, microgrids, lines });
    return batchesOfPairings(view, verified, pairings).map((batch) => ({
      purpose: "settle",
      worth: () => this.#worthOf(batch),
    }));
  }

  /** What of a batch would trade now; undefined when it is too little to be sent. */
  async #worthOf(batch: Batch): Promise<Call | undefined> {
    const call = settleCall(this.#deployment, batch);
    const { events, failure } = await this.#simulate(call);
    if (events === undefined) {
      this.#report(`A batch of ${batch.matches.length} matches would fail: ${failure}.`, {
        level: "warn",
      });
      return undefined;
    }
    const outcomes = matchOutcomes(events);
    let tradedWh = 0n;
    for (const { tradedWh: wh, skipped } of outcomes) {
      tradedWh += wh;
      if (skipped !== undefined) this.metrics.skipped.inc({ reason: errorOf(skipped.reason) });
    }
    if (tradedWh < BigInt(this.#config.gas.least_wh)) return undefined;
    const worth = keepMatches(batch, (index) => (outcomes[index]?.tradedWh ?? 0n) > 0n);
    const isWhole = worth.matches.length === batch.matches.length;
    return isWhole ? call : settleCall(this.#deployment, worth);
  }

  /** The forwards that can be released, in batches. */
  async #releasing({ view, positions }: ChainState): Promise<Step[]> {
    if (!this.#config.clear.releases) return [];
    const due = await dueReleasesOf(view, positions, this.address, (id) => this.#ledger.close(id));
    return (["release", "undelivered"] as const).flatMap((purpose) =>
      releaseBatchesOf(due[purpose]).map(({ releases, gas }): Step => {
        const call = releaseCall(this.#deployment, purpose, releases, gas);
        return {
          purpose,
          worth: async () => {
            const { events } = await this.#simulate(call);
            return events?.some(({ eventName }) => eventName === "Released") ? call : undefined;
          },
        };
      }),
    );
  }

  /** Until a block comes nothing changes. */
  async #isStillWorth(attempt: Attempt, head: Hex): Promise<boolean> {
    if (this.#worthAt === head) return true;
    const isWorth = await this.#isWorth(attempt);
    this.#worthAt = isWorth ? head : undefined;
    return isWorth;
  }

  /** Whether what was sent would still do something, were it mined next. */
  async #isWorth({ to, data, gas, purpose }: Attempt): Promise<boolean> {
    const { events } = await this.#simulate({ to, data, gas });
    if (purpose === "mandate") return events !== undefined;
    return events?.some(({ eventName }) => WORTH.has(eventName)) === true;
  }

  #simulate(call: Call) {
    return simulate(this.#client, this.#deployment, this.address, call);
  }
}

/** What is sent one after another, from what the chain and the orders said at one block. */
interface Plan {
  readonly steps: Step[];
  /** Until when it is followed. */
  readonly untilMs: number;
}
const NO_PLAN: Plan = { steps: [], untilMs: 0 };
const WORTH: ReadonlySet<string> = new Set(["Matched", "Reserved", "Released", "Reported"]);

/** An auctioneer that runs. */
export interface RunningAuctioneer {
  readonly auctioneer: Auctioneer;
  /** What hinders it at present. */
  trouble(): string | undefined;
  /** Ends the round that is under way, and lets go of the account. */
  stop(): Promise<void>;
}

/** Keeps a second process from sending with the same account. @throws MendableError when there is one */
export const takeAccount = ({ config: { account, data } }: Settings): Promise<Lock> =>
  takeLock("keystore" in account.key ? account.key.keystore : `${data}-${account.key.address}`);

/**
 * Starts an auctioneer, which does what is due from now on.
 * @throws MendableError when another one runs with its folder or key, or the node is of another chain.
 */
export async function startAuctioneer(
  settings: Settings,
  options: AuctioneerOptions = {},
): Promise<RunningAuctioneer> {
  const { report = openLog("auctioneer"), pollMs = POLL_MS } = options;
  const auctioneer = new Auctioneer(settings, options);
  const lock = await takeAccount(settings);
  const stop = new AbortController();
  try {
    await auctioneer.requireChain();
  } catch (error) {
    await lock.release();
    throw error;
  }
  let trouble: string | undefined;
  const onTrouble = (reason: string | undefined) => {
    if (reason === trouble) return;
    if (reason === undefined) report("The auctioneer goes on.");
    else report(`The auctioneer waits: ${reason}`, { level: "warn" });
    trouble = reason;
  };
  const work = runRounds(auctioneer, onTrouble, pollMs, stop.signal);
  return {
    auctioneer,
    trouble: () => trouble,
    async stop() {
      stop.abort();
      await work;
      auctioneer.island?.close();
      await lock.release();
    },
  };
}

/** Rounds until told to stop. What fails is tried again after pauses that grow. */
async function runRounds(
  auctioneer: Auctioneer,
  onTrouble: (reason: string | undefined) => void,
  pollMs: number,
  signal: AbortSignal,
): Promise<void> {
  for (let pause = pollMs; !signal.aborted; ) {
    try {
      const round = await auctioneer.round(signal);
      onTrouble(undefined);
      pause = round === "sent" ? 0 : pollMs;
    } catch (error) {
      if (signal.aborted) return;
      onTrouble(reasonOf(error));
      pause = Math.min(Math.max(2 * pause, pollMs), LONGEST_PAUSE_MS);
    }
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
}

export const clientAt = (rpcUrl: string): PublicClient =>
  createPublicClient({
    transport: nodeTransport(rpcUrl, { batchSize: RPC_BATCH, tries: RPC_TRIES }),
    cacheTime: 0,
  });

function releaseCall(
  { marketplace }: Deployment,
  functionName: "release" | "undelivered",
  releases: readonly Release[],
  gas: bigint,
): Call {
  const data = encodeFunctionData({ abi: marketplaceAbi, functionName, args: [[...releases]] });
  return { to: marketplace, data, gas };
}
