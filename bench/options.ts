import { readFlags } from "@wattline/common/flags";
import { BenchFailure } from "./failure.ts";

export const USAGE = `npm run bench:gas -- [options]

  (none)      measures Wattline and its peers, prints a table, writes bench/gas.json and bench/gas.md
  --check     measures Wattline only and fails when a committed figure got worse by more than 1 %
  --help      this text`;

export type Order = "measure" | "check" | "help";

/** @throws BenchFailure for an unknown option. */
export function readOptions(argv: readonly string[]): Order {
  const { check, help } = readFlags(argv, { check: { type: "boolean" } }, BenchFailure);
  if (help) return "help";
  return check ? "check" : "measure";
}
