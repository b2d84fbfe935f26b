/** `npm run lint`: format and lint, read only. `npm run format` fixes what can be fixed automatically. */

import { sentence } from "./testing/counts.ts";
import { run } from "./testing/run.ts";
import { lint } from "./testing/steps.ts";

const counts = await run(lint);
console.log(`\n${sentence(counts)}`);
process.exitCode = counts.failed > 0 ? 1 : 0;
