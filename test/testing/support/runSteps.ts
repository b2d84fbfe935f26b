/** Runs the checks that its argument lists, as `npm test` does: `[name, command, names of those to wait for][]`. */

import { sentence } from "../../../scripts/testing/counts.ts";
import { run } from "../../../scripts/testing/run.ts";
import type { Check } from "../../../scripts/testing/steps.ts";

const listed: [name: string, command: string, after: string[]][] = JSON.parse(
  process.argv[2] ?? "[]",
);
const checks: Check[] = [];
for (const [name, command, after] of listed) {
  checks.push({ name, command, after: checks.filter((check) => after.includes(check.name)) });
}
console.log(sentence(await run(checks)));
