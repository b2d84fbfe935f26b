import { formatAmount, formatMillis } from "@wattline/sdk";
import { CURRENCY_DECIMALS } from "../simulation/values.ts";

/** How the study shows amounts to people. */
export const kwh = (wh: bigint): string => formatAmount(wh, 3, { shown: 0, locale: "en" });
export const money = (millis: bigint): string =>
  formatMillis(millis, { decimals: CURRENCY_DECIMALS }, { shown: 2, locale: "en" });
/** Of base units per kWh. */
export const price = (perKwh: bigint): string =>
  formatAmount(perKwh, CURRENCY_DECIMALS, { shown: 3, locale: "en" });
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Of thousandths of a base unit, for a chart. */
export const moneyNumber = (millis: bigint): number =>
  Number(millis) / 10 ** (CURRENCY_DECIMALS + 3);
export const kwhNumber = (wh: bigint): number => Number(wh) / 1000;

export const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
