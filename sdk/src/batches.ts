import { type Hex, size } from "viem";
import { type Source, sourceIndex } from "./energyId.ts";
import { type Microgrid, scheduleFor } from "./microgrid.ts";
import { blockOf, type EnergyBySlot, packProfile, unpackProfile } from "./profile.ts";
import type { Order, SignedOrder } from "./typedData.ts";

/** Cuts matches into batches for `settle`. What they come to the contract computes itself; nothing here sets a price. */

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
  /** The number of the schedule that its slots go by, where the offer is. */
  readonly schedule: number;
  /** The same where the bid is, if that is elsewhere; else 0. */
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
  readonly perMatch: bigint;
  /** Per word of a match. */
  readonly perWord: bigint;
  /** Per slot of a match that holds energy. */
  readonly perLane: bigint;
}

/**
 * An upper bound for makers with keys and their delegates: every account, balance and fill is assumed to be written for
 * the first time. In steady state a batch takes a third to a half of it. A test settles batches of many shapes within
 * these bounds. A contract wallet's check comes on top, at most 400,000 gas.
 */
export const SETTLE_GAS: SettleGas = {
  batch: 150_000n,
  perOrder: 75_000n,
  perProofByte: 80n,
  perMatch: 35_000n,
  perWord: 60_000n,
  perLane: 4_000n,
};

/** The gas limit of one transaction (EIP-7825). */
export const TRANSACTION_GAS_CAP = 16_777_216n;

/** The planned gas of a batch at most; the rest is headroom for contract wallets. */
export const SETTLE_GAS_BUDGET = 14_000_000n;

/** How to cut batches. */
export interface BatchOptions {
  /** The microgrid of a number. @throws Error when there is none. */
  known(microgrid: number): Microgrid;
  readonly gasBudget?: bigint;
  readonly gas?: SettleGas;
}

/**
 * Cuts pairings into batches none of which exceeds the gas budget, in their order. A pairing becomes as many matches as
 * schedules hold for its slots, and more where it would not fit into a batch of its own.
 * @throws RangeError when the budget is too small for one block of a pairing.
 */
export function batchesOf(
  pairings: readonly Pairing[],
  { known, gasBudget = SETTLE_GAS_BUDGET, gas = SETTLE_GAS }: BatchOptions,
): Batch[] {
  const batches: Batch[] = [];
  let pending = new Assembly(gas);
  const add = (piece: Piece): void => {
    if (pending.gasWith(piece) <= gasBudget) {
      pending.add(piece);
      return;
    }
    const fresh = new Assembly(gas);
    if (fresh.gasWith(piece) > gasBudget) {
      const halves = halvesOf(piece);
      if (halves === undefined) throw new RangeError(`No match fits into ${gasBudget} gas.`);
      for (const half of halves) add(half);
      return;
    }
    batches.push(pending.batch());
    pending = fresh;
    pending.add(piece);
  };
  for (const pairing of pairings) for (const piece of piecesOf(pairing, known)) add(piece);
  if (!pending.isEmpty) batches.push(pending.batch());
  return batches.filter(({ matches }) => matches.length > 0);
}

/** A part of a pairing in which the same schedules hold. */
interface Piece extends Pairing {
  readonly schedule: number;
  readonly bidSchedule: number;
}

function piecesOf(pairing: Pairing, known: BatchOptions["known"]): Piece[] {
  const [from, to] = [known(pairing.offer.order.microgrid), known(pairing.bid.order.microgrid)];
  const pieces = new Map<string, Piece & { readonly energyWh: Map<number, bigint> }>();
  for (const [slot, wh] of pairing.energyWh) {
    if (wh === 0n) continue;
    const schedule = scheduleFor(from, slot);
    const bidSchedule = from.microgrid === to.microgrid ? 0 : scheduleFor(to, slot);
    const key = `${schedule} ${bidSchedule}`;
    const piece = pieces.get(key) ?? { ...pairing, schedule, bidSchedule, energyWh: new Map() };
    pieces.set(key, piece);
    piece.energyWh.set(slot, wh);
  }
  return [...pieces.values()];
}

/** The earlier and the later blocks of a piece; undefined of one block. */
function halvesOf(piece: Piece): [Piece, Piece] | undefined {
  const blocks = [...new Set([...piece.energyWh.keys()].map(blockOf))].sort((a, b) => a - b);
  const middle = blocks[Math.ceil(blocks.length / 2)];
  if (middle === undefined) return undefined;
  const within = (isHalf: (block: number) => boolean): Piece => ({
    ...piece,
    energyWh: new Map([...piece.energyWh].filter(([slot]) => isHalf(blockOf(slot)))),
  });
  return [within((block) => block < middle), within((block) => block >= middle)];
}

/** A batch while it is put together. */
class Assembly {
  readonly #gas: SettleGas;
  readonly #placed = new Map<Order, { readonly at: number; readonly signature: Hex }>();
  readonly #matches: Match[] = [];
  #spent: bigint;

  constructor(gas: SettleGas) {
    this.#gas = gas;
    this.#spent = gas.batch;
  }

  get isEmpty(): boolean {
    return this.#matches.length === 0;
  }

  gasWith(piece: Piece): bigint {
    const added = [piece.offer, piece.bid].filter(({ order }) => !this.#placed.has(order));
    const orders = added.reduce((sum, { signature }) => sum + orderGas(signature, this.#gas), 0n);
    return this.#spent + orders + matchGas(packProfile(piece.energyWh), this.#gas);
  }

  add(piece: Piece): void {
    this.#spent = this.gasWith(piece);
    const { source, schedule, bidSchedule } = piece;
    const { firstBlock, words } = packProfile(piece.energyWh);
    this.#matches.push({
      offer: this.#place(piece.offer),
      bid: this.#place(piece.bid),
      source: sourceIndex(source),
      schedule,
      bidSchedule,
      firstBlock,
      energy: words,
    });
  }

  batch(): Batch {
    return {
      orders: [...this.#placed.keys()],
      signatures: [...this.#placed.values()].map(({ signature }) => signature),
      matches: this.#matches,
      gas: this.#spent,
    };
  }

  #place({ order, signature }: SignedOrder): number {
    const at = this.#placed.get(order)?.at ?? this.#placed.size;
    this.#placed.set(order, { at, signature });
    return at;
  }
}

/** The most gas that `settle` of a batch takes, by {@link SETTLE_GAS}. */
export const settleGas = (
  { signatures, matches }: Pick<Batch, "signatures" | "matches">,
  gas: SettleGas = SETTLE_GAS,
): bigint =>
  gas.batch +
  signatures.reduce((sum, signature) => sum + orderGas(signature, gas), 0n) +
  matches.reduce((sum, { firstBlock, energy }) => {
    return sum + matchGas({ firstBlock, words: energy }, gas);
  }, 0n);

const orderGas = (signature: Hex, gas: SettleGas): bigint =>
  gas.perOrder + gas.perProofByte * BigInt(Math.max(size(signature) - 65, 0));

const matchGas = (
  profile: { readonly firstBlock: number; readonly words: readonly bigint[] },
  gas: SettleGas,
): bigint =>
  gas.perMatch +
  gas.perWord * BigInt(profile.words.length) +
  gas.perLane * BigInt(unpackProfile(profile).size);
