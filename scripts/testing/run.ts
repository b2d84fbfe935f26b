/**
 * Runs steps, as many at a time as there are lanes, and shows each step's output as a whole when it ends; what failed
 * is shown last, where nobody has to look for it.
 */
import { availableParallelism } from "node:os";
import { styleText } from "node:util";
import { endTogether } from "./children.ts";
import { add, type Counts, isEmpty, nothing, oneFailed } from "./counts.ts";
import { type Lane, openLane } from "./lane.ts";
import type { Step } from "./steps.ts";
import { openWorkplace } from "./workplace.ts";

/**
 * More lanes would not be faster: the run then waits for the longest file. There is one more than processors, because
 * tests wait for blocks, pages and processes nearly half of their time.
 */
const MOST_LANES = 4;

/**
 * Returns the counts of all tests.
 * @param words Only tests whose full title has these words.
 * @param isLive One step at a time, with live output.
 */
export async function run(
  steps: readonly Step[],
  {
    words,
    isLive = false,
  }: { readonly words?: string | undefined; readonly isLive?: boolean } = {},
): Promise<Counts> {
  endTogether();
  const workplace = openWorkplace(isLive);
  const waiting = [...steps];
  const passed = new Set<Step>();
  const failed: Step[] = [];
  const shownLast: string[] = [];
  const notRun: Step[] = [];
  let total = nothing;
  let areTestsFound = false;
  let wake = Promise.withResolvers<void>();

  async function work(lane: Lane): Promise<void> {
    for (;;) {
      const step = next();
      if (step === undefined && waiting.length === 0) return lane.close();
      if (step === undefined) await wake.promise;
      else await runIn(lane, step);
    }
  }

  /** The first step whose requirements have passed. Steps whose requirements failed are given up. */
  function next(): Step | undefined {
    const inVain = waiting.filter(({ after }) =>
      after.some((step) => failed.includes(step) || notRun.includes(step)),
    );
    for (const step of inVain) waiting.splice(waiting.indexOf(step), 1);
    notRun.push(...inVain);
    const index = waiting.findIndex(({ after }) => after.every((step) => passed.has(step)));
    return index < 0 ? undefined : waiting.splice(index, 1)[0];
  }

  async function runIn(lane: Lane, step: Step): Promise<void> {
    const header = styleText("bold", `\n${step.name}`);
    const start = performance.now();
    if (isLive) console.log(header);
    const ended = await lane.run(step);
    const { output } = ended;
    // With words, most files may have no matching test; without, a file without tests is a mistake.
    const isMissing = isEmpty(ended.counts) && words === undefined;
    const counts = isMissing ? oneFailed : ended.counts;
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    total = add(total, counts);
    if (counts.failed > 0) failed.push(step);
    else passed.add(step);
    wake.resolve();
    wake = Promise.withResolvers<void>();
    if (!("command" in step) && !isEmpty(counts)) areTestsFound = true;
    if (isEmpty(counts) && !isLive) return;
    const hasFailed = counts.failed > 0;
    const verdict = hasFailed
      ? styleText("red", `${step.name}: failed after ${seconds} s`)
      : styleText("green", `${step.name}: passed in ${seconds} s`);
    const complaint = isMissing && "Nothing was found to run, so that counts as a failure.";
    const shown = [!isLive && header, output.trimEnd(), complaint, verdict].filter(Boolean);
    if (hasFailed && !isLive) {
      shownLast.push(shown.join("\n"));
      console.log(`\n${verdict}; its output comes last.`);
    } else console.log(shown.join("\n"));
  }

  const count = isLive ? 1 : Math.min(MOST_LANES, availableParallelism() + 1, steps.length);
  await Promise.all(
    Array.from({ length: count }, (_, index) => work(openLane(workplace, index + 1, words))),
  );

  for (const text of shownLast) console.log(text);
  if (failed.length > 0) console.log(styleText("red", `\nFailed: ${namesOf(failed)}`));
  if (notRun.length > 0) {
    console.log(
      styleText("red", `Not run, since a step that they need has failed: ${namesOf(notRun)}`),
    );
  }
  if (words !== undefined && !areTestsFound) {
    console.log(styleText("red", `\nNo test there has "${words}" in its title.`));
    return add(total, oneFailed);
  }
  return total;
}

const namesOf = (steps: readonly Step[]): string => steps.map(({ name }) => name).join(", ");
