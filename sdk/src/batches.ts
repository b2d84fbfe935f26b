import { type Address, type Hex, size } from "viem";
import { type Source, sourceIndex } from "./energyId.ts";
import {
  communityPriceIn,
  isIslandedIn,
  levelFor,
  type Microgrid,
  scheduleFor,
} from "./microgrid.ts";
import { type EnergyBySlot, packProfile, unpackProfile } from "./profile.ts";
import type { Order, SignedOrder } from "./typedData.ts";
import { WALLET_GAS } from "./walletSignature.ts";

/**
 * Cuts matches into batches for `settle`, none of which takes more than the planned gas. What they come to the contract
 * computes itself, the same wherever they are cut; nothing here sets a price.
 */

/** Energy from one signed order to another. */
export interface Pairing {
  readonly offer: SignedOrder;
  readonly bid: SignedOrder;
  readonly source: Source;
  /** Wh per slot as they are sent. */
  readonly energyWh: EnergyBySlot;
}

/** Energy from one offer to one bid, as `settle` takes it. */
export interface Match {
  /** The offer's index in the batch's orders. */
  readonly offer: number;
  /** The bid's index. */
  readonly bid: number;
  /** The contracts' number. */
  readonly source: number;
  /** The number of the schedule of the offer's microgrid that the slots go by. */
  readonly schedule: number;
  /** The same of the bid's microgrid, when that is another one; else 0. */
  readonly bidSchedule: number;
  readonly firstBlock: number;
  /** One word of eight lanes per block. */
  readonly energy: readonly bigint[];
}

/** The arguments of one `settle`. */
export interface Batch {
  readonly orders: readonly Order[];
  readonly signatures: readonly Hex[];
  readonly matches: readonly Match[];
  /** The most gas it takes; see {@link SETTLE_GAS}. */
  readonly gas: bigint;
}

/** The gas of `settle`, by the contents of a batch. */
export interface SettleGas {
  /** Of every batch. */
  readonly batch: bigint;
  readonly perOrder: bigint;
  /** More for every byte of a signature beyond 65: the proof of a bulk signature. */
  readonly perProofByte: bigint;
  /** More for an order whose maker's wallet is asked. */
  readonly perWallet: bigint;
  readonly perMatch: bigint;
  /** More for a match of forwards, which makes a position. */
  readonly perForward: bigint;
  /** Per word of a match. */
  readonly perWord: bigint;
  /** More for a word that counts on a tie line or on a ration. */
  readonly perCountedWord: bigint;
  /** Per slot of a match that holds energy. */
  readonly perLane: bigint;
}

/**
 * An upper bound: every account, balance, fill and flow is assumed to be written for the first time. In steady state a batch
 * takes about half of it. A test settles batches of many shapes within these bounds. They exceed the calldata floor of
 * EIP-7976 (64 gas a byte), too.
 */
export const SETTLE_GAS: SettleGas = {
  batch: 100_000n,
  perOrder: 70_000n,
  perProofByte: 80n,
  perWallet: WALLET_GAS,
  perMatch: 30_000n,
  perForward: 90_000n,
  perWord: 36_000n,
  perCountedWord: 26_000n,
  perLane: 7_000n,
};

/** The gas limit of one transaction (EIP-7825). */
export const TRANSACTION_GAS_CAP = 16_777_216n;

/** The planned gas of a batch at most; the rest is headroom. */
export const SETTLE_GAS_BUDGET = 15_000_000n;

/** Words of a match at most. */
const MOST_WORDS = 256;

/** How to cut batches. */
export interface BatchOptions {
  /** The microgrid of a number. @throws Error when there is none. */
  known(microgrid: number): Microgrid;
  /** Whether a maker is a contract wallet, which is asked on chain whether it accepts a signature; none by default. */
  isWallet?(maker: Address): boolean;
  readonly gasBudget?: bigint;
  readonly gas?: SettleGas;
}

/**
 * Cuts pairings into batches none of which exceeds the gas budget, in their order. A pairing becomes several matches where the
 * schedule changes, where blocks without energy lie between, and, of forwards, where the price changes, since a position has
 * one. A match that would not fit into a batch of its own is cut between blocks.
 * @throws RangeError when the budget is too small for a match of one block.
 */
export function batchesOf(pairings: readonly Pairing[], options: BatchOptions): Batch[] {
  const { gasBudget = SETTLE_GAS_BUDGET, known } = options;
  const batches: Batch[] = [];
  let draft = new Draft(options);
  const flush = () => {
    if (draft.matches.length > 0) batches.push(draft.batch());
    draft = new Draft(options);
  };
  for (const piece of pairings.flatMap((pairing) => piecesOf(pairing, known))) {
    if (draft.gasWith(piece) > gasBudget) flush();
    for (let rest = piece; rest.words.length > 0; ) {
      const fitting = fittingOf(draft, rest, gasBudget);
      if (fitting === 0) throw new RangeError(`No match fits into ${gasBudget} gas.`);
      draft.add(partOf(rest, 0, fitting));
      rest = partOf(rest, fitting);
      if (rest.words.length > 0) flush();
    }
  }
  flush();
  return batches;
}

/** A batch without some of its matches, and without the orders that only those needed. Its gas stays a bound. */
export function keepMatches(batch: Batch, isKept: (index: number) => boolean): Batch {
  const matches = batch.matches.filter((_, index) => isKept(index));
  const used = [...new Set(matches.flatMap(({ offer, bid }) => [offer, bid]))].sort(
    (a, b) => a - b,
  );
  const placeOf = new Map(used.map((order, index) => [order, index]));
  const ordersAt = <T>(list: readonly T[]): T[] => list.filter((_, index) => placeOf.has(index));
  return {
    ...batch,
    orders: ordersAt(batch.orders),
    signatures: ordersAt(batch.signatures),
    matches: matches.map((match) => ({
      ...match,
      offer: placeOf.get(match.offer) ?? 0,
      bid: placeOf.get(match.bid) ?? 0,
    })),
  };
}

/** A match in contiguous blocks, of one schedule on either side. */
interface Piece extends Omit<Pairing, "energyWh"> {
  readonly schedule: number;
  readonly bidSchedule: number;
  readonly firstBlock: number;
  readonly words: readonly bigint[];
  /** Whether it counts on a tie line or, somewhere, on a ration. */
  readonly isCounted: boolean;
}

const partOf = (piece: Piece, from: number, to?: number): Piece => ({
  ...piece,
  firstBlock: piece.firstBlock + from,
  words: piece.words.slice(from, to),
});

/** How many of a piece's first words the draft takes. */
function fittingOf(draft: Draft, piece: Piece, gasBudget: bigint): number {
  let fitting = piece.words.length;
  while (fitting > 0 && draft.gasWith(partOf(piece, 0, fitting)) > gasBudget) fitting--;
  return fitting;
}

function piecesOf(
  { offer, bid, source, energyWh }: Pairing,
  known: BatchOptions["known"],
): Piece[] {
  const [from, to] = [known(offer.order.microgrid), known(bid.order.microgrid)];
  const isHome = from.microgrid === to.microgrid;
  const placeOf = (slot: number) => ({
    schedule: scheduleFor(from, slot),
    bidSchedule: isHome ? 0 : scheduleFor(to, slot),
  });
  const groups = Map.groupBy(energyWh, ([slot]) => {
    const { schedule, bidSchedule } = placeOf(slot);
    const price = offer.order.forward ? `${priceIn(from, slot)} ${priceIn(to, slot)}` : "";
    return `${schedule} ${bidSchedule} ${price}`;
  });
  return [...groups.values()].flatMap((group) => {
    const isCounted = !isHome || group.some(([slot]) => isIslandedIn(to, slot));
    return runsOf(new Map(group)).map((run) => ({
      offer,
      bid,
      source,
      ...placeOf(group[0]?.[0] ?? 0),
      isCounted,
      ...run,
    }));
  });
}

/** What has to be the same in all slots of a position. */
function priceIn(microgrid: Microgrid, slot: number): string {
  const { feePerKwh } = levelFor(microgrid, slot);
  return `${communityPriceIn(microgrid, slot)} ${feePerKwh} ${isIslandedIn(microgrid, slot)}`;
}

/** Energy as runs of blocks that all hold some. */
function runsOf(energyWh: EnergyBySlot): Pick<Piece, "firstBlock" | "words">[] {
  const { firstBlock, words } = packProfile(energyWh);
  const runs: { firstBlock: number; words: bigint[] }[] = [];
  for (const [offset, word] of words.entries()) {
    if (word === 0n) continue;
    const block = firstBlock + offset;
    const last = runs.at(-1);
    const isNext = last !== undefined && last.firstBlock + last.words.length === block;
    if (isNext && last.words.length < MOST_WORDS) last.words.push(word);
    else runs.push({ firstBlock: block, words: [word] });
  }
  return runs;
}

/** A batch to which matches are added. */
class Draft {
  readonly matches: Match[] = [];
  readonly #places = new Map<Order, number>();
  readonly #signatures: Hex[] = [];
  readonly #costs: SettleGas;
  readonly #isWallet: (maker: Address) => boolean;
  #gas: bigint;

  constructor({ gas = SETTLE_GAS, isWallet = () => false }: BatchOptions) {
    this.#costs = gas;
    this.#isWallet = isWallet;
    this.#gas = gas.batch;
  }

  /** The most gas with one more match. */
  gasWith(piece: Piece): bigint {
    const { offer, bid, words, isCounted } = piece;
    const { perMatch, perForward, perWord, perCountedWord, perLane } = this.#costs;
    const lanes = unpackProfile({ firstBlock: 0, words }).size;
    return (
      this.#gas +
      this.#gasOf(offer) +
      this.#gasOf(bid) +
      perMatch +
      (offer.order.forward ? perForward : 0n) +
      BigInt(words.length) * (isCounted ? perWord + perCountedWord : perWord) +
      BigInt(lanes) * perLane
    );
  }

  add(piece: Piece): void {
    this.#gas = this.gasWith(piece);
    const { offer, bid, source, schedule, bidSchedule, firstBlock, words } = piece;
    this.matches.push({
      offer: this.#place(offer),
      bid: this.#place(bid),
      source: sourceIndex(source),
      schedule,
      bidSchedule,
      firstBlock,
      energy: words,
    });
  }

  batch(): Batch {
    return {
      orders: [...this.#places.keys()],
      signatures: this.#signatures,
      matches: this.matches,
      gas: this.#gas,
    };
  }

  /** What an order takes that is not in the batch yet. */
  #gasOf({ order, signature }: SignedOrder): bigint {
    if (this.#places.has(order)) return 0n;
    const { perOrder, perProofByte, perWallet } = this.#costs;
    const proof = BigInt(Math.max(size(signature) - 65, 0));
    return perOrder + proof * perProofByte + (this.#isWallet(order.maker) ? perWallet : 0n);
  }

  #place({ order, signature }: SignedOrder): number {
    const known = this.#places.get(order);
    if (known !== undefined) return known;
    const place = this.#places.size;
    this.#places.set(order, place);
    this.#signatures.push(signature);
    return place;
  }
}
