/** `npm test`: everything that can be checked, counted in the last line. */
import { run } from "./testing/run.ts";
import { build, lint, tests } from "./testing/steps.ts";
import { add, sentence, type Tally } from "./testing/tally.ts";

if (process.argv.includes("deep")) process.env.WATTLINE_DEEP = "1";

const tally = add(await run(lint), await buildAndTest());
console.log(`\n${sentence(tally)}`);
process.exitCode = tally.failed > 0 ? 1 : 0;

async function buildAndTest(): Promise<Tally> {
  const built = await run([build]);
  if (built.failed === 0) return add(built, await run(tests));

  console.log("Nothing else was tested: mend the contracts first.");
  return built;
}
