import { i18n } from "@lingui/core";
import { formatUnits } from "viem";

/** A currency. Money and energy are `bigint` and are formatted from decimal strings, never from a `number`. */

export interface Unit {
  readonly symbol: string;
  readonly decimals: number;
}

type Digits = Pick<Intl.NumberFormatOptions, "minimumFractionDigits" | "maximumFractionDigits">;

/** A decimal string such as "-12.3456" as the page's language writes it. */
function formatDecimal(decimal: string, options: Intl.NumberFormatOptions): string {
  // Intl formats decimal strings exactly; the types of `format` do not always allow them.
  return numberFormat(options).format(decimal as Intl.StringNumericLiteral);
}

/** The page's language with the reader's region: "en-GB" rather than "en". */
function regionalLocale(): string {
  const locale = i18n.locale || "en";
  return navigator.languages.find((tag) => tag.split("-")[0] === locale) ?? locale;
}

const formats = new Map<string, Intl.NumberFormat>();
export function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${i18n.locale} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(regionalLocale(), options);
    formats.set(key, format);
  }
  return format;
}

/** The mark before a fraction, where the reader lives: "." or ",". */
export const decimalMark = (): string =>
  numberFormat({})
    .formatToParts(0.5)
    .find(({ type }) => type === "decimal")?.value ?? ".";

/** Signs of currency codes; any other symbol is shown as it is. */
const SIGNS: Readonly<Record<string, string>> = {
  EUR: "€",
  tEUR: "€",
  USD: "$",
  GBP: "£",
  CHF: "CHF",
};

/** How a currency is written, everywhere: "€" also for its play money. */
export const unitOf = ({ symbol }: Pick<Unit, "symbol">): string => SIGNS[symbol] ?? symbol;

/** Money in cents with its symbol: "€12.34", "12,34 €". Less than a cent does not look free: "<€0.01". */
export function formatMoney(baseUnits: bigint, currency: Unit, digits: Digits = CENTS): string {
  const { decimals } = currency;
  const cent = centOf(decimals);
  const size = baseUnits < 0n ? -baseUnits : baseUnits;
  if (digits === CENTS && size > 0n && size < cent) {
    return `${baseUnits < 0n ? ">" : "<"}${formatMoney(baseUnits < 0n ? -cent : cent, currency)}`;
  }
  const amount = formatDecimal(formatUnits(baseUnits, decimals), digits);
  return withUnit(amount, unitOf(currency));
}

/** Money to its last digit: "€0.006381". */
export const formatExactly = (baseUnits: bigint, currency: Unit): string =>
  formatMoney(baseUnits, currency, ALL_DIGITS);

/** A cent in units of which 10^decimals are one of the currency. */
export const centOf = (decimals: number): bigint => 10n ** BigInt(Math.max(decimals - 2, 0));

const CENTS: Digits = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
const ALL_DIGITS: Digits = { minimumFractionDigits: 2, maximumFractionDigits: 39 };

/** Decimals that thousandths of a base unit have beyond base units. */
export const MILLIS_DECIMALS = 3;

/** Money that the escrow counts in thousandths of a base unit, as {@link formatMoney}. */
export const formatMillis = (millis: bigint, { symbol, decimals }: Unit, digits?: Digits): string =>
  formatMoney(millis, { symbol, decimals: decimals + MILLIS_DECIMALS }, digits);

/** A price per kWh: "€0.17/kWh". */
export function formatPrice(pricePerKwh: bigint, currency: Unit): string {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 4 };
  return `${formatMoney(pricePerKwh, currency, digits)}/kWh`;
}

const THOUSAND = 1_000n;

/** Energy in the most readable unit: "850 Wh", "12.5 kWh", "3.4 MWh". */
export function formatEnergy(energyWh: bigint): string {
  const size = energyWh < 0n ? -energyWh : energyWh;
  if (size < THOUSAND) return `${formatDecimal(energyWh.toString(), {})} Wh`;
  if (size < THOUSAND ** 2n) return `${formatDecimal(formatUnits(energyWh, 3), TWO_DIGITS)} kWh`;
  return `${formatDecimal(formatUnits(energyWh, 6), TWO_DIGITS)} MWh`;
}

const TWO_DIGITS = { maximumFractionDigits: 2 };

const HOUR_SECONDS = 3_600n;

/** The power that makes an energy in a slot, on average: "850 W", "2.4 kW". */
export const formatPower = (energyWh: bigint, slotSeconds: number): string =>
  formatEnergy((energyWh * HOUR_SECONDS) / BigInt(slotSeconds)).replace(/h$/, "");

/** Energy to the Wh, so that columns add up: "12.345 kWh". */
export const formatKwh = (energyWh: bigint): string =>
  `${formatDecimal(formatUnits(energyWh, 3), { minimumFractionDigits: 3 })} kWh`;

/** A share of a whole in percent, rounded down to a tenth: "12.5%". */
export function formatShare(part: bigint, whole: bigint): string {
  const perMille = whole === 0n ? 0n : (part * THOUSAND) / whole;
  return formatDecimal(formatUnits(perMille, 3), { style: "percent", maximumFractionDigits: 1 });
}

/** A whole number with the language's separators. */
export const formatCount = (count: number | bigint): string => numberFormat({}).format(count);

/** A moment in local time: "21 Jun 2026, 14:00". */
export const formatMoment = (unixSeconds: number): string =>
  dateFormat({ dateStyle: "medium", timeStyle: "short" }).format(unixSeconds * 1000);

/** A day in local time: "Sun, 21 Jun". */
export const formatDay = (unixSeconds: number): string =>
  dateFormat({ weekday: "short", day: "numeric", month: "short" }).format(unixSeconds * 1000);

/** A time of day in local time: "14:00". */
export const formatClock = (unixSeconds: number): string =>
  dateFormat({ hour: "2-digit", minute: "2-digit" }).format(unixSeconds * 1000);

/** A moment in UTC: "2026-06-21 14:00 UTC". */
export const formatUtc = (unixSeconds: number): string =>
  `${new Date(unixSeconds * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;

/** Whether a span of time lies within one day of local time; its end may be midnight. */
export const isWithinDay = (start: number, end: number): boolean =>
  formatDay(start) === formatDay(end - 1);

/** A span of time in local time: "Sun, 21 Jun, 14:00 – 15:00". */
export function formatSpan(start: number, end: number, withDay = true): string {
  const first = `${withDay ? `${formatDay(start)}, ` : ""}${formatClock(start)}`;
  const last = isWithinDay(start, end)
    ? formatClock(end)
    : `${formatDay(end)}, ${formatClock(end)}`;
  return `${first} – ${last}`;
}

/** Names in a sentence: "Linden, Millbrook and Hill". */
export const formatList = (names: readonly string[]): string =>
  new Intl.ListFormat(regionalLocale()).format(names);

/** "0x1234…abcd". */
export const shortAddress = (address: string): string =>
  `${address.slice(0, 6)}…${address.slice(-4)}`;

const dateFormat = (options: Intl.DateTimeFormatOptions) => {
  const key = `date ${i18n.locale} ${JSON.stringify(options)}`;
  let format = dates.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(regionalLocale(), options);
    dates.set(key, format);
  }
  return format;
};
const dates = new Map<string, Intl.DateTimeFormat>();

/** An amount with its unit: in English a sign comes before the amount; otherwise the unit follows it. */
function withUnit(amount: string, unit: string): string {
  const leads = (i18n.locale || "en").startsWith("en") && unit.length === 1;
  if (!leads) return `${amount} ${unit}`;
  return amount.startsWith("-") ? `-${unit}${amount.slice(1)}` : `${unit}${amount}`;
}
