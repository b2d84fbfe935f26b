import { DEEPEST } from "../chain.ts";
import type { Fault } from "./fault.ts";

/** The chain's newest blocks are replaced. */
export const reorganised: Fault = {
  name: "reorganised",
  weight: 4,
  targets: () => ["the chain"],
  holds: () => ["the chain"],
  async begin({ chain }, _, dice) {
    const depth = 1 + dice.below(DEEPEST);
    const keeps = dice.below(2) === 0;
    const count = await chain.reorganise(depth, keeps);
    const what = `${depth} blocks are replaced, ${count} transactions ${keeps ? "put back" : "dropped"}`;
    return { detail: what };
  },
};
