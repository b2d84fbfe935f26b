/** Runs tests again whenever a source file changes. */
import { type ChildProcess, spawn } from "node:child_process";
import { watch } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { ownGroup, stopGroup } from "../processes.ts";
import { ROOT } from "./groups.ts";

const FOLDERS = ["contracts", "frontend", "ignition", "scripts", "sdk", "services", "test"];
const SOURCE = /\.(ts|tsx|mjs|sol|css|html|po|json|md|csv)$/;
/** Files that tools write while they run. */
const MADE = /(^|\/)(node_modules|dist|deployments|\.[^/]+)(\/|$)/;
/** Editors save in several steps, and people save several files. */
const QUIET_MS = 200;

/** @param command Arguments of node that run the tests once. */
export function watchAndRun(command: readonly string[]): void {
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;

  function start(): void {
    const started = spawn(process.execPath, [...command], { ...ownGroup, stdio: "inherit" });
    child = started;
    started.once("exit", () => {
      if (child === started) console.log("\nWaiting for a change. Ctrl+C ends it.");
    });
  }

  async function startAnew(): Promise<void> {
    const old = child;
    child = undefined;
    await ended(old, "SIGTERM");
    start();
  }

  for (const folder of FOLDERS) {
    watch(path.join(ROOT, folder), { recursive: true }, (_, name) => {
      if (name === null || !SOURCE.test(name) || MADE.test(name.split(path.sep).join("/"))) return;
      clearTimeout(timer);
      timer = setTimeout(() => void startAnew(), QUIET_MS);
    });
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, async () => {
      clearTimeout(timer);
      await ended(child, signal);
      process.exit(128 + constants.signals[signal]);
    });
  }
  start();
}

/** Ends a run by a signal, on which it ends its children. */
async function ended(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await gone;
  stopGroup(child, "SIGKILL");
}
