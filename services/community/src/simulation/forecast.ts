/**
 * A home's forecast for a slot: its metered energy in the same slot of the day before (persistence, the usual reference
 * for solar forecasts), and on the first day 80 % of the actual value.
 * @param meteredWh One entry per slot of the run.
 * @param offset The slot's index in the run.
 */
export function forecastWh(
  meteredWh: readonly bigint[],
  offset: number,
  slotsPerDay: number,
): bigint {
  const dayBefore = meteredWh[offset - slotsPerDay];
  return offset >= slotsPerDay && dayBefore !== undefined
    ? dayBefore
    : ((meteredWh[offset] ?? 0n) * 4n) / 5n;
}
