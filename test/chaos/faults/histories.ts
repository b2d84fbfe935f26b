import { DEEPEST } from "../chain.ts";
import { CHAIN } from "../stage.ts";
import type { Fault } from "./fault.ts";

/** What settles the promises of an outage comes within so long. */
const SETTLES_MS = 180_000;

/** The chain's newest blocks are replaced as soon as there are transactions in them, else when the fault ends. */
export const reorganised: Fault = {
  name: "reorganised",
  weight: 6,
  targets: () => [CHAIN],
  holds: () => [CHAIN],
  begin: replacing(0),
};

/** The same, and it waits longer. A play plans when. */
export const takenBack: Omit<Fault, "weight" | "targets"> = {
  name: "taken back",
  holds: () => [CHAIN],
  begin: replacing(SETTLES_MS),
};

function replacing(patienceMs: number): Fault["begin"] {
  return async ({ chain }, _, dice) => {
    const depth = 1 + dice.below(DEEPEST);
    const above = dice.below(depth);
    const keeps = dice.below(2) === 0;
    const stop = new AbortController();
    const done = chain
      .untilBuried(above, depth, stop.signal)
      .then(() => chain.reorganise(depth, keeps));
    // What goes wrong is told when it is mended.
    done.catch(() => undefined);
    const what = keeps ? "put back" : "dropped";
    return {
      detail: `${depth} blocks are replaced when a transaction has ${above} above it; transactions are ${what}`,
      async mend() {
        const timer = setTimeout(() => stop.abort(), patienceMs);
        await done;
        clearTimeout(timer);
      },
    };
  };
}
