/** Child processes that are stopped together with all processes that they have started. */
import { type ChildProcess, spawnSync } from "node:child_process";
import path from "node:path";

const windows = process.platform === "win32";

/** An option of `spawn` that makes the child the leader of its own process group. */
export const ownGroup = { detached: !windows };

/** Where Node keeps what it has compiled: a process that starts again takes half the time. */
export const compiled = {
  NODE_COMPILE_CACHE: path.resolve(import.meta.dirname, "../.wattline/compiled"),
};

/** Sends a signal to a child and its process group; ignores that they have ended. */
export function stopGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  if (windows) {
    spawnSync("taskkill", ["/pid", String(pid), "/T", "/F"]);
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // The process group has ended.
  }
}

const running = new Set<ChildProcess>();

/** Makes sure that a child does not outlive this process, unless this process ends by SIGKILL. */
export function takeAlong(child: ChildProcess): void {
  if (running.size === 0) process.on("exit", stopRunning);
  running.add(child);
  child.once("exit", () => {
    running.delete(child);
    if (running.size === 0) process.off("exit", stopRunning);
  });
}

function stopRunning(): void {
  for (const child of running) stopGroup(child, "SIGKILL");
}
