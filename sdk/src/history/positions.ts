import { encodeAbiParameters, getAbiItem, type Hex, keccak256 } from "viem";
import { marketplaceAbi } from "../abi/marketplace.ts";
import { bondedFor, type PositionTerms, paidFor } from "../deals/position.ts";
import { type Microgrid, overdueAtSeconds } from "../microgrid.ts";
import { LANES, laneOf, sumWh } from "../profile.ts";
import type { Act } from "./acts.ts";
import type { EventNamed } from "./events.ts";

/** One reservation as the contracts hash it: its terms, first block, energy, and what the meter had promised before. */
export type Position = EventNamed<"Reserved">["args"]["position"];

const POSITION = getAbiItem({ abi: marketplaceAbi, name: "positionId" }).inputs;

/** A position's id, as in the contracts. */
export const positionIdOf = (position: Position): Hex =>
  keccak256(encodeAbiParameters(POSITION, [position]));

/** What a position comes to, for `releaseSlot` and the like. */
export const termsOf = (position: Omit<Position, "energy" | "ahead">): PositionTerms => ({
  pricePerKwh: position.price,
  perArrived: position.perArrived,
  chargePerKwh: position.charge,
  bondPerKwh: position.bond,
  lossBps: BigInt(position.lossBps),
  crosses: position.from !== position.to,
});

/** Whether a block is still to be settled, or how it was: "undelivered" when some of its slots were called so. */
export type BlockState = "open" | "released" | "undelivered";

/** A block of a position that holds energy. Words hold Wh in eight lanes; money is in thousandths of a base unit. */
export interface PositionBlock {
  readonly block: number;
  readonly state: BlockState;
  /** What the seller is to send. */
  readonly energy: bigint;
  readonly energyWh: bigint;
  /** What the meter had promised before. */
  readonly ahead: bigint;
  /** What the buyer has locked for it. */
  readonly lockedMillis: bigint;
  /** What the seller has locked: its bond and, across a line, the wheeling charge. */
  readonly bondedMillis: bigint;
  /** What was sent. */
  readonly delivered: bigint;
  readonly deliveredWh: bigint;
  /** Guard bits of the slots that were called undelivered. */
  readonly undelivered: bigint;
  /** By the buyer, charge included. */
  readonly paidMillis: bigint;
  /** To the DSOs. */
  readonly chargeMillis: bigint;
  /** Back to the buyer. */
  readonly refundMillis: bigint;
  /** From the seller's bond to the buyer. */
  readonly forfeitedMillis: bigint;
}

/** A position and what has come of it so far. */
export interface PositionView {
  readonly id: Hex;
  readonly position: Position;
  /** What the seller signed; undefined when it was the taker. */
  readonly offerHash: Hex | undefined;
  /** What the buyer signed; undefined when it was the taker. */
  readonly bidHash: Hex | undefined;
  /** Those that hold energy, in their order. */
  readonly blocks: readonly PositionBlock[];
}

const NOTHING_RELEASED = {
  state: "open",
  delivered: 0n,
  deliveredWh: 0n,
  undelivered: 0n,
  paidMillis: 0n,
  chargeMillis: 0n,
  refundMillis: 0n,
  forfeitedMillis: 0n,
} as const;

/** The blocks of a position as they were reserved. */
export function reservedBlocks(position: Position): PositionBlock[] {
  const { firstBlock, energy, ahead } = position;
  const terms = termsOf(position);
  return energy.flatMap((word, index) => {
    if (word === 0n) return [];
    return {
      block: firstBlock + index,
      energy: word,
      energyWh: sumWh([word]),
      ahead: ahead[index] ?? 0n,
      lockedMillis: sumOfLanes(word, (wh) => paidFor(terms, wh)),
      bondedMillis: sumOfLanes(word, (wh) => bondedFor(terms, wh)),
      ...NOTHING_RELEASED,
    };
  });
}

/** A block after its release. */
export const releasedBlock = (
  before: PositionBlock,
  released: EventNamed<"Released">["args"],
): PositionBlock => ({
  ...before,
  state: released.undelivered === 0n ? "released" : "undelivered",
  delivered: released.delivered,
  deliveredWh: sumWh([released.delivered]),
  undelivered: released.undelivered,
  paidMillis: released.paid,
  chargeMillis: released.charge,
  refundMillis: released.refund,
  forfeitedMillis: released.forfeited,
});

/** A position as it was reserved. */
export const positionViewOf = ({
  positionId,
  offerHash,
  bidHash,
  position,
}: EventNamed<"Reserved">["args"]): PositionView => ({
  id: positionId,
  position,
  offerHash: signedHash(offerHash),
  bidHash: signedHash(bidHash),
  blocks: reservedBlocks(position),
});

/** The hash of an order in an event; undefined for the side that took the other's order, which has none. */
export const signedHash = (hash: Hex): Hex | undefined => (BigInt(hash) === 0n ? undefined : hash);

/** Which blocks of a position are open, as `openOf` answers and `release` takes them: bit i for its block i. */
export const openBlocksOf = ({
  position: { firstBlock },
  blocks,
}: Pick<PositionView, "position" | "blocks">): bigint =>
  blocks
    .filter(({ state }) => state === "open")
    .reduce((bits, { block }) => bits | (1n << BigInt(block - firstBlock)), 0n);

/**
 * When all slots of a block that have no reading can be called undelivered: Unix seconds, undefined while the island of one
 * lasts.
 * @param microgrid Where the seller delivers.
 * @param energy The block's word: only lanes with energy count.
 */
export function blockOverdueAtSeconds(
  microgrid: Microgrid,
  block: number,
  energy: bigint,
  nowSeconds: number,
): number | undefined {
  let latest: number | undefined = 0;
  for (let lane = 0; lane < LANES; lane++) {
    if (laneOf(energy, lane) === 0n) continue;
    const overdueAt = overdueAtSeconds(microgrid, block * LANES + lane, nowSeconds);
    latest =
      overdueAt === undefined || latest === undefined ? undefined : Math.max(latest, overdueAt);
  }
  return latest;
}

/** Positions after the acts so far. */
export class Positions {
  readonly #views = new Map<Hex, PositionView>();

  reserve(reserved: EventNamed<"Reserved">["args"]): PositionView {
    const view = positionViewOf(reserved);
    this.#views.set(view.id, view);
    return view;
  }

  /**
   * @returns The position and the block before the release.
   * @throws Error when the block was never reserved.
   */
  release(released: EventNamed<"Released">["args"]): {
    readonly position: Position;
    readonly before: PositionBlock;
  } {
    const { positionId, blockNumber } = released;
    const view = this.#views.get(positionId);
    const before = view?.blocks.find(({ block }) => block === blockNumber);
    if (view === undefined || before === undefined) {
      throw new Error(`Block ${blockNumber} of position ${positionId} was never reserved.`);
    }
    const after = releasedBlock(before, released);
    const blocks = view.blocks.map((each) => (each === before ? after : each));
    this.#views.set(positionId, { ...view, blocks });
    return { position: view.position, before };
  }

  get(id: Hex): PositionView | undefined {
    return this.#views.get(id);
  }

  /** All of them, in the order of their reservation. */
  all(): PositionView[] {
    return [...this.#views.values()];
  }
}

/** Every position in a list of acts, which must begin with the contracts' first act. */
export function positionsOf(acts: readonly Act[]): PositionView[] {
  const positions = new Positions();
  for (const act of acts) {
    if (act.kind === "reserve") positions.reserve(act.reserved.args);
    else if (act.kind === "release") positions.release(act.released.args);
  }
  return positions.all();
}

function sumOfLanes(word: bigint, amountOf: (wh: bigint) => bigint): bigint {
  let sum = 0n;
  for (let lane = 0; lane < LANES; lane++) sum += amountOf(laneOf(word, lane));
  return sum;
}
