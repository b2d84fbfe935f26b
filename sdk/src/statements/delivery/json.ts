import { readJson, writeJson } from "../json.ts";
import {
  agentExportSchema,
  type DeliveryStatement,
  deliveryStatementSchema,
  type SignedImport,
} from "./schema.ts";

/** A statement as JSON, in the form of `deliveryStatementJsonSchema`. */
export const deliveryToJson = (statement: DeliveryStatement): string =>
  writeJson(deliveryStatementSchema, statement);

/**
 * Reads a statement. That it has the right form says nothing about whether it is true: see `checkDelivery`.
 * @param name Names the file in errors.
 * @throws StatementFormatError that names the member.
 */
export const deliveryFromJson = (text: string, name: string): DeliveryStatement =>
  readJson(deliveryStatementSchema, text, name, "delivery statement");

/**
 * The signed imports of an export by the home agent; its signed exports are left out.
 * @param name Names the file in errors.
 * @throws StatementFormatError that names the member.
 */
export const signedImportsFromJson = (text: string, name: string): SignedImport[] =>
  readJson(agentExportSchema, text, name, "export of the home agent").readings.flatMap((reading) =>
    "imported" in reading ? [reading] : [],
  );
