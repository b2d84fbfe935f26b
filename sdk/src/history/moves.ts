import { type Address, zeroAddress } from "viem";
import { parseEnergyId, type Source } from "../energyId.ts";
import { blockOf, LANES, sumWh } from "../profile.ts";
import { addWords, laneWord } from "../words.ts";
import type { EventNamed } from "./events.ts";

/** Energy that a transfer event of the token has moved. */
export interface EnergyMove {
  readonly operator: Address;
  /** Zero for a mint. */
  readonly from: Address;
  /** Zero for energy that is retired or leaves its microgrid. */
  readonly to: Address;
  /** Every block once, in the event's order. A market's move has one line, a holder's own can have several. */
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

/** All Wh that have moved. */
export const movedWh = ({ words }: EnergyMove): bigint => sumWh(words.map(({ energy }) => energy));

/**
 * What a transfer event moved, a word per block.
 * @throws RangeError when an id names no delivery slot, ids and values differ in number, or a lane overflows.
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
    const slot = Number(id & 0xffffffffn);
    const lane = laneWord(slot % LANES, wholeLane(values[index]));
    const line = id >> 32n;
    const blockNumber = blockOf(slot);
    // A market's ids rise: mostly it is the block of the id before.
    const last = words.at(-1);
    const known =
      last?.line === line && last.blockNumber === blockNumber
        ? last
        : words.find((each) => each.line === line && each.blockNumber === blockNumber);
    if (known !== undefined) known.energy = addWords(known.energy, lane);
    else {
      const { microgrid, source } = parseEnergyId(id);
      words.push({ microgrid, source, blockNumber, energy: lane, line });
    }
  }
  return { operator, from, to, words, logIndex: event.logIndex };
}

interface Mutable extends MovedWord {
  energy: bigint;
  readonly line: bigint;
}

function wholeLane(wh: bigint | undefined): bigint {
  if (wh === undefined || wh > 0x7fffffffn) throw new RangeError(`${wh} Wh do not fit a lane.`);
  return wh;
}
