import { parseArgs } from "node:util";
import { BenchFailure, reasonOf } from "./failure.ts";

export const USAGE = `npm run bench:gas -- [options]

  (none)      measures Wattline and its peers, prints a table, writes bench/gas.json and bench/gas.md
  --check     measures Wattline only and fails when a committed figure got worse by more than 1 %
  --help      this text`;

export type Order = "measure" | "check" | "help";

/** @throws BenchFailure for anything it doesn't know. */
export function readOptions(argv: readonly string[]): Order {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { check: { type: "boolean" }, help: { type: "boolean" } },
    });
    if (values.help) return "help";
    return values.check ? "check" : "measure";
  } catch (error) {
    throw new BenchFailure(`${reasonOf(error)}: see --help.`);
  }
}
