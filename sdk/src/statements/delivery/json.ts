import * as z from "zod/mini";
import en from "zod/v4/locales/en.js";
import { type DeliveryStatement, deliveryStatementSchema } from "./schema.ts";

/** A file is no delivery statement; the message says where, and what was expected. */
export class StatementFormatError extends Error {}

/** A statement as JSON, in the form of `deliveryStatementJsonSchema`. */
export const deliveryToJson = (statement: DeliveryStatement): string =>
  `${JSON.stringify(z.encode(deliveryStatementSchema, statement), null, 2)}\n`;

/**
 * Reads a statement. That it has the right form says nothing about whether it is true: see `checkDelivery`.
 * @param name Names the file in errors.
 * @throws StatementFormatError that names the member.
 */
export function deliveryFromJson(text: string, name: string): DeliveryStatement {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new StatementFormatError(
      `${name} is no JSON: ${error instanceof Error ? error.message : error}`,
    );
  }
  const read = z.safeParse(deliveryStatementSchema, json, { error: en().localeError });
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const where = (issue?.path ?? [])
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
  throw new StatementFormatError(
    `${name} is no delivery statement: ${where || "the file"}: ${issue?.message ?? "another form"}.`,
  );
}
