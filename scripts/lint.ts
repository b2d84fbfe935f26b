/** `npm run lint`: format and lint, read only. `npm run format` mends what a machine can mend. */
import { run } from "./testing/run.ts";
import { lint } from "./testing/steps.ts";
import { sentence } from "./testing/tally.ts";

const tally = await run(lint);
console.log(`\n${sentence(tally)}`);
process.exitCode = tally.failed > 0 ? 1 : 0;
