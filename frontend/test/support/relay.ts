import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Network } from "../../src/chain/config.ts";

const MAIN = path.join(import.meta.dirname, "../../../services/relay/src/main.ts");

/** Starts a relay of its own process at the network's `relayUrl`, with an empty book; it answers and follows the chain. */
export async function startRelay({ deployment, rpcUrl, relayUrl }: Network) {
  if (relayUrl === undefined) throw new Error("The network names no relay.");
  const folder = mkdtempSync(path.join(tmpdir(), "wattline-relay-"));
  const file = path.join(folder, "deployment.json");
  writeFileSync(file, JSON.stringify(deployment));
  const relay = spawn(process.execPath, [MAIN], {
    env: {
      ...process.env,
      WATTLINE_RPC_URL: rpcUrl,
      WATTLINE_DEPLOYMENT: file,
      WATTLINE_PORT: new URL(relayUrl).port,
      WATTLINE_DATA: path.join(folder, "book"),
      DATABASE_URL: "",
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const exit = once(relay, "exit");
  let ended = false;
  void exit.then(() => {
    ended = true;
  });
  while (!(await answers(relayUrl))) {
    if (ended) throw new Error("The relay has ended before it answered.");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    async stop() {
      if (!ended) relay.kill();
      await exit;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/health`).then(
    ({ ok }) => ok,
    () => false,
  );
