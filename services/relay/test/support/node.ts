import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createPublicClient, http } from "viem";
import { ROOT } from "../../../../scripts/testing/groups.ts";
import { freePort } from "../../../../scripts/testing/ports.ts";
import { until } from "../../../../scripts/testing/until.ts";

/** A development node in a process of its own. */
export interface LocalNode {
  readonly rpcUrl: string;
  readonly child: ChildProcess;
  stop(): Promise<void>;
}

/** A Monday at midnight UTC, the start of a block of slots: tests count their slots from here. */
export const START = Date.UTC(2027, 5, 7) / 1000;

/** The node's clock at its first block: meters that are registered now report the slots from {@link START} on. */
export const BEFORE_START = START - 3_600;

/**
 * Starts anvil.
 * @param startsAt Its first block's time, Unix seconds.
 * @param more Arguments beyond those that all tests need.
 */
export const startAnvil = (
  startsAt = BEFORE_START,
  more: readonly string[] = [],
): Promise<LocalNode> =>
  startNode((port) => [
    "node_modules/.bin/anvil",
    ["--port", `${port}`, "--silent", "--accounts", "20"].concat([
      ...["--hardfork", "osaka", "--timestamp", `${startsAt}`, ...more],
    ]),
  ]);

const CONFIG = "services/relay/test/support/hardhat.config.ts";

/** Starts a Hardhat node. */
export const startHardhat = (): Promise<LocalNode> =>
  startNode((port) => [
    process.execPath,
    ["node_modules/hardhat/dist/src/cli.js", "node", "--port", `${port}`, "--config", CONFIG],
  ]);

async function startNode(
  command: (port: number) => readonly [file: string, args: readonly string[]],
): Promise<LocalNode> {
  const port = await freePort();
  const [file, args] = command(port);
  // npm's command for anvil starts the real one as a child of its own: both are ended as a group.
  const child = spawn(file, args, {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const killGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // Nothing of the group is left.
    }
  };
  process.once("exit", killGroup);
  const complaints: string[] = [];
  child.stderr?.on("data", (text) => complaints.push(String(text)));
  const rpcUrl = `http://127.0.0.1:${port}`;
  const client = createPublicClient({ transport: http(rpcUrl, { retryCount: 0 }) });
  await until(`${file} answers`, async () => {
    if (child.exitCode !== null) throw new Error(`${file} ended: ${complaints.join("")}`);
    return client.getChainId().catch(() => undefined);
  });
  return {
    rpcUrl,
    child,
    async stop() {
      process.off("exit", killGroup);
      killGroup();
      await kill(child);
    },
  };
}

/** Ends a process and waits until it is gone. */
export async function kill(child: ChildProcess, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}
