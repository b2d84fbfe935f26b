import type { Call } from "../simulate.ts";
import type { Purpose } from "./sender.ts";

/** One transaction of a plan. Those of one plan share nothing: several may be on their way at once. */
export interface Step {
  readonly purpose: Purpose;
  /** What of it is worth sending when its turn comes, by what the chain says then. */
  worth(): Promise<Call | undefined>;
}

/** Steps without those at the beginning that are worth nothing. */
export async function fromFirstWorth(steps: readonly Step[]): Promise<Step[]> {
  for (const [index, { purpose, worth }] of steps.entries()) {
    const call = await worth();
    if (call === undefined) continue;
    return [{ purpose, worth: async () => call }, ...steps.slice(index + 1)];
  }
  return [];
}
