import { setTimeout as sleep } from "node:timers/promises";

/**
 * Asks until there is an answer.
 * @throws Error that names what was waited for, when it takes longer than `patienceMs`
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  patienceMs = 60_000,
): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new Error(`Waited ${patienceMs} ms in vain until ${what}.`);
    await sleep(20);
  }
}
