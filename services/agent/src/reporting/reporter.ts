import { readFileSync } from "node:fs";
import { writeWhole } from "@wattline/common/files";
import { isFinal } from "@wattline/common/final";
import { openSigner, type Signer } from "@wattline/common/keys";
import type { Report } from "@wattline/common/log";
import { MendableError } from "@wattline/common/mendable";
import { LANES, metersAbi, type Reading } from "@wattline/sdk";
import {
  type Address,
  BaseError,
  decodeErrorResult,
  encodeFunctionData,
  type Hex,
  keccak256,
  parseSignature,
  RawContractError,
  RpcRequestError,
  serializeTransaction,
  toHex,
} from "viem";
import type { KnownDeployment } from "../config/read.ts";
import type { ReportConfig } from "../config/schema.ts";
import { AgentError, reasonOf } from "../errors.ts";
import type { Home } from "../home.ts";
import type { BlockState, Entry, SentEntry } from "../journal/entries.ts";
import { homeTime } from "../outage.ts";
import { type Chain, chainAt, filterLanes, type Head, type Outcome } from "./chain.ts";
import { type OpenBlock, runsOf } from "./runs.ts";

/** A reading that a device has signed, of one home. */
interface Signed {
  readonly home: Home;
  readonly reading: Reading;
  readonly signature: Hex;
}

/** A transaction that no node knows after so long was lost. */
const LOST_MS = 600_000;
/** What has failed is tried again after this long. */
const RETRY_MS = 60_000;
/** The most gas of a reading in a transaction that it shares, and of each of its blocks: see bench/gas.md. */
const GAS = { perReading: 60_000n, perBlock: 40_000n };
/** What a transaction takes of them; the rest is headroom. */
const GAS_BUDGET = 13_500_000n;

/** How reports go out; a transaction is paid by a key. */
export type Reporting =
  | Exclude<ReportConfig, { by: "transaction" }>
  | (Omit<Extract<ReportConfig, { by: "transaction" }>, "payer"> & { readonly payer: Signer });

export interface ReporterOptions {
  readonly deployment: KnownDeployment;
  /** A node; without one, nothing is known of what others have reported. */
  readonly rpcUrl: string | undefined;
  readonly reporting: Reporting;
  readonly homes: readonly Home[];
  readonly report: Report;
  /** Our clock, Unix milliseconds. */
  readonly now: () => number;
}

/**
 * How a configuration says that reports go out.
 * @throws AgentError when the payer's key can't be read.
 */
export const reportingOf = (config: ReportConfig): Reporting =>
  config.by === "transaction" ? { ...config, payer: openSigner(config.payer) } : config;

/** Brings signed export onto the chain, or to who brings it there. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #chain: Chain | undefined;
  #lastTrouble: string | undefined;
  #lastMs: number;
  #retryMs = 0;
  /** The block at which what was reported was last looked at. */
  #lookedAt: Hex | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(options: ReporterOptions) {
    const { rpcUrl, deployment, homes } = options;
    this.#options = options;
    this.#chain = rpcUrl === undefined ? undefined : chainAt(rpcUrl, deployment);
    this.#lastMs = Math.max(0, ...homes.map(({ journal }) => journal.book.lastSentMs ?? 0));
  }

  /** What hinders reports at present. */
  get trouble(): string | undefined {
    return this.#lastTrouble;
  }

  /** The key that pays for reports, and what it has; undefined when others send them. */
  get paying(): { readonly account: Address; balanceWei(): Promise<bigint> } | undefined {
    const [chain, payer] = [this.#chain, this.#payer];
    if (chain === undefined || payer === undefined) return undefined;
    const { address } = payer;
    return { account: address, balanceWei: () => chain.client.getBalance({ address }) };
  }

  get #payer(): Signer | undefined {
    const { reporting } = this.#options;
    return reporting.by === "transaction" ? reporting.payer : undefined;
  }

  /** Reports when it is time to; called every few seconds. */
  async round(): Promise<void> {
    try {
      if (this.#hasSent()) {
        await this.#inTurn(async () => {
          if (this.#chain !== undefined) await this.#look(this.#chain);
        });
      }
      const dueMs = this.#lastMs + this.#options.reporting.every_minutes * 60_000;
      if (this.#options.now() < Math.max(dueMs, this.#retryMs)) return;
      await this.now();
      this.#well();
    } catch (error) {
      this.#bad(reasonOf(error));
    }
  }

  /** Reports all that waits, at once. @throws when the chain or the submitter does not answer */
  now(): Promise<void> {
    return this.#inTurn(() => this.#reportAll());
  }

  /** One at a time: two would report the same. */
  #inTurn(task: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(task);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #reportAll(): Promise<void> {
    const { reporting } = this.#options;
    const hasOpen = this.#options.homes.some(({ journal }) => journal.book.open().length > 0);
    if (!hasOpen && reporting.by !== "file") return;
    await this.#chain?.requireChain();
    const head = this.#chain && (await this.#look(this.#chain));
    const found = await Promise.all(this.#options.homes.map((home) => this.#readyOf(home, head)));
    const signed = found.flatMap((each) => (each instanceof MendableError ? [] : each));
    const troubles = found.filter((each) => each instanceof MendableError);
    if (reporting.by === "file") writeReadings(reporting.file, signed);
    else if (signed.length > 0) {
      if (reporting.by === "url") await this.#post(reporting.url, signed);
      else await this.#send(signed);
    }
    if (reporting.by === "file" || signed.length > 0) this.#lastMs = this.#options.now();
    if (troubles.length > 0) throw new AgentError(troubles.map(({ message }) => message).join(" "));
  }

  /** Whether something is on its way, or may be taken back still. */
  #hasSent(): boolean {
    return this.#options.homes.some(
      ({ journal: { book } }) => book.sent.size > 0 || book.seen().length > 0,
    );
  }

  /** Learns what became of what was reported: whenever a block comes, until no reorganisation can take it back any more. */
  async #look(chain: Chain): Promise<Head> {
    const head = await chain.head();
    const isNew = head.hash !== this.#lookedAt;
    await this.#followSent(chain, head, isNew);
    if (isNew) await this.#lookAtSeen(chain, head);
    this.#lookedAt = head.hash;
    return head;
  }

  /** Follows our own transactions; those that are mined only when there is a new block. */
  async #followSent(chain: Chain, head: Head, isNew: boolean): Promise<void> {
    const followed = this.#options.homes.flatMap(({ journal }) =>
      [...journal.book.sent.values()]
        .filter((sent) => isNew || journal.book.isOnItsWay(sent))
        .map((sent) => ({ journal, sent })),
    );
    const hashes = new Set(followed.map(({ sent: { hash } }) => hash));
    const outcomes = new Map(
      await Promise.all(
        [...hashes].map(async (hash) => [hash, await chain.outcome(hash)] as const),
      ),
    );
    for (const { journal, sent } of followed) {
      const outcome = outcomes.get(sent.hash);
      const wasMined = !journal.book.isOnItsWay(sent);
      const state = this.#stateBy(outcome, sent);
      const isOver =
        state === "waiting" ||
        (outcome?.status === "success" && isFinal(outcome.block, head.number));
      if (state === "waiting") {
        this.#options.report(
          `The transaction ${sent.hash} ${outcome === undefined ? "was lost" : "has failed"}; its readings are sent again.`,
          { level: "warn", hash: sent.hash },
        );
      } else if (state === "sent" && wasMined) {
        this.#options.report(
          `The transaction ${sent.hash} was mined and is not any more: the chain was reorganised.`,
          { level: "warn", hash: sent.hash },
        );
      }
      const isAsBefore = state === (wasMined ? "reported" : "sent");
      journal.append(
        ...(isAsBefore ? [] : statesOf(state, sent)),
        ...(isOver ? [endOf(sent)] : []),
      );
    }
  }

  /** What a transaction makes of its blocks: one that no node knows may come yet. */
  #stateBy(outcome: Outcome | undefined, { unixMs }: SentEntry): BlockState {
    if (outcome?.status === "success") return "reported";
    const isLost = outcome === undefined && this.#options.now() - unixMs >= LOST_MS;
    return isLost || outcome?.status === "reverted" ? "waiting" : "sent";
  }

  /** Looks at what others have reported, as far as it may be taken back; what is gone waits again. */
  async #lookAtSeen(chain: Chain, head: Head): Promise<void> {
    for (const { journal } of this.#options.homes) {
      const known = journal.book.seen();
      const found = await Promise.all(
        known.map(({ device, block, word }) => chain.reportedLanes(device, block, word)),
      );
      for (const [index, { device, block, state, seen }] of known.entries()) {
        const isThere = ((found[index] ?? 0n) & seen.lanes) === seen.lanes;
        if (isThere && !isFinal(seen.since, head.number)) continue;
        journal.append({ kind: "state", device, block, state: isThere ? state : "waiting" });
        if (isThere) continue;
        this.#options.report(
          `The chain was reorganised: block ${block} of ${device} is not reported any more.`,
          { level: "warn" },
        );
      }
    }
  }

  /** What a home has to report, or why it can't yet: it keeps no other one waiting. */
  async #readyOf(home: Home, head: Head | undefined): Promise<Signed[] | MendableError> {
    try {
      return await this.#waiting(home, head);
    } catch (error) {
      if (error instanceof MendableError) return error;
      throw error;
    }
  }

  /** What waits of a home, less what the chain has already or would refuse, in as few readings as make sense. */
  async #waiting(home: Home, head: Head | undefined): Promise<Signed[]> {
    const signed: Signed[] = [];
    for (const signer of home.signers) {
      const open = home.journal.book
        .open()
        .filter(({ device, state }) => device === signer.address && state === "waiting");
      if (open.length === 0) continue;
      const blocks =
        this.#chain === undefined || head === undefined
          ? open
          : await this.#acceptable(home, signer, open, this.#chain, head);
      for (const reading of runsOf(signer.address, blocks)) {
        const { firstBlock, exported } = reading;
        const signature = await home.sign(signer, "export", firstBlock, exported);
        signed.push({ home, reading, signature });
      }
    }
    return signed;
  }

  async #acceptable(
    home: Home,
    { address: device }: Signer,
    open: readonly OpenBlock[],
    chain: Chain,
    head: Head,
  ): Promise<OpenBlock[]> {
    const { slotSeconds, config, journal } = home;
    const registered = await chain.registered(device);
    if (registered === undefined) {
      throw new AgentError(
        `${config.name}: the device ${device} is not registered yet. Run agent pair and give your community's operator what it prints; nothing is lost meanwhile.`,
      );
    }
    if (registered.microgrid !== config.microgrid) {
      throw new AgentError(
        `${config.name}: the device ${device} is registered in microgrid ${registered.microgrid}; the configuration says ${config.microgrid}.`,
      );
    }
    if (registered.slotSeconds !== slotSeconds) {
      throw new AgentError(
        `${config.name}: slots of microgrid ${config.microgrid} have ${registered.slotSeconds / 60} minutes; the configuration says ${config.slot_minutes}. Mend slot_minutes and give this home another data folder: what was kept is in other slots.`,
      );
    }
    const { firstSlot, lastSlot = Number.POSITIVE_INFINITY } = registered;
    // By the chain's clock; by ours while the chain is out of reach.
    const { nowSeconds } = homeTime(head.time, this.#options.now());
    const endSlot = Math.floor(nowSeconds / slotSeconds);
    const acceptable: OpenBlock[] = [];
    for (const { block, word } of open) {
      // The chain's clock is behind ours: the block waits whole.
      if ((block + 1) * LANES > endSlot) continue;
      const reported = await chain.reportedLanes(device, block, word);
      let [tooMuch, tooLate] = [false, false];
      const kept = filterLanes(word, (lane, wh) => {
        const slot = block * LANES + lane;
        if (slot < firstSlot || ((reported >> BigInt(32 * lane + 31)) & 1n) !== 0n) return false;
        if (slot > lastSlot) {
          tooLate = true;
          return false;
        }
        if (wh <= registered.mostWh) return true;
        tooMuch = true;
        return false;
      });
      if (tooMuch) {
        this.#note(
          home,
          `Block ${block} holds slots with more than the ${registered.mostWh} Wh that the device is registered for; they are not reported.`,
        );
      }
      if (tooLate) {
        this.#note(
          home,
          `The device was retired in slot ${lastSlot}: later ones, such as those of block ${block}, are not reported.`,
        );
      }
      // Readings in a file, or at a submitter, are reported by others as a rule.
      if (reported !== 0n && this.#payer !== undefined) {
        this.#note(
          home,
          `Slots of block ${block} were reported by somebody else. Is another agent running with this key? End one of the two.`,
        );
      }
      if (kept !== 0n) acceptable.push({ block, word: kept });
      else {
        const state = stateOfRest(reported, this.#payer !== undefined);
        const seen = { since: head.number, lanes: reported };
        journal.append({ kind: "state", device, block, state, ...(reported !== 0n && { seen }) });
      }
    }
    return acceptable;
  }

  /** One transaction for as many readings as it takes; written down before it goes out. */
  async #send(signed: readonly Signed[]): Promise<void> {
    const [chain, payer] = [this.#chain, this.#payer];
    if (chain === undefined || payer === undefined) throw new Error("There is nobody to send.");
    let batch: Signed[] = [];
    let gas = 0n;
    // One that the chain refuses would sink the others.
    const refusals = await Promise.all(signed.map((each) => this.#refusalOf(chain, payer, each)));
    for (const [index, each] of signed.entries()) {
      const refusal = refusals[index];
      if (refusal !== undefined) {
        this.#note(each.home, `The chain refuses a reading of ${each.reading.meter}: ${refusal}`);
        continue;
      }
      const more = GAS.perReading + GAS.perBlock * BigInt(each.reading.exported.length);
      if (gas + more > GAS_BUDGET && batch.length > 0) {
        await this.#sendOne(chain, payer, batch);
        [batch, gas] = [[], 0n];
      }
      batch.push(each);
      gas += more;
    }
    if (batch.length > 0) await this.#sendOne(chain, payer, batch);
  }

  async #refusalOf({ client }: Chain, payer: Signer, each: Signed): Promise<string | undefined> {
    const { meters: to } = this.#options.deployment;
    const { address: account } = payer;
    try {
      await client.call({ account, to, data: callOf(each) });
      return undefined;
    } catch (error) {
      const revert =
        error instanceof BaseError && error.walk((each) => each instanceof RawContractError);
      if (revert instanceof RawContractError && typeof revert.data === "string") {
        return errorNameIn(revert.data);
      }
      throw error;
    }
  }

  /** A transaction that the node has refused is none. One whose answer was lost may be on its way: it is waited for. */
  async #takeBack(error: unknown, hash: Hex): Promise<void> {
    const isRefused =
      error instanceof BaseError && error.walk((each) => each instanceof RpcRequestError);
    if (!isRefused || (await this.#chain?.outcome(hash)) !== undefined) return;
    for (const { journal } of this.#options.homes) {
      const sent = journal.book.sent.get(hash);
      if (sent !== undefined) journal.append(...statesOf("waiting", sent), endOf(sent));
    }
  }

  async #sendOne({ client }: Chain, payer: Signer, batch: readonly Signed[]): Promise<void> {
    const { meters, chainId } = this.#options.deployment;
    const calls = batch.map(callOf);
    const [only] = calls;
    const data =
      calls.length === 1 && only !== undefined
        ? only
        : encodeFunctionData({ abi: metersAbi, functionName: "multicall", args: [calls] });
    const account = payer.address;
    const [gas, fees, nonce] = await Promise.all([
      client.estimateGas({ account, to: meters, data }),
      client.estimateFeesPerGas(),
      client.getTransactionCount({ address: account, blockTag: "pending" }),
    ]);
    const transaction = {
      type: "eip1559" as const,
      chainId,
      to: meters,
      data,
      nonce,
      gas: gas + gas / 5n,
      maxFeePerGas: fees.maxFeePerGas,
      maxPriorityFeePerGas: fees.maxPriorityFeePerGas,
    };
    const signature = await payer.sign(keccak256(serializeTransaction(transaction)));
    const serialized = serializeTransaction(transaction, parseSignature(signature));
    const hash = keccak256(serialized);
    for (const home of new Set(batch.map((each) => each.home))) {
      const own = batch.filter((each) => each.home === home);
      home.journal.append({
        kind: "sent",
        unixMs: this.#options.now(),
        hash,
        blocks: own.flatMap(blocksOf),
      });
    }
    try {
      await client.sendRawTransaction({ serializedTransaction: serialized });
    } catch (error) {
      await this.#takeBack(error, hash);
      throw error;
    }
    const blocks = batch.reduce((sum, { reading }) => sum + reading.exported.length, 0);
    this.#options.report(`Sent ${blocks} blocks in the transaction ${hash}.`, { hash });
  }

  async #post(url: string, signed: readonly Signed[]): Promise<void> {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: readingsJson(signed),
      signal: AbortSignal.timeout(30_000),
    });
    if (!response.ok) {
      throw new AgentError(
        `${url} answers with status ${response.status}: ${(await response.text()).slice(0, 200)}`,
      );
    }
    // With a node, the chain's own word is waited for.
    if (this.#chain !== undefined) return;
    for (const each of signed) {
      const states = blocksOf(each).map(
        (block): Entry => ({ kind: "state", ...block, state: "reported" }),
      );
      each.home.journal.append(...states);
    }
  }

  #note(home: Home, text: string): void {
    const { name } = home.config;
    this.#options.report(`${name}: ${text}`, { level: "warn", home: name });
    home.journal.append({ kind: "note", unixMs: this.#options.now(), meter: "", text });
  }

  #bad(reason: string): void {
    this.#retryMs = this.#options.now() + RETRY_MS;
    if (reason !== this.#lastTrouble) {
      this.#options.report(`Reports wait: ${reason}`, { level: "warn" });
    }
    this.#lastTrouble = reason;
  }

  #well(): void {
    if (this.#lastTrouble !== undefined) this.#options.report("Reports go out again.");
    this.#lastTrouble = undefined;
  }
}

/** What a transaction makes of its blocks. */
const statesOf = (state: BlockState, { blocks }: SentEntry): Entry[] =>
  blocks.map(({ device, block }) => ({ kind: "state", device, block, state }));

const endOf = ({ hash }: SentEntry): Entry => ({ kind: "settled", hash });

const callOf = ({ reading, signature }: Signed): Hex =>
  encodeFunctionData({
    abi: metersAbi,
    functionName: "report",
    args: [{ ...reading, exported: [...reading.exported] }, signature],
  });

function errorNameIn(data: Hex): string {
  try {
    const { errorName, args } = decodeErrorResult({ abi: metersAbi, data });
    return `${errorName}(${args.join(", ")})`;
  } catch {
    return data;
  }
}

/** What becomes of a block of which nothing is left to report. */
function stateOfRest(reported: bigint, isByUs: boolean): BlockState {
  if (reported === 0n) return "refused";
  return isByUs ? "elsewhere" : "reported";
}

/** The blocks of a reading that hold anything. */
const blocksOf = ({ reading: { meter, firstBlock, exported } }: Signed) =>
  exported.flatMap((word, i) => (word === 0n ? [] : [{ device: meter, block: firstBlock + i }]));

/** Signed readings as the dApp and submitters take them. */
const readingsJson = (signed: readonly Signed[]): string =>
  `${JSON.stringify(
    {
      readings: signed.map(({ reading: { meter, firstBlock, exported }, signature }) => ({
        meter,
        firstBlock,
        exported: exported.map((word) => toHex(word)),
        signature,
      })),
    },
    undefined,
    2,
  )}\n`;

function writeReadings(file: string, signed: readonly Signed[]): void {
  const text = readingsJson(signed);
  try {
    if (readFileSync(file, "utf8") === text) return;
  } catch {
    // There is none yet.
  }
  writeWhole(file, text);
}
