import type { Signer } from "@wattline/common/keys";
import type { Report } from "@wattline/common/log";
import { MendableError, reasonOf } from "@wattline/common/mendable";
import {
  BaseError,
  keccak256,
  type PublicClient,
  parseSignature,
  RpcRequestError,
  serializeTransaction,
} from "viem";
import type { Call } from "../simulate.ts";
import { currentFees, type Fees, raised } from "./fees.ts";
import { type Attempt, mostWei, type Outbox, type Sent } from "./outbox.ts";

/** What a transaction is for. */
export type Purpose = Attempt["purpose"];

/** What came of sending a call: the node has it, does not take it at present, or it could exceed the day's budget. */
export type Sending = "sent" | "not taken" | "over budget";

export interface SenderOptions {
  readonly client: PublicClient;
  readonly chainId: number;
  readonly signer: Signer;
  readonly outbox: Outbox;
  /** Wei. */
  readonly mostADayWei: bigint;
  readonly stuckMs: number;
  /** Our clock, Unix milliseconds. */
  readonly now: () => number;
  readonly on: SenderEvents;
}

/** What a sender tells. */
export interface SenderEvents {
  readonly report: Report;
  sent(purpose: Purpose, isReplacement: boolean): void;
  mined(purpose: Purpose, isSuccess: boolean): void;
}

const CANCEL_GAS = 21_000n;

/** On their way at once: what fits into two blocks, while one is being mined. */
const MOST_WAITING = 8;

/**
 * Sends transactions, a few at a time, and follows them until they are mined. One that the node forgets is handed in again. The
 * first of them is replaced with a higher fee when it is stuck, and by the cheapest transaction there is when it is worth nothing
 * any more; always under the same nonce, so that only one of them can be mined. What is mined is looked after until it can't be
 * taken back.
 */
export class Sender {
  readonly #options: SenderOptions;
  /** What the node last found too low. */
  #refused: Fees | undefined;
  #isOverBudget = false;
  /** The day on which that was last said. */
  #saidOn: string | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Whether something more may be sent before what is on its way is mined. */
  get hasRoom(): boolean {
    return this.#options.outbox.waiting.length < MOST_WAITING;
  }

  /** Whether something was not sent because of the budget, since {@link startAnew}. */
  get isOverBudget(): boolean {
    return this.#isOverBudget;
  }

  /** What is to be sent is planned anew. */
  startAnew(): void {
    this.#isOverBudget = false;
  }

  /** What today has cost and may still cost, in wei. */
  get committedWei(): bigint {
    return this.#options.outbox.committedWei(this.#today());
  }

  /**
   * Learns what became of what was sent, and does what is due about it.
   * @param isWorth Whether a transaction would still do something.
   */
  async look(isWorth: (attempt: Attempt) => Promise<boolean>): Promise<void> {
    const { outbox } = this.#options;
    const minedNonces = await this.#nonce();
    for (const sent of await this.#unsettled()) await this.#learn(sent, minedNonces);
    // One whose nonce is used up is mined; the node has its receipt soon.
    const [first, ...later] = outbox.waiting.filter(({ nonce }) => nonce >= minedNonces);
    if (first === undefined) return;
    if (first.nonce > minedNonces) return this.#fill(minedNonces);
    await this.#urge(first, isWorth);
    if (later.length === 0) return;
    const knownNonces = await this.#nonce("pending");
    for (const each of later.filter(({ nonce }) => nonce >= knownNonces)) {
      await this.#remind(newestOf(each)).catch(throwUnlessRefused);
    }
  }

  /**
   * Sends a call.
   * @throws MendableError when the node refuses it for a reason that the operator can mend; what the node throws.
   */
  async send(call: Call, purpose: Purpose): Promise<Sending> {
    return this.#begin(await this.#freeNonce(), call, purpose);
  }

  /** Sends the first transaction of a nonce. */
  async #begin(nonce: number, call: Call, purpose: Purpose): Promise<Sending> {
    const { outbox, client } = this.#options;
    const now = await currentFees(client);
    const fees = this.#refused === undefined ? now : raised(this.#refused, now);
    return this.#goOut({ nonce, day: this.#today(), attempts: [] }, call, purpose, fees, () =>
      outbox.drop(nonce),
    );
  }

  /** What may have been mined or taken back since the last look: a block that stands has all before it stand. */
  async #unsettled(): Promise<readonly Sent[]> {
    const { sent } = this.#options.outbox;
    for (let last = sent.length - 1; last >= 0; last--) {
      const mined = sent[last]?.mined;
      if (mined === undefined || !(await this.#stands(mined))) continue;
      return sent.filter((each, index) => index > last || each.mined === undefined);
    }
    return sent;
  }

  async #stands({ block, blockHash }: NonNullable<Sent["mined"]>): Promise<boolean> {
    const { client } = this.#options;
    const found = await client.getBlock({ blockNumber: BigInt(block) }).catch(notFound);
    return found?.hash === blockHash;
  }

  /** Takes note of whether a nonce is mined, and by what; also when a reorganisation has changed that. */
  async #learn(sent: Sent, minedNonces: number): Promise<void> {
    const { client, outbox, now, on } = this.#options;
    if (sent.nonce >= minedNonces) {
      if (sent.mined === undefined) return;
      on.report(
        `The transaction ${sent.mined.hash} was mined and is not any more: the chain was reorganised.`,
        { level: "warn", hash: sent.mined.hash },
      );
      const { mined: _, ...waiting } = sent;
      outbox.put(waiting);
      return;
    }
    for (const attempt of [...sent.attempts].reverse()) {
      const receipt = await client.getTransactionReceipt({ hash: attempt.hash }).catch(notFound);
      if (receipt === undefined) continue;
      const { blockHash, blockNumber, gasUsed, effectiveGasPrice, status } = receipt;
      if (sent.mined?.blockHash === blockHash && sent.mined.hash === attempt.hash) return;
      const isSuccess = status === "success";
      const costWei = gasUsed * effectiveGasPrice;
      const { hash } = attempt;
      outbox.put({
        ...sent,
        mined: { hash, block: Number(blockNumber), blockHash, costWei, isSuccess },
      });
      on.mined(attempt.purpose, isSuccess);
      if (!isSuccess) on.report(`The transaction ${hash} has failed.`, { level: "warn", hash });
      return;
    }
    const newest = newestOf(sent);
    if (sent.mined !== undefined || now() - newest.sentMs < this.#options.stuckMs) return;
    on.report(
      `The nonce ${sent.nonce} was used by a transaction that was not sent from here. Give the auctioneer an account of its own.`,
      { level: "warn" },
    );
    outbox.drop(sent.nonce);
  }

  /** Sees to it that a waiting transaction gets mined, or one in its place. */
  async #urge(sent: Sent, isWorth: (attempt: Attempt) => Promise<boolean>): Promise<void> {
    const { client, now, stuckMs } = this.#options;
    const newest = newestOf(sent);
    const isTaken = await this.#remind(newest);
    const isDead = newest.purpose !== "cancel" && !(await isWorth(newest));
    if (!isDead && isTaken && now() - newest.sentMs < stuckMs) return;
    const call = isDead ? this.#nothing() : newest;
    const purpose = isDead ? "cancel" : newest.purpose;
    const fees = raised(this.#refused ?? newest, await currentFees(client));
    await this.#goOut(sent, call, purpose, raised(newest, fees), () =>
      this.#options.outbox.put(sent),
    );
  }

  /**
   * Uses up a nonce of which nothing is known, as when a reorganisation has gone deeper than what counts as final, or a file is
   * lost: before that nothing behind it can be mined, whatever it pays.
   */
  async #fill(nonce: number): Promise<void> {
    if ((await this.#nonce("pending")) > nonce) return;
    this.#options.on.report(
      `Nothing is known of the nonce ${nonce}, which is free again: it is used up.`,
      {
        level: "warn",
      },
    );
    await this.#begin(nonce, this.#nothing(), "cancel");
  }

  /** Hands in again what the node has forgotten. @returns whether it takes it, or has it */
  async #remind(attempt: Attempt): Promise<boolean> {
    const { client } = this.#options;
    const known = await client.getTransaction({ hash: attempt.hash }).catch(notFound);
    return known !== undefined || (await this.#handIn(attempt)) !== "underpriced";
  }

  /** The cheapest transaction: it only uses a nonce up. */
  #nothing(): Call {
    return { to: this.#options.signer.address, data: "0x", gas: CANCEL_GAS };
  }

  /**
   * Signs a call, writes it down and hands it in.
   * @param takeBack Takes the note back when the node has refused it.
   */
  async #goOut(
    sent: Sent | (Omit<Sent, "attempts"> & { readonly attempts: [] }),
    { to, data, gas }: Call,
    purpose: Purpose,
    fees: Fees,
    takeBack: () => void,
  ): Promise<Sending> {
    const { outbox, on, now, mostADayWei } = this.#options;
    const most = mostWei([...sent.attempts, { gas, maxFeePerGas: fees.maxFeePerGas }]);
    const committed = outbox.committedWei(this.#today(), sent.nonce);
    // Beside others it can wait until they are mined.
    const isBesides = sent.attempts.length === 0 && outbox.waiting.length > 0;
    // As much again is kept for them all, in case their fees have to be raised.
    if (isBesides && committed + outbox.waitingWei + 2n * most > mostADayWei) return "not taken";
    if (committed + most > mostADayWei) {
      this.#isOverBudget = true;
      if (this.#saidOn !== this.#today()) {
        on.report(
          `The day's budget of ${mostADayWei} wei does not cover this transaction: ${committed} are spent or on their way, and it may cost ${most}. It waits; raise gas.most_a_day to send it today.`,
          { level: "warn" },
        );
      }
      this.#saidOn = this.#today();
      return "over budget";
    }
    const attempt: Attempt = {
      ...(await this.#sign(sent.nonce, { to, data, gas }, fees)),
      ...{ to, data, gas, purpose, sentMs: now(), ...fees },
    };
    outbox.put({ ...sent, attempts: [...sent.attempts, attempt] });
    const answer = await this.#handIn(attempt).catch((error: unknown) => {
      if (!(error instanceof MendableError)) throw error;
      // Nodes let nobody have more on its way than it can pay for.
      if (isBesides) return "refused";
      takeBack();
      throw error;
    });
    if (answer !== "taken") {
      takeBack();
      return "not taken";
    }
    on.sent(purpose, sent.attempts.length > 0);
    return "sent";
  }

  async #sign(nonce: number, { to, data, gas }: Call, fees: Fees) {
    const { signer, chainId } = this.#options;
    const transaction = { type: "eip1559", chainId, nonce, to, data, gas, ...fees } as const;
    const signature = await signer.sign(keccak256(serializeTransaction(transaction)));
    const serialized = serializeTransaction(transaction, parseSignature(signature));
    return { serialized, hash: keccak256(serialized) };
  }

  /**
   * Hands a signed transaction to the node.
   * @throws MendableError when the node refuses it for another reason than its fee or nonce; what the node throws when its answer
   * is lost: then the transaction may be on its way.
   */
  async #handIn({ serialized, ...attempt }: Attempt): Promise<"taken" | "late" | "underpriced"> {
    try {
      await this.#options.client.sendRawTransaction({ serializedTransaction: serialized });
    } catch (error) {
      const isRefused =
        error instanceof BaseError &&
        error.walk((each) => each instanceof RpcRequestError) !== null;
      if (!isRefused) throw error;
      const reason = reasonOf(error);
      if (/nonce/i.test(reason) && /low|used|already/i.test(reason)) return "late";
      if (/underpriced|less than block base fee|fee (is )?too low|fee cap/i.test(reason)) {
        this.#refused = this.#refused === undefined ? attempt : raised(this.#refused, attempt);
        return "underpriced";
      }
      if (!/already (known|imported)|known transaction/i.test(reason)) {
        throw new MendableError(
          `The node refuses a transaction of ${this.#options.signer.address}: ${reason}.`,
        );
      }
    }
    this.#refused = undefined;
    return "taken";
  }

  /** The first nonce that is not used, in the newest block or as far as the node knows of transactions. */
  async #nonce(blockTag: "latest" | "pending" = "latest"): Promise<number> {
    const { client, signer } = this.#options;
    return client.getTransactionCount({ address: signer.address, blockTag });
  }

  /** The lowest nonce that is neither mined nor on its way. */
  async #freeNonce(): Promise<number> {
    const taken = new Set(this.#options.outbox.waiting.map(({ nonce }) => nonce));
    let nonce = await this.#nonce();
    while (taken.has(nonce)) nonce++;
    return nonce;
  }

  #today(): string {
    return new Date(this.#options.now()).toISOString().slice(0, 10);
  }
}

/** viem throws for what a node does not know. */
function notFound(error: unknown): undefined {
  if (error instanceof Error && /NotFound/.test(error.name)) return undefined;
  throw error;
}

/** What a node refuses behind others it may take when they are mined. */
function throwUnlessRefused(error: unknown): void {
  if (!(error instanceof MendableError)) throw error;
}

function newestOf({ attempts }: Sent): Attempt {
  const newest = attempts.at(-1);
  if (newest === undefined) throw new Error("A nonce was written down without a transaction.");
  return newest;
}
