import type { MeterSeries } from "../../meterData/series.ts";
import { toSlots } from "../../meterData/slots.ts";
import type { ReportedEnergy } from "../compare.ts";

/**
 * What an operator's report says that consumers got and producers gave: a consumer's own coverage, and a producer's export
 * less what the community did not use of it. Reports count finer than a Wh, so each line can be off by one Wh.
 * @param series As `readMeterFile` of `@wattline/sdk/meterData` gives them.
 * @throws RangeError when a producer's surplus exceeds its export, or there is nothing of the kind.
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
      throw new RangeError(`The report has what is left of ${meterId}, but not what it produced.`);
    }
    const surplus = bySlot(each, slotSeconds);
    for (const [slot, producedInSlot] of bySlot(whole, slotSeconds)) {
      const left = surplus.get(slot) ?? 0n;
      // Both are rounded to the Wh on their own.
      if (left > producedInSlot + 1n) {
        throw new RangeError(
          `${meterId} has ${left} Wh left of ${producedInSlot} Wh in slot ${slot}.`,
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
  throw new RangeError(
    "The report has neither a consumer's coverage nor what is left of a producer's energy.",
  );
}

function bySlot(series: MeterSeries, slotSeconds: number): Map<number, bigint> {
  const { firstSlot, energyWh, covered } = toSlots(series, slotSeconds);
  const slots = new Map<number, bigint>();
  for (const [index, wh] of energyWh.entries())
    if (covered[index]) slots.set(firstSlot + index, wh);
  return slots;
}
