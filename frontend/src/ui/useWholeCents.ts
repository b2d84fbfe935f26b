import { use, useCallback } from "react";
import { centOf, MILLIS_DECIMALS } from "./format.ts";
import { roundTogether } from "./roundTogether.ts";
import { CurrencyContext } from "./values.tsx";

/**
 * Rounds amounts in thousandths of a base unit to whole cents, so that those which are shown as parts of a sum add up to it.
 * What is shown as a difference of two amounts is the difference of what they are rounded to.
 */
export function useWholeCents(): <const Amounts extends readonly bigint[]>(
  parts: Amounts,
) => { [Index in keyof Amounts]: bigint } {
  const { decimals } = use(CurrencyContext);
  return useCallback(
    (parts) => roundTogether(parts, centOf(decimals + MILLIS_DECIMALS)),
    [decimals],
  );
}
