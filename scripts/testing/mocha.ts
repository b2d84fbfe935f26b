/** Runs every TypeScript test of the repository, with or without a chain, in one process. */
import { globSync } from "node:fs";
import Mocha from "mocha";
import { report } from "./report.ts";

const files = globSync("**/test/**/*.test.ts", {
  exclude: (path) => path.split(/[\\/]/).includes("node_modules"),
});

const mocha = new Mocha({ timeout: 60_000, forbidOnly: process.env.CI !== undefined });
for (const file of files.sort()) mocha.addFile(file);
await mocha.loadFilesAsync();

const runner = mocha.run(() => {
  const { passes, failures, pending } = runner.stats ?? { passes: 0, failures: 0, pending: 0 };
  report({ passed: passes, failed: failures, skipped: pending });
});
