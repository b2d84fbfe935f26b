import type { Address, Hex } from "viem";
import { costOf } from "../money.ts";
import { LANES, sumWh, unpackProfile } from "../profile.ts";
import { slotEnd } from "../slots.ts";
import { addWords } from "../words.ts";
import type { Act } from "./acts.ts";
import type { EventNamed } from "./events.ts";

/** The terms of a forward, as the contracts hash them. Prices are base units per kWh sent. */
export interface PositionTerms {
  readonly seller: Address;
  readonly buyer: Address;
  /** The meter whose energy is promised. */
  readonly meter: Address;
  /** The source's number in the contracts. */
  readonly source: number;
  readonly from: number;
  readonly to: number;
  readonly currency: Address;
  readonly price: bigint;
  readonly charge: bigint;
  readonly bond: bigint;
  readonly lossBps: number;
}

/** What is locked for a block of a position. Energy in Wh, money in base units. */
export interface Locked {
  /** Wh in eight lanes. */
  readonly reserved: bigint;
  readonly reservedWh: bigint;
  /** The buyer's: energy and charge. */
  readonly locked: bigint;
  /** The seller's. */
  readonly bonded: bigint;
}

/**
 * A position: a reserved block of a forward, and what has been released of it so far. Words hold Wh in eight lanes,
 * energy is in Wh, money in base units. A block may be reserved again after its release.
 */
export interface Position extends Locked {
  readonly state: "open" | "released";
  readonly delivered: bigint;
  readonly deliveredWh: bigint;
  /** The reserved energy of the released part. */
  readonly promisedWh: bigint;
  /** To the seller. */
  readonly paid: bigint;
  /** To the DSOs. */
  readonly charged: bigint;
  /** Back to the buyer. */
  readonly refund: bigint;
  /** From the seller's bond to the buyer. */
  readonly forfeited: bigint;
}

/** A position before any reservation. */
export const NO_POSITION: Position = {
  state: "open",
  reserved: 0n,
  reservedWh: 0n,
  locked: 0n,
  bonded: 0n,
  delivered: 0n,
  deliveredWh: 0n,
  promisedWh: 0n,
  paid: 0n,
  charged: 0n,
  refund: 0n,
  forfeited: 0n,
};

type Prices = Pick<PositionTerms, "price" | "charge" | "bond">;

/**
 * What a block locks for a word of energy, as computed by `Forwards`: the block's whole energy is priced at once, the
 * charge rounded down, the rest up.
 */
export function lockedFor({ price, charge, bond }: Prices, reserved: bigint): Locked {
  const reservedWh = sumWh([reserved]);
  return {
    reserved,
    reservedWh,
    locked: costOf(price, reservedWh) + (charge * reservedWh) / 1000n,
    bonded: costOf(bond, reservedWh),
  };
}

/** A position after more of its block was reserved. */
export const reservedMore = (
  terms: Prices,
  { reserved }: Pick<Position, "reserved">,
  word: bigint,
): Pick<Position, "state" | keyof Locked> => ({
  state: "open",
  ...lockedFor(terms, addWords(reserved, word)),
});

/** A position after its block was released. */
export const releasedOf = (
  terms: Prices,
  before: Omit<Position, "state">,
  { delivered, paid, charge, refund, forfeited }: EventNamed<"Released">["args"],
): Position => ({
  state: "released",
  ...lockedFor(terms, 0n),
  delivered: addWords(before.delivered, delivered),
  deliveredWh: before.deliveredWh + sumWh([delivered]),
  promisedWh: before.promisedWh + before.reservedWh,
  paid: before.paid + paid,
  charged: before.charged + charge,
  refund: before.refund + refund,
  forfeited: before.forfeited + forfeited,
});

/**
 * The last moment at which a reading of a block counts for a position: the reporting deadline of its last slot.
 * @returns Unix seconds.
 */
export function deadlineOf(
  { slotSeconds, reportingDeadline }: { slotSeconds: number; reportingDeadline: number },
  block: number,
  word: bigint,
): number {
  const slots = [...unpackProfile({ firstBlock: block, words: [word] }).keys()];
  return slotEnd(slots.at(-1) ?? block * LANES, slotSeconds) + reportingDeadline;
}

/** A position with its terms and its block. */
export interface PositionOfBlock extends PositionTerms, Position {
  readonly positionId: Hex;
  readonly block: number;
  /** See {@link deadlineOf}. */
  readonly deadline: number;
}

/** Positions after the acts so far. */
export class Positions {
  readonly #blocks = new Map<string, PositionOfBlock>();
  readonly #charters = new Map<number, EventNamed<"Founded">["args"]["charter"]>();

  /** Adds a microgrid, which defines the slots and the reporting deadline of its positions. */
  found({ microgrid, charter }: EventNamed<"Founded">["args"]): void {
    this.#charters.set(microgrid, charter);
  }

  /** @throws Error when the seller's microgrid was not added. */
  reserve({ positionId, position, firstBlock, energy }: EventNamed<"Reserved">["args"]): void {
    const charter = this.#charters.get(position.from);
    if (charter === undefined) {
      throw new Error(
        `Position ${positionId} is in microgrid ${position.from}, which was never founded.`,
      );
    }
    for (const [offset, word] of energy.entries()) {
      if (word === 0n) continue;
      const block = firstBlock + offset;
      const key = keyOf(positionId, block);
      const terms = { ...position, positionId, block };
      const before = this.#blocks.get(key) ?? NO_POSITION;
      const grown = reservedMore(position, before, word);
      const deadline = deadlineOf(charter, block, grown.reserved);
      this.#blocks.set(key, { ...terms, ...before, ...grown, deadline });
    }
  }

  /**
   * @returns The position before the release.
   * @throws Error when the block was never reserved.
   */
  release(released: EventNamed<"Released">["args"]): PositionOfBlock {
    const { positionId, blockNumber } = released;
    const key = keyOf(positionId, blockNumber);
    const before = this.#blocks.get(key);
    if (before === undefined) {
      throw new Error(`Block ${blockNumber} of position ${positionId} was never reserved.`);
    }
    this.#blocks.set(key, { ...before, ...releasedOf(before, before, released) });
    return before;
  }

  /** All of them, in the order of their first reservation. */
  all(): PositionOfBlock[] {
    return [...this.#blocks.values()];
  }
}

/** Every position in a list of acts, which must begin with the contracts' first act. */
export function positionsOf(acts: readonly Act[]): PositionOfBlock[] {
  const positions = new Positions();
  for (const act of acts) {
    if (act.kind === "reserve") positions.reserve(act.reserved.args);
    else if (act.kind === "release") positions.release(act.released.args);
    else if (act.kind === "plain" && act.event.eventName === "Founded") {
      positions.found(act.event.args);
    }
  }
  return positions.all();
}

const keyOf = (positionId: Hex, block: number): string => `${positionId} ${block}`;
