import { createHash } from "node:crypto";

/** Chance that can be repeated. */
export interface Dice {
  /** A whole number from 0 to before `end`. */
  below(end: number): number;
  /** One of these; undefined when there is none. */
  pick<T>(from: readonly [T, ...T[]]): T;
  pick<T>(from: readonly T[]): T;
}

/** The same throws for the same seed. */
export function randomFrom(seed: string): Dice {
  let throws = 0;
  const below = (end: number): number => {
    const digest = createHash("sha256").update(`${seed} ${throws++}`).digest();
    return end <= 0 ? 0 : digest.readUInt32BE() % end;
  };
  return { below, pick: <T>(from: readonly T[]): T => from[below(from.length)] as T };
}
