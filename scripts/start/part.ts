import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { compiled, ownGroup, stopGroup, takeAlong } from "../processes.ts";
import { type Say, sayLines } from "./log.ts";

/** One program of the stack. */
export interface PartSpec {
  readonly name: string;
  /** A TypeScript file that Node runs. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The working directory; by default this process's. */
  readonly cwd?: string;
  /** Parts that must answer before this one starts. */
  readonly needs: readonly string[];
  /** Resolves when its other requirements are met. */
  waits?(signal: AbortSignal): Promise<void>;
  /** Resolves when the part answers. */
  check(signal: AbortSignal): Promise<void>;
  /** The longest time until it answers, in s. */
  readonly startSeconds: number;
  /** What happens when it ends: it is restarted, the rest continues without it, or everything stops. */
  readonly whenDead: "restart" | "go on" | "stop";
}

/** A running part. */
export interface RunningPart {
  /** Resolves with true once the part answers, with false when it ended before or the time is over. */
  answers(signal: AbortSignal): Promise<boolean>;
  /** Resolves when the process has ended, with its exit status. */
  readonly ended: Promise<string>;
  /** Ends the part and all processes that it has started: SIGTERM first, SIGKILL after a while. */
  stop(): Promise<void>;
}

const POLL_MS = 200;
const CHECK_PATIENCE_MS = 5_000;

/**
 * Starts a part and logs its output line by line.
 * @param stopMs How long it may take to end when asked to.
 */
export function startPart(spec: PartSpec, say: Say, stopMs: number): RunningPart {
  const { script, args = [], env = {}, cwd, startSeconds } = spec;
  const child = spawn(process.execPath, [script, ...args], {
    ...ownGroup,
    ...(cwd !== undefined && { cwd }),
    env: { ...compiled, ...inheritedEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  takeAlong(child);
  sayLines(child.stdout, say);
  sayLines(child.stderr, say);
  let running = true;
  const ended = endOf(child).then((how) => {
    running = false;
    // The processes that it started must end too: the next one needs the port.
    stopGroup(child, "SIGKILL");
    return how;
  });

  return {
    ended,

    async answers(signal) {
      const deadline = performance.now() + startSeconds * 1000;
      while (running && performance.now() < deadline) {
        signal.throwIfAborted();
        if (await passes(spec, signal)) return true;
        await sleep(POLL_MS, undefined, { signal });
      }
      return false;
    },

    async stop() {
      if (!running) return;
      stopGroup(child, "SIGTERM");
      const patience = setTimeout(() => stopGroup(child, "SIGKILL"), stopMs);
      await ended;
      clearTimeout(patience);
    },
  };
}

/** Whether a part answers at the moment. */
export async function passes(
  { check }: Pick<PartSpec, "check">,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await check(AbortSignal.any([signal, AbortSignal.timeout(CHECK_PATIENCE_MS)]));
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

async function endOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = await once(child, "exit");
    return signal === null ? `exit code ${code}` : `${signal}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Everything but a database: the stack's chain is new each time, so stored data about it must be too. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  const { DATABASE_URL: _, ...rest } = process.env;
  return rest;
}
