import type { Dice } from "../../../services/relay/test/support/dice.ts";
import type { Stage } from "../stage.ts";

/** Ends a fault: what was broken is mended. */
export type Mend = () => Promise<void>;

/** A fault that has begun. */
export interface Begun {
  /** What exactly happens, for who reads along. */
  readonly detail: string;
  /** Undefined when it is over at once. */
  readonly mend?: Mend;
}

/** Something that goes wrong. */
export interface Fault {
  readonly name: string;
  /** How often it is drawn, compared with others. */
  readonly weight: number;
  /** What it can happen to. */
  targets(stage: Stage): readonly string[];
  /** What it needs for itself while it lasts: two faults of one line would mend each other. */
  holds(target: string): readonly string[];
  begin(stage: Stage, target: string, dice: Dice): Promise<Begun>;
}

/** What a map must have. */
export function at<T>(map: ReadonlyMap<string, T>, name: string): T {
  const found = map.get(name);
  if (found === undefined) throw new Error(`There is no ${name}.`);
  return found;
}
