/**
 * Amounts as people write and read them. Internally energy is whole Wh and money whole base units of a currency, both
 * `bigint`; floating-point numbers are never used.
 */

/** Decimals of a kWh: whole Wh. */
const KWH_DECIMALS = 3;
/** Decimals that thousandths of a base unit have beyond base units. */
const MILLIS_DECIMALS = 3;

/** The format of an amount. */
export interface AmountStyle {
  /** Decimals to show, rounded half away from zero; by default all that are not zero. */
  readonly shown?: number;
  /** A BCP 47 language tag for grouping and decimal sign; by default plain: `1234.5`. */
  readonly locale?: string;
}

/**
 * Reads an amount with at most `decimals` decimals, as a multiple of its last one: `1.5` with 3 decimals is 1500n.
 * Only digits, at most one decimal sign with digits on both sides, and spaces around it; no sign, no grouping.
 * @param what Names the amount in errors.
 * @param locale Defines the decimal sign; a point by default.
 * @throws RangeError when the text is not such an amount.
 */
export function parseAmount(
  text: string,
  decimals: number,
  what = "The amount",
  locale?: string,
): bigint {
  const sign = decimalSignOf(locale);
  const [whole = "", fraction, ...more] = text.trim().split(sign);
  const isNumber = /^\d+$/.test(whole) && (fraction === undefined || /^\d+$/.test(fraction));
  if (!isNumber || more.length > 0) {
    throw new RangeError(`${what} must be a number such as 1${sign}5, not "${text}".`);
  }
  if (fraction !== undefined && fraction.length > decimals) {
    throw new RangeError(`${what} must have at most ${decimals} decimals; "${text}" has more.`);
  }
  return BigInt(whole + (fraction ?? "").padEnd(decimals, "0"));
}

/** Writes an amount given as a multiple of its `decimals`-th decimal: 1500n with 3 decimals is `1.5`. */
export function formatAmount(
  value: bigint,
  decimals: number,
  { shown, locale }: AmountStyle = {},
): string {
  const kept = shown ?? decimals;
  const size = rescale(value < 0n ? -value : value, decimals, kept);
  const digits = size.toString().padStart(kept + 1, "0");
  const whole = BigInt(digits.slice(0, digits.length - kept));
  const all = digits.slice(digits.length - kept);
  const fraction = shown === undefined ? all.replace(/0+$/, "") : all;
  const sign = value < 0n && size > 0n ? "-" : "";
  const grouped = locale === undefined ? whole.toString() : integerFormat(locale).format(whole);
  return sign + grouped + (fraction === "" ? "" : decimalSignOf(locale) + fraction);
}

/**
 * Reads energy in Wh: `2.5`, `2.5 kWh` or `250 Wh`; kWh when no unit is written.
 * @throws RangeError when the text is not an amount of energy, or finer than a Wh.
 */
export function parseEnergyWh(text: string, locale?: string): bigint {
  const [, number = "", unit = "kWh"] = /^\s*(\S*?)\s*(kWh|Wh)?\s*$/.exec(text) ?? [];
  if (number === "") {
    throw new RangeError(`Energy must be a number such as 2.5 kWh or 250 Wh, not "${text}".`);
  }
  return parseAmount(number, unit === "kWh" ? KWH_DECIMALS : 0, `Energy in ${unit}`, locale);
}

/** Energy in kWh with its unit: 2500n Wh is `2.5 kWh`. */
export const formatKwh = (energyWh: bigint, style?: AmountStyle): string =>
  `${formatAmount(energyWh, KWH_DECIMALS, style)} kWh`;

/** Energy in Wh with its unit: `2500 Wh`. */
export const formatWh = (energyWh: bigint, style?: AmountStyle): string =>
  `${formatAmount(energyWh, 0, style)} Wh`;

/**
 * Reads money, or a price per kWh, in base units of a currency with this many decimals.
 * @throws RangeError when the text is not an amount, or finer than a base unit.
 */
export const parseMoney = (text: string, decimals: number, locale?: string): bigint =>
  parseAmount(text, decimals, "Money", locale);

/**
 * Money, or a price per kWh: 170000n base units of a currency with 6 decimals are `0.17`, with its symbol
 * `0.17 tEUR`.
 */
export function formatMoney(
  amount: bigint,
  { decimals, symbol }: { readonly decimals: number; readonly symbol?: string },
  style?: AmountStyle,
): string {
  const number = formatAmount(amount, decimals, style);
  return symbol === undefined ? number : `${number} ${symbol}`;
}

/**
 * Money that the escrow counts in thousandths of a base unit, as {@link formatMoney}: rounded here, when it is shown, and nowhere
 * before.
 */
export const formatMillis = (
  millis: bigint,
  { decimals, ...currency }: { readonly decimals: number; readonly symbol?: string },
  style?: AmountStyle,
): string => formatMoney(millis, { ...currency, decimals: decimals + MILLIS_DECIMALS }, style);

/** `value` with `shown` instead of `decimals` decimals, rounded half up. */
function rescale(value: bigint, decimals: number, shown: number): bigint {
  if (shown >= decimals) return value * 10n ** BigInt(shown - decimals);
  const step = 10n ** BigInt(decimals - shown);
  return (value + step / 2n) / step;
}

const formats = new Map<string, Intl.NumberFormat>();

function integerFormat(locale: string): Intl.NumberFormat {
  const known = formats.get(locale) ?? new Intl.NumberFormat(locale, { numberingSystem: "latn" });
  formats.set(locale, known);
  return known;
}

const decimalSignOf = (locale: string | undefined): string =>
  locale === undefined
    ? "."
    : (integerFormat(locale)
        .formatToParts(0.5)
        .find(({ type }) => type === "decimal")?.value ?? ".");
