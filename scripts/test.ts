/** `npm test`: runs all checks, or some test files; the last line counts the results. */

import { sentence } from "./testing/counts.ts";
import { OptionsError, readOptions, USAGE } from "./testing/options.ts";
import { run } from "./testing/run.ts";
import { everything, only } from "./testing/steps.ts";
import { watchAndRun } from "./testing/watch.ts";

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof OptionsError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if (options === "help") {
    console.log(USAGE);
    return;
  }
  if (options.watch) {
    watchAndRun([import.meta.filename, ...args.filter((arg) => arg !== "--watch")]);
    return;
  }
  if (options.deep) process.env.WATTLINE_DEEP = "1";
  const { files, words } = options;
  const steps = files.length === 0 ? everything() : only(files);
  const counts = await run(steps, { words, isLive: files.length === 1 });
  console.log(`\n${sentence(counts)}`);
  process.exitCode = counts.failed > 0 ? 1 : 0;
}
