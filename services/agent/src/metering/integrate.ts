import type { PowerSample, RegisterSample } from "./sample.ts";

/** Registers that are made of power over time, and the power that they stand at. */
export interface Integral {
  readonly last: PowerSample;
  /** In W·ms, so that nothing is rounded on the way. */
  readonly imported: bigint;
  readonly exported: bigint;
}

const WATT_MS_PER_WH = 3_600_000n;

/** Starts at registers that are known already. */
export const startIntegral = (
  first: PowerSample,
  { importWh, exportWh }: { readonly importWh: bigint; readonly exportWh: bigint },
): Integral => ({
  last: first,
  imported: importWh * WATT_MS_PER_WH,
  exported: exportWh * WATT_MS_PER_WH,
});

/**
 * Adds the energy between two moments: the mean of their powers over the time between (the trapezoidal rule). Over more
 * than `longestMs` nothing is added: nobody knows what happened.
 */
export function addPower(integral: Integral, next: PowerSample, longestMs: number): Integral {
  const { last } = integral;
  const elapsedMs = next.unixMs - last.unixMs;
  if (elapsedMs <= 0) return integral;
  if (elapsedMs > longestMs) return { ...integral, last: next };
  const wattMs = (before: number, after: number): bigint =>
    BigInt(Math.round(((before + after) / 2) * elapsedMs));
  return {
    last: next,
    imported: integral.imported + wattMs(last.importW, next.importW),
    exported: integral.exported + wattMs(last.exportW, next.exportW),
  };
}

/** The registers, in whole Wh. */
export const registersOf = ({ last, imported, exported }: Integral): RegisterSample => ({
  kind: "registers",
  unixMs: last.unixMs,
  importWh: imported / WATT_MS_PER_WH,
  exportWh: exported / WATT_MS_PER_WH,
});
