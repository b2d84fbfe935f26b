import * as z from "zod/mini";
import en from "zod/v4/locales/en.js";
import {
  agentExportSchema,
  type DeliveryStatement,
  deliveryStatementSchema,
  type SignedImport,
} from "./schema.ts";

/** A file has another form; the message says where, and what was expected. */
export class StatementFormatError extends Error {}

/** A statement as JSON, in the form of `deliveryStatementJsonSchema`. */
export const deliveryToJson = (statement: DeliveryStatement): string =>
  `${JSON.stringify(z.encode(deliveryStatementSchema, statement), null, 2)}\n`;

/**
 * Reads a statement. That it has the right form says nothing about whether it is true: see `checkDelivery`.
 * @param name Names the file in errors.
 * @throws StatementFormatError that names the member.
 */
export const deliveryFromJson = (text: string, name: string): DeliveryStatement =>
  read(deliveryStatementSchema, text, name, "delivery statement");

/**
 * The signed imports of an export by the home agent; its signed exports are left out.
 * @param name Names the file in errors.
 * @throws StatementFormatError that names the member.
 */
export const signedImportsFromJson = (text: string, name: string): SignedImport[] =>
  read(agentExportSchema, text, name, "export of the home agent").readings.flatMap((reading) =>
    "imported" in reading ? [reading] : [],
  );

function read<Output>(
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
