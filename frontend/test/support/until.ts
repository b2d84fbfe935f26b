import { WAIT_MS } from "./limits.ts";

const PAUSE_MS = 50;

/** Asks again and again until something holds. @throws When it does not in time. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error("The condition was not met in time.");
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
