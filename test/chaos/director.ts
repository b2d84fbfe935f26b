import { setTimeout as sleep } from "node:timers/promises";
import { type Dice, randomFrom } from "../../services/relay/test/support/dice.ts";
import type { Fault, Mend } from "./faults/fault.ts";
import { FAULTS } from "./faults/index.ts";
import type { Stage } from "./stage.ts";

/** What is played, and for how long. */
export interface Script {
  readonly seed: number;
  /** How many slots go by. */
  readonly slots: number;
  /** How long a slot takes. */
  readonly slotMs: number;
  readonly faultsASlot: number;
}

interface Running {
  readonly holds: readonly string[];
  readonly untilSlot: number;
  readonly title: string;
  readonly mend: Mend;
}

const SLOT_MS = 900_000;
const MOST_SLOTS = 6;
/** The last slots of a play end faults and begin none. */
const LAST_SLOTS = 1;

/** Plays: slots go by, and in each something goes wrong. The same seed draws the same faults, at the same slots. */
export async function play(
  stage: Stage,
  { seed, slots, slotMs, faultsASlot }: Script,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const dice = randomFrom(`chaos ${seed}`);
  const counts = new Map<string, number>();
  let running: Running[] = [];
  async function mendUntil(slot: number): Promise<void> {
    for (const { title, mend } of running.filter(({ untilSlot }) => untilSlot <= slot)) {
      await mend();
      tell(`${title} is over`);
    }
    running = running.filter(({ untilSlot }) => untilSlot > slot);
  }
  try {
    for (let slot = 0; slot < slots; slot++) {
      const beganMs = performance.now();
      await mendUntil(slot);
      for (let i = 0; i < faultsASlot && slot < slots - LAST_SLOTS; i++) {
        const drawn = draw(dice, stage);
        const length = 1 + dice.below(MOST_SLOTS);
        const own = randomFrom(`chaos ${seed} ${slot} ${i}`);
        if (drawn === undefined) continue;
        const holds = drawn.fault.holds(drawn.target);
        if (running.some((each) => each.holds.some((held) => holds.includes(held)))) continue;
        const title = `${drawn.target} ${drawn.fault.name}`;
        const { detail, mend } = await drawn.fault.begin(stage, drawn.target, own);
        const lasts = mend === undefined ? "" : ` for ${length} slots`;
        tell(`slot ${slot}: ${title}${lasts} (${detail})`);
        counts.set(drawn.fault.name, (counts.get(drawn.fault.name) ?? 0) + 1);
        if (mend !== undefined) running.push({ holds, untilSlot: slot + length, title, mend });
      }
      await passSlot(stage);
      // The pace of the play: nothing rests on it.
      await sleep(Math.max(0, slotMs - (performance.now() - beganMs)), undefined, { signal });
    }
  } finally {
    await mendUntil(Infinity);
  }
  return counts;
}

/** A quarter of an hour goes by, for the processes and on the chain. */
export async function passSlot({ clock, chain }: Stage): Promise<void> {
  clock.advance(SLOT_MS);
  await chain.mine();
}

function draw(
  dice: Dice,
  stage: Stage,
): { readonly fault: Fault; readonly target: string } | undefined {
  let place = dice.below(FAULTS.reduce((sum, { weight }) => sum + weight, 0));
  const fault = FAULTS.find(({ weight }) => {
    place -= weight;
    return place < 0;
  });
  const target = fault && dice.pick(fault.targets(stage));
  return fault === undefined || target === undefined ? undefined : { fault, target };
}
