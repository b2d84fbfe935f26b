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

/** Energy moved by a transfer event of the token. */
export interface EnergyMove {
  readonly operator: Address;
  /** Zero for a mint. */
  readonly from: Address;
  /** Zero for energy that is retired or leaves its microgrid. */
  readonly to: Address;
  /**
   * In the event's order. A move of the market has one series and each block once; a holder's own can have anything.
   */
  readonly words: readonly MovedWord[];
  readonly logIndex: number;
}

/** Energy of one block of one series. */
export interface MovedWord {
  readonly microgrid: number;
  readonly source: Source;
  readonly blockNumber: number;
  /** Wh in eight lanes. */
  readonly energy: bigint;
}

export const isMint = ({ from }: EnergyMove): boolean => from === zeroAddress;
export const isBurn = ({ to }: EnergyMove): boolean => to === zeroAddress;

/** The moved energy by slot; words of the same slot are added up. */
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

/** The sum of the moved Wh. */
export const movedWh = ({ words }: Pick<EnergyMove, "words">): bigint =>
  sumWh(words.map(({ energy }) => energy));

/**
 * The energy moved by a transfer event. Holders can transfer anything: ids with amount 0 may be arbitrary and are
 * skipped; others may come in any order and repeatedly, since the same energy may be sent to oneself several times. A
 * word therefore ends where the contract's run of ids does: where the block changes or ids stop rising.
 * @throws RangeError when an id is not a delivery slot, a lane overflows, or ids and values differ in number.
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

/** The energy of each block of each series, in the order of their first move. */
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
  if (wh === undefined || wh > LANE_MAX_WH)
    throw new RangeError(`${wh} Wh do not fit into a lane.`);
  return wh;
}
