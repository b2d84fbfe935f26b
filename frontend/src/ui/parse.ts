import { parseUnits } from "viem";

/**
 * Parses a typed amount, in units of 10^-decimals. A comma is accepted as the decimal point.
 * @returns undefined when it is not an amount, is negative, or has more decimals than the unit.
 */
export function parseAmount(text: string, decimals: number): bigint | undefined {
  const plain = text.trim().replace(",", ".");
  const match = /^(\d+)(?:\.(\d*))?$/.exec(plain);
  if (match === null || (match[2]?.length ?? 0) > decimals) return undefined;
  return parseUnits(plain, decimals);
}
