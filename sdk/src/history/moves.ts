import { type Address, zeroAddress } from "viem";
import { parseEnergyId, type Source } from "../energyId.ts";
import {
  blockOf,
  type EnergyBySlot,
  LANE_MAX_WH,
  LANES,
  sumWh,
  unpackProfile,
} from "../profile.ts";
import { addWords, laneWord } from "../words.ts";
import type { EventNamed } from "./events.ts";

/** Energy that a transfer event of the token has moved. */
export interface EnergyMove {
  readonly operator: Address;
  /** Zero for a mint. */
  readonly from: Address;
  /** Zero for energy that is retired or leaves its microgrid. */
  readonly to: Address;
  /** In the event's order. A market's move has one line and every block once; a holder's own can have anything. */
  readonly words: readonly MovedWord[];
  readonly logIndex: number;
}

/** Energy of one block of one line (a source in a microgrid). */
export interface MovedWord {
  readonly microgrid: number;
  readonly source: Source;
  readonly blockNumber: number;
  /** Wh in eight lanes. */
  readonly energy: bigint;
}

export const isMint = ({ from }: EnergyMove): boolean => from === zeroAddress;
export const isBurn = ({ to }: EnergyMove): boolean => to === zeroAddress;

/** What has moved, by slot; a slot that moved in several words is added up. */
export function energyBySlot(
  words: readonly Pick<MovedWord, "blockNumber" | "energy">[],
): EnergyBySlot {
  const energyWh = new Map<number, bigint>();
  for (const { blockNumber, energy } of words) {
    for (const [slot, wh] of unpackProfile({ firstBlock: blockNumber, words: [energy] })) {
      energyWh.set(slot, (energyWh.get(slot) ?? 0n) + wh);
    }
  }
  return energyWh;
}

const BLOCK = BigInt(LANES);

/** All Wh that have moved. */
export const movedWh = ({ words }: Pick<EnergyMove, "words">): bigint =>
  sumWh(words.map(({ energy }) => energy));

/**
 * What a transfer event moved. Holders transfer what they like: ids of which nothing moves may name anything and are left
 * out, and others may come in any order and again, as the same energy may go round in a transfer to oneself. A word
 * therefore ends where the contract's own run of ids does: where the block changes or ids stop rising.
 * @throws RangeError when energy moves of what is no delivery slot, a lane overflows, or ids and values differ in number.
 */
export function moveOf(
  event: EventNamed<"TransferSingle"> | EventNamed<"TransferBatch">,
): EnergyMove {
  const { operator, from, to } = event.args;
  const single = event.eventName === "TransferSingle";
  const ids = single ? [event.args.id] : event.args.ids;
  const values = single ? [event.args.value] : event.args.values;
  if (ids.length !== values.length) {
    throw new RangeError(`A transfer names ${ids.length} ids and ${values.length} values.`);
  }
  const words: Mutable[] = [];
  for (const [index, id] of ids.entries()) {
    const lane = wholeLane(values[index]);
    if (lane === 0n) continue;
    const slot = Number(id & 0xffffffffn);
    const energy = laneWord(slot % LANES, lane);
    const run = words.at(-1);
    if (run !== undefined && run.lastId < id && run.lastId / BLOCK === id / BLOCK) {
      run.energy += energy;
      run.lastId = id;
    } else {
      const { microgrid, source } = parseEnergyId(id);
      words.push({ microgrid, source, blockNumber: blockOf(slot), energy, lastId: id });
    }
  }
  return { operator, from, to, words, logIndex: event.logIndex };
}

/** The energy of each block of each line once, in the order in which they first moved. */
export function mergedWords(words: readonly MovedWord[]): readonly MovedWord[] {
  const merged = new Map<string, MovedWord>();
  for (const word of words) {
    const key = `${word.microgrid} ${word.source} ${word.blockNumber}`;
    const energy = addWords(merged.get(key)?.energy ?? 0n, word.energy);
    merged.set(key, { ...word, energy });
  }
  return [...merged.values()];
}

interface Mutable extends MovedWord {
  energy: bigint;
  lastId: bigint;
}

function wholeLane(wh: bigint | undefined): bigint {
  if (wh === undefined || wh > LANE_MAX_WH) throw new RangeError(`${wh} Wh do not fit a lane.`);
  return wh;
}
