import { setTimeout as sleep } from "node:timers/promises";
import type { HttpLinkConfig } from "../config/battery.ts";
import { reconnecting } from "../sources/retry.ts";
import type { BatteryReading, LinkContext } from "./link.ts";
import { chargeIn, storedIn } from "./values.ts";

/** Readings of a battery that is asked again and again. */
export function polled(
  name: string,
  {
    stored,
    power,
    every_seconds: everySeconds,
  }: Pick<HttpLinkConfig, "stored" | "power" | "every_seconds">,
  ask: () => Promise<string>,
  context: LinkContext,
  signal: AbortSignal,
): AsyncGenerator<BatteryReading> {
  const poll = async function* (): AsyncGenerator<BatteryReading> {
    for (;;) {
      const text = await ask();
      yield {
        unixMs: context.now(),
        storedCentiWh: storedIn(text, stored, context.capacityWh),
        chargeW: power && chargeIn(text, power),
      };
      await sleep(everySeconds * 1000, undefined, { signal });
    }
  };
  return reconnecting(name, poll, context, signal);
}
