import { setTimeout as sleep } from "node:timers/promises";

/** A machine that stood still for a while has not looked in that time. */
const LEAST_LOOKS = 100;

/**
 * Asks until there is an answer.
 * @param patienceMs For how long, and {@link LEAST_LOOKS} times at least.
 * @param pauseMs Between two looks.
 * @throws Error that names what was waited for, when there is none.
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  patienceMs = 60_000,
  pauseMs = 20,
): Promise<T> {
  const end = performance.now() + patienceMs;
  for (let looks = 1; ; looks++) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (looks >= LEAST_LOOKS && performance.now() > end) {
      throw new Error(`Waited ${patienceMs} ms in vain until ${what}.`);
    }
    await sleep(pauseMs);
  }
}
