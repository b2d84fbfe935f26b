import { t } from "@lingui/core/macro";
import { formatUnits, parseUnits } from "viem";
import { decimalMark } from "./format.ts";

/** What somebody typed as a number: what it says, or the two things that it may say; neither when it is no number. */
type Reading =
  | { readonly plain: string }
  | { readonly whole: string; readonly fraction: string }
  | undefined;

/** Groups of thousands are parted by a point, a comma, an apostrophe, or a space, of which there are several. */
const GROUPED = /^\d{1,3}(?:([.,'’\s])\d{3})(?:\1\d{3})*(?:([.,])(\d*))?$/u;
const PLAIN = /^(\d+)(?:[.,](\d*))?$/;

/**
 * Reads a number as people write it: with point or comma, and with thousands parted or not. "1,000" is a thousand to one
 * reader and one to another: it is read where the page's language writes fractions with that mark, and nowhere else.
 */
function read(text: string): Reading {
  const typed = text.trim();
  const plain = PLAIN.exec(typed);
  if (plain !== null) {
    const [, whole = "", fraction = ""] = plain;
    const mark = typed[whole.length];
    const mayBeGroup = fraction.length === 3 && whole.length <= 3 && !whole.startsWith("0");
    return mark !== undefined && mark !== decimalMark() && mayBeGroup
      ? { whole: whole + fraction, fraction: `${whole}.${fraction}` }
      : { plain: `${whole}.${fraction}` };
  }
  const grouped = GROUPED.exec(typed);
  if (grouped === null || typed.startsWith("0") || grouped[1] === grouped[2]) return undefined;
  const [, group = "", mark] = grouped;
  const [digits = "", fraction = ""] = mark === undefined ? [typed] : typed.split(mark);
  return { plain: `${digits.replaceAll(group, "")}.${fraction}` };
}

/**
 * What someone typed as an amount, in units of 10^-decimals.
 * @returns undefined when it is no amount, is negative, is finer than the unit, or can be read in two ways: then
 * {@link amountFault} asks which is meant.
 */
export function parseAmount(text: string, decimals: number): bigint | undefined {
  const reading = read(text);
  if (reading === undefined || !("plain" in reading)) return undefined;
  const [, fraction = ""] = reading.plain.split(".");
  return fraction.length > decimals ? undefined : parseUnits(reading.plain, decimals);
}

/** What is wrong with an amount that {@link parseAmount} does not take: a question where it can be read in two ways, else `usual`. */
export function amountFault(text: string, usual: string): string {
  const reading = read(text);
  if (reading === undefined || "plain" in reading) return usual;
  const { whole } = reading;
  const fraction = reading.fraction.replace(".", decimalMark());
  return t`Do you mean ${whole} or ${fraction}? Write it like that.`;
}

/** An amount for a field that is read by {@link parseAmount}: with the language's mark, and without parted thousands. */
export const typedAmount = (value: bigint, decimals: number): string =>
  formatUnits(value, decimals).replace(".", decimalMark());
