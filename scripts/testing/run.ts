/** Runs steps one after another, with their output as it comes, and leaves no process behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { styleText } from "node:util";
import { ownGroup, stopGroup } from "../processes.ts";
import type { Step, Suite } from "./steps.ts";
import { add, isEmpty, nothing, oneFailed, onePassed, type Tally } from "./tally.ts";

const PATIENCE_MS = 5_000;
const output: ["ignore", "inherit", "inherit"] = ["ignore", "inherit", "inherit"];

let running: ChildProcess | undefined;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => stopEverything(signal));
}

export async function run(steps: Step[]): Promise<Tally> {
  let total = nothing;
  for (const step of steps) total = add(total, await runStep(step));
  return total;
}

async function runStep(step: Step): Promise<Tally> {
  console.log(styleText("bold", `\n${step.name}`));
  const start = performance.now();
  const tally = "script" in step ? await runSuite(step) : await runCheck(step.command);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(
    tally.failed > 0
      ? styleText("red", `${step.name}: failed after ${seconds} s`)
      : styleText("green", `${step.name}: passed in ${seconds} s`),
  );
  return tally;
}

async function runCheck(command: string): Promise<Tally> {
  const child = spawn(command, { ...ownGroup, shell: true, stdio: output });
  return (await finished(child)) === 0 ? onePassed : oneFailed;
}

async function runSuite({ name, script, args = [] }: Suite): Promise<Tally> {
  const child = spawn(process.execPath, [script, ...args], {
    ...ownGroup,
    stdio: [...output, "ipc"],
  });
  let reported = nothing;
  child.once("message", (tally: Tally) => {
    reported = tally;
  });
  const exitCode = await finished(child);
  if (exitCode !== 0) {
    console.log(`${name} crashed, so that counts as a failure.`);
    return add(reported, oneFailed);
  }
  if (isEmpty(reported)) {
    console.log(`${name} found nothing to run, so that counts as a failure.`);
    return oneFailed;
  }
  return reported;
}

async function finished(child: ChildProcess): Promise<number | null> {
  running = child;
  const exitCode = await new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("exit", resolve);
  });
  stopGroup(child, "SIGKILL");
  running = undefined;
  return exitCode;
}

function stopEverything(signal: "SIGINT" | "SIGTERM" | "SIGHUP"): void {
  const exit = () => process.exit(128 + constants.signals[signal]);
  const child = running;
  if (child === undefined) {
    exit();
    return;
  }
  child.removeAllListeners("exit");
  child.once("exit", () => {
    stopGroup(child, "SIGKILL");
    exit();
  });
  stopGroup(child, "SIGTERM");
  setTimeout(() => stopGroup(child, "SIGKILL"), PATIENCE_MS);
}
