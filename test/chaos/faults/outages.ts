import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../../scripts/testing/until.ts";
import { bookOfPromises } from "../promises.ts";
import { at, type Fault } from "./fault.ts";

/** Where something can be promised, an outage lasts at most so much longer until it is: processes are slow on a busy machine. */
const [PATIENCE_MS, LOOK_MS] = [180_000, 250];

/** Nobody in the community reaches the chain any more: its gateway's own line is cut. A play plans when. */
export const outage: Omit<Fault, "weight" | "targets"> = {
  name: "outage",
  holds: (target) => [`line ${target}`],
  async begin({ lines, promisesFolder }, target) {
    const line = at(lines, target);
    const before = promisesIn(promisesFolder);
    await line.cut();
    return {
      detail: "the community has no chain",
      async mend() {
        const hasMore = async (): Promise<boolean> => {
          await sleep(LOOK_MS);
          return promisesIn(promisesFolder) > before;
        };
        // Other faults may stand against it.
        await until("something is promised", hasMore, PATIENCE_MS).catch(() => undefined);
        await line.mend();
      },
    };
  },
};

const promisesIn = (folder: string): number =>
  bookOfPromises(folder).reduce((sum, { book }) => sum + book.promiseCount, 0);
