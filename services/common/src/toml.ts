import { readFileSync } from "node:fs";
import { parse, TomlError } from "smol-toml";
import * as z from "zod";
import { MendableError, reasonOf } from "./mendable.ts";

/**
 * Reads a configuration.
 * @param example The file that explains it, for who has none.
 * @throws MendableError that names file, key and allowed values.
 */
export function readToml<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  example: string,
): z.output<Schema> {
  const parsed = schema.safeParse(tomlIn(file, example));
  if (parsed.success) return parsed.data;
  throw new MendableError(complaintsOf(file, parsed.error.issues).join("\n"));
}

function tomlIn(file: string, example: string): unknown {
  let source: string;
  try {
    source = readFileSync(file, "utf8");
  } catch (error) {
    throw new MendableError(
      `${file} can't be read (${reasonOf(error)}). Copy ${example} there, or name your own with --config.`,
    );
  }
  try {
    return parse(source);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new MendableError(
      `${file}, line ${error.line}, column ${error.column}: ${error.message}`,
    );
  }
}

const complaintsOf = (file: string, issues: readonly z.core.$ZodIssue[]): string[] =>
  issues.map((issue) => `${file}: ${issue.path.join(".") || "the file"}: ${wordsOf(issue)}.`);

function wordsOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "unrecognized_keys":
      return `there is no key ${issue.keys.map((key) => `"${key}"`).join(", ")}`;
    case "invalid_value":
      return `expected one of ${z.util.joinValues(issue.values, ", ")}`;
    case "custom":
    case "invalid_format":
    case "invalid_union":
      return `expected ${issue.message}`;
    default:
      return issue.message;
  }
}
