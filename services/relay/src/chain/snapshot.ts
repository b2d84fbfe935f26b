import {
  blockOf,
  type Deployment,
  energyTokenAbi,
  isAcceptance,
  LANES,
  laneOf,
  type MeterFacts,
  type MicrogridFacts,
  marketplaceAbi,
  metersAbi,
  modeAt,
  type Order,
  type OrderFacts,
  SIDES,
  type Signer,
  SOURCES,
  sourceMask,
  WALLET_GAS,
  walletQuestion,
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
  zeroAddress,
} from "viem";
import type { PossibleSigner } from "../verify/signatureCheck.ts";

/** A block at which orders are judged. */
export interface Head {
  readonly number: number;
  readonly hash: Hex;
  /** Unix seconds. */
  readonly time: number;
}

/** An order and what is known about its signature. */
export interface Candidate {
  readonly order: Order;
  /** Known, or still to be found among the possible signers. */
  readonly signer: Signer | readonly PossibleSigner[];
}

/** A microgrid's facts and its DSO. */
type Microgrid = MicrogridFacts & { readonly dso: Address };

/** Calls in one `multicall`. */
const MOST_CALLS = 250;
/** Facts of each kind that a snapshot keeps. */
const MOST_KNOWN = 20_000;

/**
 * The chain's state at one block, named by its hash, so that facts belong together even if the chain is reorganised.
 * Each fact is read once.
 */
export class Snapshot {
  readonly head: Head;
  /** Whether the node is offline: then only locked money counts. */
  readonly #isOffline: boolean;
  readonly #client: PublicClient;
  readonly #deployment: Deployment;
  readonly #market: Batcher;
  readonly #metering: Batcher;
  readonly #microgrids = new Memo<Microgrid | undefined>();
  readonly #accounts = new Memo<{ balance: bigint; counter: bigint; lockedUntil: bigint }>();
  readonly #allowances = new Memo<bigint>();
  readonly #meters = new Memo<MeterFacts | undefined>();
  readonly #profiles = new Memo<readonly bigint[]>();

  constructor(client: PublicClient, deployment: Deployment, head: Head, isOffline: boolean) {
    this.#client = client;
    this.#deployment = deployment;
    this.head = head;
    this.#isOffline = isOffline;
    this.#market = new Batcher((calls) => this.#multicall(deployment.marketplace, calls));
    this.#metering = new Batcher((calls) => this.#multicall(deployment.meters, calls));
  }

  /** All facts on which an order's validity depends. @throws what the RPC throws */
  async factsOf({ order, signer }: Candidate): Promise<OrderFacts> {
    const microgrid = await this.microgrid(order.microgrid);
    if (microgrid === undefined) {
      return {
        nowSeconds: this.head.time,
        microgrid,
        account: { balance: 0n, counter: 0n },
        fill: { filledWh: 0n, cancelled: false },
        signer: undefined,
        allowance: 0n,
        meter: undefined,
        heldWh: 0n,
      };
    }
    const { maker } = order;
    const { currency } = microgrid;
    const [account, fill, found, meter, heldWh] = await Promise.all([
      this.#account(currency, maker),
      this.#fill(maker, order.nonce),
      this.#signerOf(maker, currency, signer),
      isAddressEqual(order.meter, zeroAddress) ? undefined : this.#meter(order.meter),
      SIDES[order.side] === "offer" && !order.forward
        ? this.#heldWh(order, microgrid.slotSeconds)
        : 0n,
    ]);
    const allowance =
      found?.by === "delegate" ? await this.allowance(maker, currency, found.delegate) : 0n;
    return {
      nowSeconds: this.head.time,
      microgrid,
      account,
      lockedUntil: this.#isOffline ? account.lockedUntil : undefined,
      fill,
      signer: found,
      allowance,
      meter,
      heldWh,
    };
  }

  /** A microgrid; undefined when there is none of this number. */
  microgrid(microgrid: number): Promise<Microgrid | undefined> {
    return this.#microgrids.get(String(microgrid), () => this.#readMicrogrid(microgrid));
  }

  /** What a delegate may still spend for a maker. */
  allowance(maker: Address, currency: Address, delegate: Address): Promise<bigint> {
    const args = [maker, currency, delegate] as const;
    return this.#allowances.get(args.join(" "), async () =>
      decodeFunctionResult({
        abi: marketplaceAbi,
        functionName: "allowanceOf",
        data: await this.#market.call(
          encodeFunctionData({ abi: marketplaceAbi, functionName: "allowanceOf", args }),
        ),
      }),
    );
  }

  /** Whether a contract wallet accepts a signature (ERC-1271), asked with the gas that the marketplace grants. */
  async isAccepted(wallet: Address, digest: Hex, signature: Hex): Promise<boolean> {
    try {
      const { data } = await this.#client.call({
        to: wallet,
        data: walletQuestion(digest, signature),
        gas: WALLET_GAS,
        blockHash: this.head.hash,
      });
      return isAcceptance(data);
    } catch (error) {
      if (hasReverted(error)) return false;
      throw error;
    }
  }

  async #signerOf(
    maker: Address,
    currency: Address,
    signer: Candidate["signer"],
  ): Promise<Signer | undefined> {
    if ("by" in signer) {
      if (signer.by !== "delegate") return signer;
      return (await this.allowance(maker, currency, signer.delegate)) > 0n ? signer : undefined;
    }
    // Possible signers come in the order in which the contracts try them.
    for (const { digest, signature, recovered } of signer) {
      if (recovered !== undefined && (await this.allowance(maker, currency, recovered)) > 0n) {
        return { by: "delegate", delegate: recovered };
      }
      if (await this.isAccepted(maker, digest, signature)) return { by: "wallet" };
    }
    return undefined;
  }

  #account(currency: Address, holder: Address) {
    return this.#accounts.get(`${currency} ${holder}`, async () =>
      decodeFunctionResult({
        abi: marketplaceAbi,
        functionName: "accountOf",
        data: await this.#market.call(
          encodeFunctionData({
            abi: marketplaceAbi,
            functionName: "accountOf",
            args: [currency, holder],
          }),
        ),
      }),
    );
  }

  async #fill(maker: Address, nonce: bigint) {
    const [filledWh, cancelled] = decodeFunctionResult({
      abi: marketplaceAbi,
      functionName: "fillOf",
      data: await this.#market.call(
        encodeFunctionData({ abi: marketplaceAbi, functionName: "fillOf", args: [maker, nonce] }),
      ),
    });
    return { filledWh, cancelled };
  }

  #meter(meter: Address): Promise<MeterFacts | undefined> {
    return this.#meters.get(meter, async () => {
      const record = decodeFunctionResult({
        abi: metersAbi,
        functionName: "meterOf",
        data: await this.#metering.call(
          encodeFunctionData({ abi: metersAbi, functionName: "meterOf", args: [meter] }),
        ),
      });
      const source = SOURCES[record.source];
      if (isAddressEqual(record.owner, zeroAddress) || source === undefined) return undefined;
      const { owner, microgrid, capacityW, active } = record;
      return { owner, microgrid, capacityW, active, source };
    });
  }

  /** The maker's energy of the order's sources in the order's slots. */
  async #heldWh(order: Order, slotSeconds: number): Promise<bigint> {
    // Only ended slots hold energy.
    const lastSlot = Math.min(order.lastSlot, Math.floor(this.head.time / slotSeconds));
    if (lastSlot < order.firstSlot) return 0n;
    const sources = SOURCES.filter((source) => (order.sources & sourceMask(source)) !== 0);
    const held = await Promise.all(
      sources.map((source) =>
        this.#profile(
          order.maker,
          order.microgrid,
          SOURCES.indexOf(source),
          blockOf(order.firstSlot),
          blockOf(lastSlot) - blockOf(order.firstSlot) + 1,
        ),
      ),
    );
    return held.reduce((total, words) => total + sumBetween(words, order, lastSlot), 0n);
  }

  #profile(
    holder: Address,
    microgrid: number,
    source: number,
    firstBlock: number,
    blocks: number,
  ): Promise<readonly bigint[]> {
    const args = [holder, microgrid, source, firstBlock, BigInt(blocks)] as const;
    return this.#profiles.get(args.join(" "), async () =>
      decodeFunctionResult({
        abi: energyTokenAbi,
        functionName: "profileOf",
        data: await this.#call(
          this.#deployment.energy,
          encodeFunctionData({ abi: energyTokenAbi, functionName: "profileOf", args }),
        ),
      }),
    );
  }

  async #readMicrogrid(microgrid: number): Promise<Microgrid | undefined> {
    const call = encodeFunctionData({
      abi: metersAbi,
      functionName: "microgridOf",
      args: [microgrid],
    });
    try {
      const { charter, tariffs, mode, dso } = decodeFunctionResult({
        abi: metersAbi,
        functionName: "microgridOf",
        data: await this.#call(this.#deployment.meters, call),
      });
      return {
        currency: charter.currency,
        slotSeconds: charter.slotSeconds,
        mode: modeAt(mode),
        networkFeePerKwh: tariffs.networkFee,
        feedInPerKwh: tariffs.feedIn,
        islandPriceCapPerKwh: tariffs.islandPriceCap,
        reportingDeadlineSeconds: charter.reportingDeadline,
        dso,
      };
    } catch (error) {
      if (hasReverted(error)) return undefined;
      throw error;
    }
  }

  async #call(to: Address, data: Hex): Promise<Hex> {
    const answer = await this.#client.call({ to, data, blockHash: this.head.hash });
    return answer.data ?? "0x";
  }

  /** `Meters` has the same `multicall` as the marketplace. */
  async #multicall(to: Address, calls: readonly Hex[]): Promise<readonly Hex[]> {
    const data = encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "multicall",
      args: [calls],
    });
    return decodeFunctionResult({
      abi: marketplaceAbi,
      functionName: "multicall",
      data: await this.#call(to, data),
    });
  }
}

/** Caches what has been read. */
class Memo<T> {
  readonly #known = new Map<string, Promise<T>>();

  get(key: string, read: () => Promise<T>): Promise<T> {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // While no block comes, the cache must not fill the memory.
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    const asked = read();
    this.#known.set(key, asked);
    // A failed read is tried again next time.
    asked.catch(() => this.#known.delete(key));
    return asked;
  }
}

/** Collects calls made at the same time into one request to the node. */
class Batcher {
  readonly #send: (calls: readonly Hex[]) => Promise<readonly Hex[]>;
  #waiting: { call: Hex; resolve(data: Hex): void; reject(error: unknown): void }[] = [];

  constructor(send: (calls: readonly Hex[]) => Promise<readonly Hex[]>) {
    this.#send = send;
  }

  call(call: Hex): Promise<Hex> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#flush());
      this.#waiting.push({ call, resolve, reject });
    });
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let start = 0; start < waiting.length; start += MOST_CALLS) {
      const part = waiting.slice(start, start + MOST_CALLS);
      this.#send(part.map(({ call }) => call)).then(
        (answers) => {
          for (const [i, { resolve }] of part.entries()) resolve(answers[i] ?? "0x");
        },
        (error: unknown) => {
          for (const { reject } of part) reject(error);
        },
      );
    }
  }
}

function sumBetween(words: readonly bigint[], order: Order, lastSlot: number): bigint {
  const start = blockOf(order.firstSlot) * LANES;
  let total = 0n;
  for (let slot = order.firstSlot; slot <= lastSlot; slot++) {
    const word = words[blockOf(slot - start)];
    if (word !== undefined && word !== 0n) total += laneOf(word, slot % LANES);
  }
  return total;
}

/** Whether the contract reverted, as opposed to the node failing. */
const hasReverted = (error: unknown): boolean =>
  error instanceof BaseError &&
  error.walk((cause) => cause instanceof ExecutionRevertedError || isRevertData(cause)) !== null;

const isRevertData = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && cause.code === 3;
