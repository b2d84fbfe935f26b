import { setTimeout as sleep } from "node:timers/promises";

/** A machine that stood still for a while has not looked in that time. */
const LEAST_LOOKS = 100;
/**
 * A look takes time of the processor from what is waited for. So what takes long is looked at less often: a wait becomes longer
 * by this part of it at most.
 */
const LONGER_BY = 1 / 20;
const LONGEST_PAUSE_MS = 500;

/**
 * Asks until there is an answer.
 * @param patienceMs For how long, and {@link LEAST_LOOKS} times at least.
 * @param pauseMs Between two looks, at first.
 * @throws Error that names what was waited for, when there is none.
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  patienceMs = 60_000,
  pauseMs = 20,
): Promise<T> {
  const start = performance.now();
  for (let looks = 1; ; looks++) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    const waitedMs = performance.now() - start;
    if (looks >= LEAST_LOOKS && waitedMs > patienceMs) {
      throw new Error(`Waited ${patienceMs} ms in vain until ${what}.`);
    }
    await sleep(Math.max(pauseMs, Math.min(waitedMs * LONGER_BY, LONGEST_PAUSE_MS)));
  }
}
