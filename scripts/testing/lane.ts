/** One of the lanes in which steps run, one step at a time. It keeps its worker while the group stays the same. */

import { type Child, startChild } from "./children.ts";
import { type Counts, oneFailed, onePassed } from "./counts.ts";
import type { Group } from "./groups.ts";
import { LANE } from "./ports.ts";
import type { Step, Suite, Tests } from "./steps.ts";
import type { Job, Outcome } from "./worker.ts";
import type { Workplace } from "./workplace.ts";

/** How a step ended. */
export interface Ended {
  readonly counts: Counts;
  readonly output: string;
}

export interface Lane {
  run(step: Step): Promise<Ended>;
  close(): Promise<void>;
}

/**
 * @param number From 1 on.
 * @param words Only tests whose full title has these words.
 */
export function openLane(shared: Workplace, number: number, words?: string): Lane {
  const workplace = { ...shared, env: { ...shared.env, [LANE]: String(number) } };
  let worker: { readonly child: Child; readonly group: Group } | undefined;

  async function close(): Promise<void> {
    const child = worker?.child;
    worker = undefined;
    if (child?.process.connected) child.process.send("end");
    await child?.ended;
  }

  async function runCheck(command: string): Promise<Ended> {
    const child = startChild(workplace, command);
    const counts = (await child.ended) === 0 ? onePassed : oneFailed;
    return { counts, output: child.output() };
  }

  async function runSuite({ script, args }: Suite): Promise<Ended> {
    const child = startChild(workplace, process.execPath, [
      script,
      ...(words === undefined ? [] : ["--words", words]),
      ...args,
    ]);
    return outcomeOf(child);
  }

  async function runTests({ file, group }: Tests): Promise<Ended> {
    if (worker?.group !== group) await close();
    worker ??= { child: startChild(workplace, process.execPath, [WORKER]), group };
    const { child } = worker;
    child.process.send({
      file,
      words,
      loader: group.loader,
    } satisfies Job);
    const ended = await outcomeOf(child);
    // A worker that has ended can't run another file.
    if (child.process.exitCode !== null || child.process.signalCode !== null) worker = undefined;
    return ended;
  }

  return {
    run: (step) =>
      "command" in step
        ? runCheck(step.command)
        : "script" in step
          ? runSuite(step)
          : runTests(step),
    close,
  };
}

const WORKER = "scripts/testing/worker.ts";

/** A child's test results, or a failure when it ended without any. */
async function outcomeOf(child: Child): Promise<Ended> {
  const told = new Promise<Outcome>((resolve) => child.process.once("message", resolve));
  const outcome = await Promise.race([told, child.ended]);
  const output = child.output();
  if (outcome === null || typeof outcome === "number") {
    const { signalCode, exitCode } = child.process;
    const how = signalCode ?? `exit code ${exitCode}`;
    return {
      counts: oneFailed,
      output: `${output}\nIt crashed (${how}), so that counts as a failure.`,
    };
  }
  if ("broken" in outcome) return { counts: oneFailed, output };
  return { counts: outcome, output };
}
