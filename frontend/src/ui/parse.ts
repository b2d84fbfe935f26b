import { parseUnits } from "viem";

/**
 * What someone typed as an amount, in units of 10^-decimals. A comma may stand for the point.
 * @returns undefined when it is no amount, is negative, or is finer than the unit.
 */
export function parseAmount(text: string, decimals: number): bigint | undefined {
  const plain = text.trim().replace(",", ".");
  const match = /^(\d+)(?:\.(\d*))?$/.exec(plain);
  if (match === null || (match[2]?.length ?? 0) > decimals) return undefined;
  return parseUnits(plain, decimals);
}
