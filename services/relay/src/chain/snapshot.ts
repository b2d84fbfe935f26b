import {
  type ChainView,
  type Microgrid,
  marketplaceAbi,
  type Order,
  type OrderFacts,
  plainSignerOf,
  readOrderFacts,
  type Signer,
  signatureFactsIn,
} from "@wattline/sdk";
import {
  type Address,
  BaseError,
  decodeFunctionResult,
  ExecutionRevertedError,
  encodeFunctionData,
  type Hex,
  isAddressEqual,
  type PublicClient,
} from "viem";

/** A block at which orders are judged. */
export interface Head {
  readonly number: number;
  readonly hash: Hex;
  /** Unix seconds. */
  readonly time: number;
}

/** What is known about an order's signature without asking the chain. */
export interface SignatureReading {
  /** What was signed. */
  readonly digest: Hex;
  /** The plain signature over it. */
  readonly signature: Hex;
  /** The key that made it; undefined when it is none of a key. */
  readonly recovered?: Address | undefined;
}

/** Calls in one `multicall`. */
const MOST_CALLS = 250;
/** Answers that a snapshot keeps. */
const MOST_KNOWN = 10_000;

/** A contract's answer to a call. */
interface Question {
  readonly call: Hex;
  resolve(answer: Hex): void;
  reject(error: unknown): void;
}

/**
 * The chain's state at one block, named by its hash, so that facts belong together even if the chain is reorganised.
 * Each question is asked once, and those asked at the same time go to a contract together.
 */
export class Snapshot implements ChainView {
  readonly head: Head;
  /** Whether the node is offline: then money counts only for firm orders. */
  readonly isOffline: boolean;
  readonly deployment: ChainView["deployment"];
  /** As of the block. */
  readonly microgrids: ReadonlyMap<number, Microgrid>;
  readonly #client: PublicClient;
  readonly #answers = new Map<string, Promise<Hex>>();
  readonly #waiting = new Map<Address, Question[]>();

  constructor(
    client: PublicClient,
    deployment: ChainView["deployment"],
    head: Head,
    microgrids: ReadonlyMap<number, Microgrid>,
    isOffline: boolean,
  ) {
    this.#client = client;
    this.deployment = deployment;
    this.head = head;
    this.microgrids = microgrids;
    this.isOffline = isOffline;
  }

  get nowSeconds(): number {
    return this.head.time;
  }

  microgrid(microgrid: number): Microgrid | undefined {
    return this.microgrids.get(microgrid);
  }

  /** All facts on which an order's validity depends. @throws what the RPC throws */
  factsOf(order: Order, reading: SignatureReading): Promise<OrderFacts> {
    return readOrderFacts(this, order, this.signerOf(order, reading));
  }

  /** Who of those who may has signed; undefined when nobody has. @throws what the RPC throws */
  signerOf(order: Order, { digest, signature, recovered }: SignatureReading) {
    const facts = signatureFactsIn(this, order, () => recovered);
    return plainSignerOf(order, digest, signature, facts);
  }

  /** Whether a key that signed an order may still do so. @throws what the RPC throws */
  keyOf(order: Order, recovered: Address): Promise<Signer | undefined> {
    const facts = signatureFactsIn(this, order, () => recovered);
    return plainSignerOf(order, "0x", "0x", { ...facts, isAccepted: () => false });
  }

  call(to: Address, data: Hex): Promise<Hex> {
    const key = `${to} ${data}`;
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    // While no block comes, the answers must not fill the memory.
    if (this.#answers.size >= MOST_KNOWN) this.#answers.clear();
    const asked = this.#canAskMany(to) ? this.#askTogether(to, data) : this.#ask(to, data);
    this.#answers.set(key, asked);
    // A failed read is tried again next time.
    asked.catch(() => this.#answers.delete(key));
    return asked;
  }

  async ask(to: Address, data: Hex, gas: bigint): Promise<Hex | undefined> {
    try {
      return await this.#ask(to, data, gas);
    } catch (error) {
      if (hasReverted(error)) return undefined;
      throw error;
    }
  }

  async #ask(to: Address, data: Hex, gas?: bigint): Promise<Hex> {
    const { hash: blockHash } = this.head;
    const answer = await this.#client.call({
      to,
      data,
      ...(gas !== undefined && { gas }),
      blockHash,
    });
    return answer.data ?? "0x";
  }

  /** Whether a contract has `multicall`. */
  #canAskMany(to: Address): boolean {
    const { marketplace, meters } = this.deployment;
    return isAddressEqual(to, marketplace) || isAddressEqual(to, meters);
  }

  #askTogether(to: Address, call: Hex): Promise<Hex> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(to);
      const question = { call, resolve, reject };
      if (waiting !== undefined) {
        waiting.push(question);
        return;
      }
      this.#waiting.set(to, [question]);
      setImmediate(() => this.#flush(to));
    });
  }

  #flush(to: Address): void {
    const waiting = this.#waiting.get(to) ?? [];
    this.#waiting.delete(to);
    for (let start = 0; start < waiting.length; start += MOST_CALLS) {
      const part = waiting.slice(start, start + MOST_CALLS);
      this.#multicall(
        to,
        part.map(({ call }) => call),
      ).then(
        (answers) => {
          for (const [i, { resolve }] of part.entries()) resolve(answers[i] ?? "0x");
        },
        (error: unknown) => {
          for (const { reject } of part) reject(error);
        },
      );
    }
  }

  /** `Meters` has the same `multicall` as the marketplace. */
  async #multicall(to: Address, calls: readonly Hex[]): Promise<readonly Hex[]> {
    const multicall = { abi: marketplaceAbi, functionName: "multicall" } as const;
    const data = encodeFunctionData({ ...multicall, args: [calls] });
    return decodeFunctionResult({ ...multicall, data: await this.#ask(to, data) });
  }
}

/** Whether the contract reverted, as opposed to the node failing. */
const hasReverted = (error: unknown): boolean =>
  error instanceof BaseError &&
  error.walk((cause) => cause instanceof ExecutionRevertedError || isRevertData(cause)) !== null;

const isRevertData = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && cause.code === 3;
