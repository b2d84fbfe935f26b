import { setTimeout as sleep } from "node:timers/promises";
import type { Battery } from "@wattline/sdk/battery";
import type { SimulatedLinkConfig } from "../config/battery.ts";
import type { BatteryLink, LinkContext } from "./link.ts";

const MS_PER_HOUR = 3_600_000;

/** A battery that is only thought of, to try the agent with: it does what it is told as far as it can. */
export function simulatedLink(
  { stored_wh: storedAtFirstWh, every_seconds: everySeconds }: SimulatedLinkConfig,
  { capacityWh, powerW, efficiencyPercent }: Battery,
  { now }: Pick<LinkContext, "now">,
): BatteryLink {
  const [most, efficiency] = [Number(capacityWh), Number(efficiencyPercent) / 100];
  let storedWh = Math.min(storedAtFirstWh, most);
  let toldW = 0;
  let sinceMs = now();
  /** Lets the time go by that has passed. */
  const pass = (): number => {
    const hours = Math.max(0, now() - sinceMs) / MS_PER_HOUR;
    sinceMs = now();
    const change = toldW > 0 ? toldW * efficiency * hours : toldW * hours;
    storedWh = Math.min(most, Math.max(0, storedWh + change));
    const isDone = (toldW > 0 && storedWh === most) || (toldW < 0 && storedWh === 0);
    return isDone ? 0 : toldW;
  };
  return {
    async *readings(signal) {
      while (!signal.aborted) {
        const chargeW = pass();
        yield { unixMs: now(), storedCentiWh: BigInt(Math.round(100 * storedWh)), chargeW };
        await sleep(everySeconds * 1000, undefined, { signal }).catch(() => undefined);
      }
    },
    async command(chargeW) {
      pass();
      const limit = Number(powerW);
      toldW = Math.min(limit, Math.max(-limit, chargeW));
    },
  };
}
