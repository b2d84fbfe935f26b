import { type ChildProcess, spawn } from "node:child_process";
import { until } from "../../../../scripts/testing/until.ts";
import { kill } from "../../../relay/test/support/node.ts";

/** A command of the auctioneer, run as an operator does. */
export interface AuctioneerProcess {
  readonly child: ChildProcess;
  readonly output: () => string;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export function spawnAuctioneer(config: string, ...args: readonly string[]): AuctioneerProcess {
  const child = spawn(
    process.execPath,
    ["services/auctioneer/src/main.ts", ...args, "-c", config],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  for (const pipe of [child.stdout, child.stderr]) pipe.on("data", (text) => (output += text));
  return { child, output: () => output, kill: (signal = "SIGKILL") => kill(child, signal) };
}

/** Runs a command to its end. */
export async function runAuctioneer(
  config: string,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly output: string }> {
  const { child, output } = spawnAuctioneer(config, ...args);
  await until(
    `auctioneer ${args.join(" ")} ends`,
    () => child.exitCode !== null || child.signalCode !== null,
  );
  return { code: child.exitCode, output: output() };
}
