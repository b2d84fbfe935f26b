/** Runs Solidity tests (`*.t.sol`) of the existing build: all of them, or the named files. */
import { parseArgs } from "node:util";
import hre from "hardhat";
import type { TestRunResult } from "hardhat/types/test";
import type { Result } from "hardhat/types/utils";
import type { Counts } from "./counts.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { words: { type: "string" } },
});

// Hardhat fills in the summary only when given the number of the first failure.
const result: Result<TestRunResult, TestRunResult> = await hre.tasks
  .getTask(["test", "solidity"])
  .run({
    noCompile: true,
    testSummaryIndex: 1,
    testFiles: positionals,
    ...(values.words === undefined ? {} : { grep: values.words }),
  });

const { summary } = result.success ? result.value : result.error;
if (summary.failureOutput) console.log(summary.failureOutput);
if (!result.success && summary.failed === 0) process.exitCode = 1;
report(summary);

/** Sends the counts to run.ts, and ends even when a test has left something open. */
function report(counts: Counts): void {
  const exit = () => process.exit();
  if (process.send === undefined) exit();
  else process.send(counts, undefined, undefined, exit);
}
