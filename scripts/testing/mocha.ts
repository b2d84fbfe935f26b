/**
 * Runs the TypeScript tests of the repository: `chain` those that use Hardhat, `plain` all others. Hardhat's matchers
 * change chai for the whole process (its `closeTo` takes no fractions any more), so the two don't share one.
 */
import { globSync } from "node:fs";
import Mocha from "mocha";
import { report } from "./report.ts";

const plain = ["*/test/**/*.test.ts", "test/community/**/*.test.ts", "test/setup/**/*.test.ts"];
const plainFiles = new Set(globSync(plain, { exclude: ["node_modules/**"] }));
const files =
  process.argv[2] === "plain"
    ? [...plainFiles]
    : globSync("test/**/*.test.ts").filter((file) => !plainFiles.has(file));

const mocha = new Mocha({ timeout: 60_000, forbidOnly: process.env.CI !== undefined });
for (const file of files.sort()) mocha.addFile(file);
await mocha.loadFilesAsync();

const runner = mocha.run(() => {
  const { passes, failures, pending } = runner.stats ?? { passes: 0, failures: 0, pending: 0 };
  report({ passed: passes, failed: failures, skipped: pending });
});
