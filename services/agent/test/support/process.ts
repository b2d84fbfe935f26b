import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { until } from "../../../../scripts/testing/until.ts";
import { kill } from "../../../relay/test/support/node.ts";

/** A command of the agent, run as a householder does. */
export interface AgentProcess {
  readonly child: ChildProcess;
  readonly output: () => string;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export function spawnAgent(config: string, ...args: readonly string[]): AgentProcess {
  const child = spawn(process.execPath, ["services/agent/src/main.ts", "-c", config, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    // As householders start it: with as little memory as it can do with.
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  let output = "";
  for (const pipe of [child.stdout, child.stderr]) pipe.on("data", (text) => (output += text));
  return { child, output: () => output, kill: (signal = "SIGKILL") => kill(child, signal) };
}

/** Runs a command to its end. */
export async function runAgent(
  config: string,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly output: string }> {
  const { child, output } = spawnAgent(config, ...args);
  await until(
    `agent ${args.join(" ")} ends`,
    () => child.exitCode !== null || child.signalCode !== null,
  );
  return { code: child.exitCode, output: output() };
}

/** Resident memory of a process in MB, where the system tells it. */
export function residentMb({ child: { pid } }: AgentProcess): number | undefined {
  try {
    const [, kb] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kb === undefined ? undefined : Number(kb) / 1000;
  } catch {
    return undefined;
  }
}
