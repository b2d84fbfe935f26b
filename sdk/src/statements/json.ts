import { type Address, getAddress, type Hex } from "viem";
import * as z from "zod/mini";
import en from "zod/v4/locales/en.js";

/*
 * Statements as JSON: energy and money as decimal text, since they do not fit into a number of every JSON reader.
 */

/** A file has another form; the message names file and member, and says what was expected. */
export class StatementFormatError extends Error {}

/**
 * Reads a file of a form.
 * @param name Names the file in errors.
 * @param what Names the form in errors.
 * @throws StatementFormatError that names the member.
 */
export function readJson<Output>(
  schema: z.ZodMiniType<Output>,
  text: string,
  name: string,
  what: string,
): Output {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new StatementFormatError(
      `${name} is no JSON: ${error instanceof Error ? error.message : error}`,
    );
  }
  const parsed = z.safeParse(schema, json, { error: en().localeError });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = (issue?.path ?? [])
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
  throw new StatementFormatError(
    `${name} is no ${what}: ${where || "the file"}: ${issue?.message ?? "another form"}.`,
  );
}

/** A value as JSON that {@link readJson} reads again. */
export const writeJson = <Output, Input>(
  schema: z.ZodMiniType<Output, Input>,
  value: Output,
): string => `${JSON.stringify(z.encode(schema, value), null, 2)}\n`;

export const text = (pattern: RegExp) => z.string().check(z.regex(pattern));

/** Energy of 0 Wh or more. */
export const wh = z.codec(text(/^(0|[1-9]\d{0,15})$/), z.bigint(), {
  decode: (digits) => BigInt(digits),
  encode: (value) => value.toString(),
});

/** An amount that may be below 0. */
export const amount = z.codec(text(/^(0|-?[1-9]\d{0,38})$/), z.bigint(), {
  decode: (digits) => BigInt(digits),
  encode: (value) => value.toString(),
});

export const address = z.codec(text(/^0x[0-9a-fA-F]{40}$/), z.custom<Address>(), {
  // A wrong checksum is no reason to refuse: the chain knows none.
  decode: (digits) => getAddress(digits.toLowerCase()),
  encode: (value) => value,
});

export const hex = (pattern: RegExp) =>
  z.codec(text(pattern), z.custom<Hex>(), {
    decode: (digits): Hex => `0x${digits.slice(2).toLowerCase()}`,
    encode: (value) => value,
  });

export const hash = hex(/^0x[0-9a-fA-F]{64}$/);
export const count = z.int().check(z.minimum(0));

const MOST_SLOT = 2 ** 32 - 1;
export const slot = z.int().check(z.minimum(0), z.maximum(MOST_SLOT));
export const microgrid = z.int().check(z.minimum(1), z.maximum(2 ** 32 - 1));
