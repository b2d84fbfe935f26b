import type { BatteryPowerConfig, StoredConfig } from "../config/battery.ts";
import { AgentError } from "../errors.ts";
import { numberAt } from "../sources/values.ts";

/** What a battery holds, in hundredths of a Wh, from 0 to its capacity. @throws AgentError where there is no such number */
export function storedIn(
  text: string,
  { path, unit }: Pick<StoredConfig, "path" | "unit">,
  capacityWh: bigint,
): bigint {
  const number = Number(numberAt(text, path));
  const most = Number(100n * capacityWh);
  const centiWh = {
    "%": (number / 100) * most,
    Wh: 100 * number,
    kWh: 100_000 * number,
  }[unit];
  if (unit === "%" && (number < 0 || number > 100)) {
    throw new AgentError(`The battery says that it is charged to ${number} %.`);
  }
  return BigInt(Math.round(Math.min(most, Math.max(0, centiWh))));
}

/** What a battery takes, W, negative while it gives. @throws AgentError where there is no such number */
export function chargeIn(
  text: string,
  { path, unit, positive }: Pick<BatteryPowerConfig, "path" | "unit" | "positive">,
): number {
  const watts = Number(numberAt(text, path)) * (unit === "kW" ? 1000 : 1);
  return positive === "charge" ? watts : -watts;
}

/**
 * A command's text with the power filled in: `{power_w}` with a sign, or `{watts}` and `{direction}`, which is `charge` or
 * `discharge`.
 * @param positive What a power without a minus sign means.
 */
export function commandText(
  template: string,
  chargeW: number,
  positive: BatteryPowerConfig["positive"],
): string {
  const watts = Math.round(chargeW);
  const signed = positive === "charge" ? watts : -watts;
  return template
    .replaceAll("{power_w}", String(signed === 0 ? 0 : signed))
    .replaceAll("{watts}", String(Math.abs(watts)))
    .replaceAll("{direction}", watts < 0 ? "discharge" : "charge");
}
