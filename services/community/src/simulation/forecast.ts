/**
 * What a home expects of a slot: what its meter saw in the same slot the day before (persistence, the usual yardstick
 * of solar forecasts), and on the first day, which has none before it, 80 % of what will come.
 * @param meteredWh One entry per slot of the run.
 * @param offset The slot, counted from the first one of the run.
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
