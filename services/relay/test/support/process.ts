import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../../../../scripts/testing/ports.ts";
import { until } from "../../../../scripts/testing/until.ts";
import { RelayClient } from "../../src/client.ts";
import { kill } from "./node.ts";
import type { World } from "./world.ts";

/** A relay in a process of its own, started as an operator would. */
export interface RelayProcess {
  readonly client: RelayClient;
  readonly url: string;
  /** What it has written to its output so far. */
  readonly output: () => string;
  readonly child: ChildProcess;
  /** Ends it without warning, or by another signal. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts `main.ts` for `world` and waits until it listens. */
export async function spawnRelay(
  world: Pick<World, "deployment" | "rpcUrl">,
  env: Readonly<Record<string, string>>,
  patienceMs?: number,
): Promise<RelayProcess> {
  const folder = await mkdtemp(path.join(tmpdir(), "wattline-deployment-"));
  const file = path.join(folder, "deployment.json");
  await writeFile(file, JSON.stringify(world.deployment));
  const port = env.WATTLINE_PORT ?? `${await freePort()}`;
  const { DATABASE_URL: _, ...inherited } = process.env;
  const child = spawn(process.execPath, ["services/relay/src/main.ts"], {
    env: {
      ...inherited,
      WATTLINE_RPC_URL: world.rpcUrl,
      WATTLINE_DEPLOYMENT: file,
      WATTLINE_PORT: port,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const pipe of [child.stdout, child.stderr]) pipe.on("data", (text) => (output += text));
  const url = `http://127.0.0.1:${port}`;
  const listens = () => {
    if (child.exitCode !== null) throw new Error(`The relay ended: ${output}`);
    return output.includes(url);
  };
  await until("the relay listens", listens, patienceMs);
  await rm(folder, { recursive: true });
  return {
    client: new RelayClient(url),
    url,
    output: () => output,
    child,
    kill: (signal = "SIGKILL") => kill(child, signal),
  };
}
