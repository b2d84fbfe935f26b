import { version5 } from "../../../../sdk/test/meterData/p1/samples.ts";

/** The stamp of a P1 telegram, in summer time. */
const stampOf = (unixMs: number): string => {
  const local = new Date(unixMs + 2 * 3_600_000).toISOString();
  return `${local.slice(2, 19).replace(/[-T:]/g, "")}S`;
};

const kwh = (wh: bigint): string => {
  const digits = wh.toString().padStart(9, "0");
  return `${digits.slice(0, -3)}.${digits.slice(-3)}`;
};

/** A telegram of version 5 at a moment in summer, with these registers. */
export const telegramAt = (unixMs: number, importWh: bigint, exportWh: bigint): string =>
  version5({
    stamp: stampOf(unixMs),
    low: kwh(importWh),
    high: kwh(0n),
    lowExport: kwh(exportWh),
    highExport: kwh(0n),
  });
