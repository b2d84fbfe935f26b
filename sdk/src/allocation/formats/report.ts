import type { MeterSeries } from "../../meterData/series.ts";
import { toSlots } from "../../meterData/slots.ts";
import type { ReportedEnergy } from "../compare.ts";

/**
 * What an operator's report says that consumers got and producers gave: a consumer's own coverage, and a producer's
 * export less the surplus that the community did not use. Reports have fractions of a Wh, so each row can be off by one
 * Wh.
 * @param series As `readMeterFile` of `@wattline/sdk/meterData` gives them.
 * @throws RangeError when a producer's surplus exceeds its export, or the report has neither coverage nor surplus.
 */
export function reportFromSeries(
  series: readonly MeterSeries[],
  slotSeconds: number,
): ReportedEnergy[] {
  const lines: ReportedEnergy[] = [];
  for (const each of series) {
    const { meterId } = each;
    if (each.quantity === "ownCoverage") {
      for (const [slot, energyWh] of bySlot(each, slotSeconds))
        lines.push({ slot, consumer: meterId, energyWh });
    }
    if (each.quantity !== "communitySurplus") continue;
    const whole = series.find(
      (other) =>
        other.meterId === meterId &&
        other.quantity === "energy" &&
        other.direction === each.direction,
    );
    if (whole === undefined) {
      throw new RangeError(`The report has the surplus of ${meterId}, but not its production.`);
    }
    const surplus = bySlot(each, slotSeconds);
    for (const [slot, producedInSlot] of bySlot(whole, slotSeconds)) {
      const left = surplus.get(slot) ?? 0n;
      // Each of the two was rounded to the Wh separately.
      if (left > producedInSlot + 1n) {
        throw new RangeError(
          `${meterId} has a surplus of ${left} Wh from ${producedInSlot} Wh in slot ${slot}.`,
        );
      }
      lines.push({
        slot,
        producer: meterId,
        energyWh: left > producedInSlot ? 0n : producedInSlot - left,
      });
    }
  }
  if (lines.length > 0) return lines;
  throw new RangeError("The report has neither a consumer's coverage nor a producer's surplus.");
}

function bySlot(series: MeterSeries, slotSeconds: number): Map<number, bigint> {
  const { firstSlot, energyWh, covered } = toSlots(series, slotSeconds);
  const slots = new Map<number, bigint>();
  for (const [index, wh] of energyWh.entries())
    if (covered[index]) slots.set(firstSlot + index, wh);
  return slots;
}
