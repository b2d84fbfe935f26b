/** Runs every Solidity test (`*.t.sol`) of what is already built. */
import hre from "hardhat";
import type { TestRunResult } from "hardhat/types/test";
import type { Result } from "hardhat/types/utils";
import { report } from "./report.ts";

// Hardhat fills in the summary only when told the number of the first failure.
const result: Result<TestRunResult, TestRunResult> = await hre.tasks
  .getTask(["test", "solidity"])
  .run({ noCompile: true, testSummaryIndex: 1 });

const { summary } = result.success ? result.value : result.error;
if (summary.failureOutput) console.log(summary.failureOutput);
if (!result.success && summary.failed === 0) process.exitCode = 1;
report(summary);
