import { setTimeout as sleep } from "node:timers/promises";
import { clearSky } from "@wattline/sdk";
import type { SimulatedMeterConfig } from "../config/schema.ts";
import type { Sample } from "../metering/sample.ts";
import type { MeterSource, SourceContext } from "./source.ts";

/** Irradiance at which panels make their capacity, W/m². */
const STANDARD_IRRADIANCE = 1000;

/** A roof under a cloudless sky and a load that never changes, to try the agent with. */
export function simulatedSource(config: SimulatedMeterConfig, { now }: SourceContext): MeterSource {
  const {
    latitude,
    longitude,
    panels_w: panelsW,
    load_w: loadW,
    every_seconds: everySeconds,
  } = config;
  const place = { latitudeDegrees: latitude, longitudeDegrees: longitude };
  const powerAt = (unixMs: number): Sample => {
    const sun = clearSky(place, unixMs / 1000).globalHorizontal / STANDARD_IRRADIANCE;
    const surplusW = panelsW * Math.min(sun, 1) - loadW;
    return {
      kind: "power",
      unixMs,
      importW: Math.max(-surplusW, 0),
      exportW: Math.max(surplusW, 0),
    };
  };
  return {
    async *samples(signal) {
      while (!signal.aborted) {
        yield powerAt(now());
        await sleep(everySeconds * 1000, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}
