import { type Head, Snapshot } from "@wattline/relay/chain";
import {
  communityPriceIn,
  type Deployment,
  energyTokenAbi,
  isIslandedIn,
  LANES,
  laneOf,
  type Microgrid,
  marketplaceAbi,
  type Order,
  slotEnd,
  sourceIndex,
} from "@wattline/sdk";
import {
  type Address,
  decodeFunctionData,
  decodeFunctionResult,
  encodeFunctionResult,
  type Hex,
  isAddressEqual,
  type PublicClient,
} from "viem";
import { type Assigned, assignedIn } from "./assigned.ts";
import { type PromiseBook, slotsOf } from "./book.ts";

/** What promises, readings and settlements on their way come to, by what it changes. All of it is small beside what the chain holds. */
interface Sums {
  /** Thousandths of a base unit that buyers have promised, by currency and holder. */
  readonly paid: ReadonlyMap<string, bigint>;
  /** Wh by maker and nonce. */
  readonly filled: ReadonlyMap<string, bigint>;
  /** Wh by holder, microgrid, source and slot: what was signed by devices, less what is promised. */
  readonly held: ReadonlyMap<string, bigint>;
  /** Wh by meter and slot, of islanded slots. */
  readonly rationed: ReadonlyMap<string, bigint>;
}

const keyOf = (...parts: readonly (string | number | bigint)[]): string =>
  parts.join(" ").toLowerCase();

/**
 * The chain as it will be when all that is promised is settled: what it last said, more what devices have signed since, less what
 * is promised or was on its way to be settled. What a promise brings its seller does not count before it is there.
 */
export class PromisedView extends Snapshot {
  readonly #sums: Sums;

  /**
   * @param head The last known block.
   * @param nowSeconds The time by our clock: the chain's stands still.
   * @param onTheirWay What is settled by transactions that may be mined after the last known block.
   */
  constructor(
    client: PublicClient,
    deployment: Deployment,
    head: Head,
    nowSeconds: number,
    microgrids: ReadonlyMap<number, Microgrid>,
    book: PromiseBook,
    onTheirWay: readonly Assigned[],
  ) {
    super(client, deployment, { ...head, time: nowSeconds }, microgrids, true);
    this.#sums = sumsOf(book, [...assignedIn(book), ...onTheirWay], microgrids, head.time);
  }

  /** Whether all of an order is promised. */
  isUsedUp({ maker, nonce, energy }: Pick<Order, "maker" | "nonce" | "energy">): boolean {
    return (this.#sums.filled.get(keyOf(maker, nonce)) ?? 0n) >= BigInt(energy);
  }

  override async call(to: Address, data: Hex): Promise<Hex> {
    const answer = await super.call(to, data);
    const { marketplace, energy } = this.deployment;
    if (isAddressEqual(to, marketplace)) return this.#ofMarket(data, answer);
    return isAddressEqual(to, energy) ? this.#ofEnergy(data, answer) : answer;
  }

  #ofMarket(data: Hex, answer: Hex): Hex {
    const abi = marketplaceAbi;
    const { functionName, args } = decodeFunctionData({ abi, data });
    switch (functionName) {
      case "accountOf": {
        const account = decodeFunctionResult({ abi, functionName, data: answer });
        const paid = this.#sums.paid.get(keyOf(...args)) ?? 0n;
        const balance = account.balance > paid ? account.balance - paid : 0n;
        return encodeFunctionResult({ abi, functionName, result: { ...account, balance } });
      }
      case "firmFillOf": {
        const [maker, , , nonce] = args;
        const filled = decodeFunctionResult({ abi, functionName, data: answer });
        const result = filled + (this.#sums.filled.get(keyOf(maker, nonce)) ?? 0n);
        return encodeFunctionResult({ abi, functionName, result });
      }
      case "rationedOf": {
        const [meter, block] = args;
        const word = decodeFunctionResult({ abi, functionName, data: answer });
        const result = changed(word, block, (slot) => this.#sums.rationed.get(keyOf(meter, slot)));
        return encodeFunctionResult({ abi, functionName, result });
      }
      default:
        return answer;
    }
  }

  #ofEnergy(data: Hex, answer: Hex): Hex {
    const abi = energyTokenAbi;
    const { functionName, args } = decodeFunctionData({ abi, data });
    if (functionName !== "profileOf") return answer;
    const [holder, microgrid, source, firstBlock] = args;
    const words = decodeFunctionResult({ abi, functionName, data: answer });
    const result = words.map((word, offset) =>
      changed(word, firstBlock + offset, (slot) =>
        this.#sums.held.get(keyOf(holder, microgrid, source, slot)),
      ),
    );
    return encodeFunctionResult({ abi, functionName, result });
  }
}

/** A word of a block with what is more, or less, in its slots; never less than nothing. */
function changed(
  word: bigint,
  block: number,
  moreOf: (slot: number) => bigint | undefined,
): bigint {
  let result = 0n;
  for (let lane = 0; lane < LANES; lane++) {
    const wh = laneOf(word, lane) + (moreOf(block * LANES + lane) ?? 0n);
    if (wh > 0n) result |= wh << BigInt(32 * lane);
  }
  return result;
}

function sumsOf(
  book: PromiseBook,
  assigned: readonly Assigned[],
  microgrids: ReadonlyMap<number, Microgrid>,
  headSeconds: number,
): Sums {
  const [paid, filled, held, rationed] = [0, 0, 0, 0].map(() => new Map<string, bigint>());
  if (!paid || !filled || !held || !rationed) throw new Error("There are four sums.");
  const add = (sums: Map<string, bigint>, key: string, more: bigint) =>
    void sums.set(key, (sums.get(key) ?? 0n) + more);
  const seen = new Set<string>();
  for (const reading of book.readings) {
    const { meter, owner, microgrid: number, source } = reading;
    const microgrid = microgrids.get(number);
    if (microgrid === undefined) continue;
    for (const slot of slotsOf(reading).keys()) {
      // What ended before the last known block may be minted there already.
      if (slotEnd(slot, microgrid.slotSeconds) <= headSeconds) continue;
      const once = keyOf(meter, slot);
      if (seen.has(once)) continue;
      seen.add(once);
      const wh = book.exportedWh(meter, slot) ?? 0n;
      add(held, keyOf(owner, number, sourceIndex(source), slot), wh);
    }
  }
  for (const { sold, bought, source, slot, energyWh } of assigned) {
    const microgrid = microgrids.get(sold.microgrid);
    if (microgrid === undefined) continue;
    const cost = communityPriceIn(microgrid, slot) * energyWh;
    add(paid, keyOf(microgrid.currency, bought.maker), cost);
    add(filled, keyOf(sold.maker, sold.nonce), energyWh);
    add(filled, keyOf(bought.maker, bought.nonce), energyWh);
    add(held, keyOf(sold.maker, sold.microgrid, sourceIndex(source), slot), -energyWh);
    if (isIslandedIn(microgrid, slot)) add(rationed, keyOf(bought.meter, slot), energyWh);
  }
  return { paid, filled, held, rationed };
}
