import type { Moment, OwnHistory } from "@wattline/sdk";

/** What was read of a household's history. */
export interface Read extends OwnHistory {
  /** From when on all of it is known, Unix seconds; undefined when there is nothing older. */
  readonly sinceSeconds: number | undefined;
}

/** The oldest of these, newest first, when older ones are left out. */
export const oldestOf = (newest: readonly Pick<Moment, "time">[], isCut: boolean) =>
  isCut ? newest.at(-1)?.time : undefined;

/** The latest of several times from which on all is known. */
export function latestOf(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
