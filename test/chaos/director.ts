import { setTimeout as sleep } from "node:timers/promises";
import { slotAt } from "@wattline/sdk";
import { type Dice, randomFrom } from "../../services/relay/test/support/dice.ts";
import { SLOT_SECONDS } from "../../services/relay/test/support/world.ts";
import { FAULTS } from "./faults/index.ts";
import { planOutages } from "./plan.ts";
import type { Stage } from "./stage.ts";
import { type Cue, Troubles } from "./troubles.ts";

/** What is played, and for how long. */
export interface Script {
  readonly seed: number;
  /** How many slots go by. */
  readonly slots: number;
  /** How long the parts have for a slot. */
  readonly slotMs: number;
  readonly faultsASlot: number;
}

const SLOT_MS = 1_000 * SLOT_SECONDS;
const MOST_SLOTS = 6;
/** The last slots of a play end faults and begin none. */
const LAST_SLOTS = 1;

/**
 * Plays: slots go by, and in each something goes wrong. The same seed draws the same faults, at the same slots.
 * @returns How often each fault has begun.
 */
export async function play(
  stage: Stage,
  { seed, slots, slotMs, faultsASlot }: Script,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const dice = randomFrom(`chaos ${seed}`);
  const firstSlot = slotAt(stage.clock.nowMs() / 1000, SLOT_SECONDS);
  const planned = planOutages(seed, firstSlot, slots - LAST_SLOTS);
  const troubles = new Troubles(stage, tell);
  try {
    for (let slot = 0; slot < slots; slot++) {
      await troubles.mendUntil(slot);
      for (const cue of planned.filter((each) => each.slot === slot)) {
        await troubles.makeWayFor(cue);
        await troubles.begin(slot, cue);
      }
      for (let i = 0; i < faultsASlot && slot < slots - LAST_SLOTS; i++) {
        const drawn = draw(dice, stage);
        const length = 1 + dice.below(MOST_SLOTS);
        if (drawn === undefined || troubles.isHindered(drawn)) continue;
        const own = randomFrom(`chaos ${seed} ${slot} ${i}`);
        await troubles.begin(slot, { ...drawn, length, dice: own });
      }
      await passSlot(stage);
      // The pace of the play: nothing rests on it.
      await sleep(slotMs, undefined, { signal });
    }
  } finally {
    await troubles.mendUntil(Infinity);
  }
  return troubles.counts;
}

/** A quarter of an hour goes by, for the processes and on the chain. */
export async function passSlot({ clock, chain }: Stage): Promise<void> {
  clock.advance(SLOT_MS);
  await chain.mine();
}

function draw(dice: Dice, stage: Stage): Pick<Cue, "fault" | "target"> | undefined {
  let place = dice.below(FAULTS.reduce((sum, { weight }) => sum + weight, 0));
  const fault = FAULTS.find(({ weight }) => {
    place -= weight;
    return place < 0;
  });
  const target = fault && dice.pick(fault.targets(stage));
  return fault === undefined || target === undefined ? undefined : { fault, target };
}
