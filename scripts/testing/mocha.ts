/**
 * Runs one group of the TypeScript tests. Hardhat's matchers change chai for the whole process (its `closeTo` takes no
 * fractions any more), so those that use Hardhat share none with the others.
 */
import { globSync } from "node:fs";
import Mocha from "mocha";
import { report } from "./report.ts";

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  plain: [
    "sdk/test/**/*.test.ts",
    "services/community/test/profiles/**/*.test.ts",
    "test/allocate/**/*.test.ts",
    "test/setup/**/*.test.ts",
  ],
  services: [
    "services/!(community)/test/**/*.test.ts",
    "services/community/test/simulation/**/*.test.ts",
    "test/agreement/**/*.test.ts",
    "test/start/**/*.test.ts",
  ],
  pages: ["frontend/test/**/*.test.ts"],
};

const filesOf = (patterns: readonly string[]): string[] => globSync([...patterns]);

const name = process.argv[2] ?? "chain";
const patterns = GROUPS[name];
const others = new Set(filesOf(Object.values(GROUPS).flat()));
const files = patterns
  ? filesOf(patterns)
  : globSync("test/**/*.test.ts").filter((file) => !others.has(file));

const mocha = new Mocha({ timeout: 60_000, forbidOnly: process.env.CI !== undefined });
for (const file of files.sort()) mocha.addFile(file);
await mocha.loadFilesAsync();

const runner = mocha.run(() => {
  const { passes, failures, pending } = runner.stats ?? { passes: 0, failures: 0, pending: 0 };
  report({ passed: passes, failed: failures, skipped: pending });
});
