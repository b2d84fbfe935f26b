import type { Dice } from "../../services/relay/test/support/dice.ts";
import type { Fault, Mend } from "./faults/fault.ts";
import type { Stage } from "./stage.ts";

/** Something that goes wrong with something, and for how many slots. */
export interface Cue {
  readonly fault: Pick<Fault, "name" | "holds" | "begin">;
  readonly target: string;
  readonly length: number;
  readonly dice: Dice;
}

interface Trouble {
  readonly holds: readonly string[];
  readonly untilSlot: number;
  readonly title: string;
  readonly mend: Mend;
}

/** What goes wrong at present in a play, and has to be mended. */
export class Troubles {
  /** How often each fault has begun. */
  readonly counts = new Map<string, number>();
  readonly #stage: Stage;
  readonly #tell: (line: string) => void;
  #present: readonly Trouble[] = [];

  constructor(stage: Stage, tell: (line: string) => void) {
    this.#stage = stage;
    this.#tell = tell;
  }

  /** Whether something that lasts needs what this needs for itself. */
  isHindered(cue: Pick<Cue, "fault" | "target">): boolean {
    return this.#present.some(inTheWayOf(cue));
  }

  async begin(slot: number, { fault, target, length, dice }: Cue): Promise<void> {
    const title = `${target} ${fault.name}`;
    const { detail, mend } = await fault.begin(this.#stage, target, dice);
    const lasts = mend === undefined ? "" : ` for ${length} slots`;
    this.#tell(`slot ${slot}: ${title}${lasts} (${detail})`);
    this.counts.set(fault.name, (this.counts.get(fault.name) ?? 0) + 1);
    if (mend === undefined) return;
    const trouble = { holds: fault.holds(target), untilSlot: slot + length, title, mend };
    this.#present = [...this.#present, trouble];
  }

  /** Mends what was to last until a slot. */
  mendUntil(slot: number): Promise<void> {
    return this.#mend(({ untilSlot }) => untilSlot <= slot);
  }

  /** Mends what hinders something that has to begin now. */
  makeWayFor(cue: Pick<Cue, "fault" | "target">): Promise<void> {
    return this.#mend(inTheWayOf(cue));
  }

  async #mend(isOver: (trouble: Trouble) => boolean): Promise<void> {
    for (const trouble of this.#present.filter(isOver)) {
      await trouble.mend();
      this.#tell(`${trouble.title} is over`);
    }
    this.#present = this.#present.filter((trouble) => !isOver(trouble));
  }
}

function inTheWayOf({ fault, target }: Pick<Cue, "fault" | "target">) {
  const needed = fault.holds(target);
  return ({ holds }: Trouble): boolean => holds.some((held) => needed.includes(held));
}
