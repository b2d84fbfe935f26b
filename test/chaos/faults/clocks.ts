import { INDEXER } from "../stage.ts";
import type { Fault } from "./fault.ts";

const MINUTE_MS = 60_000;
const MOST_MINUTES = 20;

/** A process's clock is wrong for a while. */
export const skewed: Fault = {
  name: "skewed",
  weight: 3,
  // The indexer's time is that of the blocks.
  targets: ({ parts }) => [...parts.keys()].filter((name) => name !== INDEXER),
  holds: (target) => [`clock ${target}`],
  async begin({ clock }, target, dice) {
    const minutes = (1 + dice.below(MOST_MINUTES)) * dice.pick([-1, 1] as const);
    clock.skew(target, minutes * MINUTE_MS);
    const detail = `its clock is ${Math.abs(minutes)} minutes ${minutes < 0 ? "slow" : "fast"}`;
    return { detail, mend: async () => clock.skew(target, 0) };
  },
};
