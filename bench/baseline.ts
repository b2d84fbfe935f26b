import { readFileSync } from "node:fs";
import { BenchFailure, reasonOf } from "./failure.ts";
import { isRecord } from "./peers/artifact.ts";
import type { Result } from "./results.ts";

const FIGURES = [
  "slots",
  "gas",
  "gasPerSlot",
  "calldataBytes",
  "calldataFloor",
  "floor",
  "repricedGas",
] as const;

/** The committed figures. `shown` is the file's name in messages. */
export function readBaseline(file: string, shown: string): Result[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new BenchFailure(
      `The baseline ${shown} is missing: run npm run bench:gas and commit it.`,
    );
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new BenchFailure(`The baseline ${shown} is no JSON: ${reasonOf(error)}`);
  }
  if (!Array.isArray(content))
    throw new BenchFailure(`The baseline ${shown} is not a list of rows.`);
  return content.map((row: unknown, index) => {
    if (isResult(row)) return row;
    throw new BenchFailure(`Row ${index + 1} of the baseline ${shown} is incomplete.`);
  });
}

const isResult = (row: unknown): row is Result =>
  isRecord(row) &&
  typeof row.name === "string" &&
  typeof row.system === "string" &&
  (row.case === "cold" || row.case === "warm") &&
  (row.pairs === undefined || Number.isSafeInteger(row.pairs)) &&
  FIGURES.every((figure) => Number.isSafeInteger(row[figure]));
