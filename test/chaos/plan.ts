import { LANES } from "@wattline/sdk";
import { randomFrom } from "../../services/relay/test/support/dice.ts";
import { takenBack } from "./faults/histories.ts";
import { outage } from "./faults/outages.ts";
import { CHAIN, GATEWAY } from "./stage.ts";
import type { Cue } from "./troubles.ts";

/** What goes wrong in a play for certain. */
export interface Planned extends Cue {
  /** When it begins, in slots of the play. */
  readonly slot: number;
}

/** In so many slots there is one outage. */
const EVERY_SLOTS = 24;
/** Slots of an outage before the end of a block of slots: only what was metered during the outage is promised. */
const [LEAST_BEFORE, MOST_BEFORE] = [3, 5];
/** Slots after it: what devices have signed by the block is shared out from the second one on. */
const [LEAST_AFTER, MOST_AFTER] = [3, 4];
/** Slots after an outage in which what settles its promises is taken back. */
const AFTERMATH_SLOTS = 4;

/**
 * Draws a play's outages. Each holds the end of a block of slots, without which nothing can be promised, and what settles its
 * promises is taken back by a reorganisation.
 * @param firstSlot The play's first slot, by its number.
 * @param slots How many slots the play has for all that to begin and end in.
 */
export function planOutages(seed: number, firstSlot: number, slots: number): Planned[] {
  const planned: Planned[] = [];
  for (let from = 0; from < slots; from += EVERY_SLOTS) {
    const dice = randomFrom(`outage ${seed} ${from}`);
    const before = LEAST_BEFORE + dice.below(MOST_BEFORE - LEAST_BEFORE + 1);
    const after = LEAST_AFTER + dice.below(MOST_AFTER - LEAST_AFTER + 1);
    const ends = Array.from({ length: EVERY_SLOTS }, (_, i) => from + i).filter(
      (slot) =>
        (firstSlot + slot) % LANES === 0 &&
        slot - before > from &&
        slot + after + AFTERMATH_SLOTS <= slots,
    );
    const end = dice.pick(ends);
    if (end === undefined) continue;
    const [slot, length] = [end - before, before + after];
    planned.push(
      { fault: outage, target: GATEWAY, slot, length, dice },
      {
        ...{ fault: takenBack, target: CHAIN, dice },
        ...{ slot: slot + length, length: AFTERMATH_SLOTS },
      },
    );
  }
  return planned;
}
