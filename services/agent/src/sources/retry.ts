import { setTimeout as sleep } from "node:timers/promises";
import { reasonOf } from "../errors.ts";
import type { SourceContext } from "./source.ts";

const [SHORTEST_MS, LONGEST_MS] = [500, 60_000];

/**
 * Runs a connection again whenever it ends, after pauses that double up to a minute and start short again once something
 * has come through.
 * @param connect Yields what comes through; throws, or returns, when the connection is gone.
 */
export async function* reconnecting<T>(
  name: string,
  connect: () => AsyncIterable<T>,
  { report }: Pick<SourceContext, "report">,
  signal: AbortSignal,
): AsyncGenerator<T> {
  let pauseMs = SHORTEST_MS;
  let isDown = false;
  while (!signal.aborted) {
    let reason = "the connection has ended";
    try {
      for await (const value of connect()) {
        if (isDown) report(`${name} is there again.`);
        isDown = false;
        pauseMs = SHORTEST_MS;
        yield value;
      }
    } catch (error) {
      reason = reasonOf(error);
    }
    if (signal.aborted) return;
    if (!isDown) report(`${name} is not there (${reason}); trying again until it is.`);
    isDown = true;
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, LONGEST_MS);
  }
}
