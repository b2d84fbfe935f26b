/** Child processes that are stopped together with all that they have started. */
import { type ChildProcess, spawnSync } from "node:child_process";

const windows = process.platform === "win32";

/** An option of `spawn` that puts the child at the head of a group of its own. */
export const ownGroup = { detached: !windows };

/** Sends a signal to a child and all that it has started; says nothing when they are gone. */
export function stopGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  if (windows) {
    spawnSync("taskkill", ["/pid", String(pid), "/T", "/F"]);
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // Nothing of the group is left.
  }
}

const running = new Set<ChildProcess>();

/** Sees to it that a child does not outlive this process, however that ends short of a SIGKILL. */
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
