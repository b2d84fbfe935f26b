import type { SlotForecast } from "@wattline/sdk/forecast";
import type { PlannedSlot } from "./steering.ts";

/**
 * A home's forecast with what its battery is planned to do. What the battery gives beyond the home's need is not sure: another
 * device reports it, and it is sold when it was metered.
 * @param forecast Of the home without its battery.
 */
export function netForecast(
  forecast: readonly SlotForecast[],
  plan: readonly PlannedSlot[],
): SlotForecast[] {
  const planned = new Map(plan.map((each) => [each.slot, each]));
  return forecast.map((each) => {
    const { takenWh, givenWh } = planned.get(each.slot) ?? { takenWh: 0n, givenWh: 0n };
    if (takenWh === 0n && givenWh === 0n) return each;
    const leftWh = each.exportWh - each.importWh - takenWh + givenWh;
    const drawnToChargeWh = none(takenWh - none(each.exportWh - each.importWh));
    return {
      slot: each.slot,
      exportWh: none(leftWh),
      importWh: none(-leftWh),
      sureExportWh: none(each.sureExportWh - takenWh),
      sureImportWh: none(each.sureImportWh - givenWh) + drawnToChargeWh,
    };
  });
}

const none = (wh: bigint): bigint => (wh > 0n ? wh : 0n);
