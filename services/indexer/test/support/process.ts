import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";

/** The project's folder. */
export const ROOT = path.resolve(import.meta.dirname, "../../../..");

/** A program that a test has started, and its output. */
export interface Started {
  readonly child: ChildProcess;
  readonly lines: readonly string[];
  /** The first line with this beginning. @throws when the program ends before. */
  line(start: string): Promise<string>;
  /** Sends a signal and waits until the process has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export function startNode(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
  cwd = ROOT,
): Started {
  const child = spawn(process.execPath, [...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of waiting) look();
  };
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      wake();
    });
  }
  let isGone = false;
  const gone = new Promise<void>((resolve) => {
    child.once("close", () => {
      isGone = true;
      wake();
      resolve();
    });
  });
  return {
    child,
    lines,
    line: (start) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find((line) => line.startsWith(start));
          if (found === undefined && !isGone) return;
          waiting.delete(look);
          if (found !== undefined) resolve(found.slice(start.length));
          else reject(new Error(`The program ended:\n${lines.slice(-20).join("\n")}`));
        };
        waiting.add(look);
        look();
      }),
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      await gone;
    },
  };
}
