/** `npm test`: everything that can be checked, or some files of tests; what came of it is counted in the last line. */
import { OptionsError, readOptions, USAGE } from "./testing/options.ts";
import { run } from "./testing/run.ts";
import { everything, only } from "./testing/steps.ts";
import { sentence } from "./testing/tally.ts";
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
  const tally = await run(steps, { words, isLive: files.length === 1 });
  console.log(`\n${sentence(tally)}`);
  process.exitCode = tally.failed > 0 ? 1 : 0;
}
