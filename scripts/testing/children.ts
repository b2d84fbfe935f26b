/** The child processes of a test run. None outlives it, interrupted or not. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { ownGroup, stopGroup } from "../processes.ts";
import type { Workplace } from "./workplace.ts";

const PATIENCE_MS = 5_000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const running = new Set<ChildProcess>();
let count = 0;
let isStopping = false;

/**
 * A process whose output can be shown as a whole: it is collected in a file. A live process's output is shown at once.
 */
export interface Child {
  readonly process: ChildProcess;
  /** Its new output since the last call. */
  output(): string;
  /** Its exit code, null when it could not start or was killed. The processes that it started have ended by then. */
  readonly ended: Promise<number | null>;
}

/** Starts a program with arguments, or a command for the shell. */
export function startChild(
  { folder, env, isLive }: Workplace,
  command: string,
  args?: readonly string[],
): Child {
  const file = path.join(folder, `output-${count++}`);
  const descriptor = openSync(file, "a");
  const child = spawn(command, [...(args ?? [])], {
    ...ownGroup,
    env,
    shell: args === undefined,
    stdio: [
      "ignore",
      ...(isLive ? (["inherit", "inherit"] as const) : [descriptor, descriptor]),
      ...(args === undefined ? [] : (["ipc"] as const)),
    ],
  });
  closeSync(descriptor);
  running.add(child);
  let shown = 0;
  return {
    process: child,
    output() {
      const bytes = readFileSync(file);
      const news = bytes.subarray(shown);
      shown = bytes.length;
      return news.toString();
    },
    ended: new Promise((resolve) => {
      const end = (exitCode: number | null) => {
        stopGroup(child, "SIGKILL");
        running.delete(child);
        // Whoever waits for it would start the next one.
        if (!isStopping) resolve(exitCode);
      };
      child.once("error", () => end(null));
      child.once("exit", end);
    }),
  };
}

/** From now on a signal to this process ends all children first, and then this process. */
export function endTogether(): void {
  for (const signal of SIGNALS) process.once(signal, () => void stopEverything(signal));
}

async function stopEverything(signal: (typeof SIGNALS)[number]): Promise<void> {
  isStopping = true;
  const gone = [...running].map((child) => new Promise((resolve) => child.once("exit", resolve)));
  const endAll = (by: NodeJS.Signals) => {
    for (const child of running) stopGroup(child, by);
  };
  endAll("SIGTERM");
  const patience = setTimeout(() => endAll("SIGKILL"), PATIENCE_MS);
  await Promise.all(gone);
  clearTimeout(patience);
  endAll("SIGKILL");
  process.exit(128 + constants.signals[signal]);
}
