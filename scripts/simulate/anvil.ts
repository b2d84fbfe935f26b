import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { AHEAD_SECONDS, ChainError } from "@wattline/community/simulation";
import { ownGroup, stopGroup, takeAlong } from "../processes.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const ANNOUNCED = /^Listening on (\S+)/;

/** A chain of its own for agents, which need one that others can reach and that can try out transactions. */
export interface Anvil {
  readonly rpcUrl: string;
  stop(): void;
}

/**
 * Starts anvil, which ends with this process at the latest.
 * @param startsAt Unix seconds of the simulation's start.
 * @throws ChainError when it does not start.
 */
export async function startAnvil(startsAt: number): Promise<Anvil> {
  const child = spawn(
    process.execPath,
    [
      path.join(ROOT, "node_modules/@foundry-rs/anvil/bin.mjs"),
      ...["--port", "0", "--accounts", "5", "--hardfork", "osaka"],
      ...["--timestamp", `${startsAt - AHEAD_SECONDS}`],
    ],
    {
      ...ownGroup,
      env: { ...process.env, TARGET_TOOL: "anvil" },
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  takeAlong(child);
  const stop = () => stopGroup(child, "SIGKILL");
  for await (const line of createInterface({ input: child.stdout })) {
    const [, address] = ANNOUNCED.exec(line) ?? [];
    if (address === undefined) continue;
    // Nothing reads what it says from here on.
    child.stdout.resume();
    return { rpcUrl: `http://${address}`, stop };
  }
  stop();
  throw new ChainError("anvil, which npm has installed, ended before it listened. Try --rpc.");
}
