import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SLOT_SECONDS, START_SLOT } from "@wattline/community/live/start";
import { filesIn } from "./folder.ts";
import type { StartOptions } from "./options.ts";
import type { PartSpec } from "./part.ts";
import { HOST } from "./ports.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));
const inProject = (...names: string[]): string => path.join(project, ...names);

const FILE_POLL_MS = 200;

/** The parts' addresses. */
export const urlsOf = ({ ports }: Pick<StartOptions, "ports">) => ({
  rpcUrl: `http://${HOST}:${ports.chain}`,
  relayUrl: `http://${HOST}:${ports.relay}`,
  indexerUrl: `http://${HOST}:${ports.indexer}`,
  frontendUrl: `http://${HOST}:${ports.frontend}`,
});

/**
 * The parts of the stack: their programs, requirements, how they show that they answer, and what happens at their end.
 */
export function partsOf(options: StartOptions): PartSpec[] {
  const { ports, folder, paceSeconds } = options;
  const { rpcUrl, relayUrl, indexerUrl, frontendUrl } = urlsOf(options);
  const files = filesIn(folder);
  const chainIs = { WATTLINE_RPC_URL: rpcUrl, WATTLINE_DEPLOYMENT: files.deployment };
  const deployed = (signal: AbortSignal) => fileExists(files.deployment, signal);
  return [
    {
      name: "chain",
      script: inProject("node_modules/@foundry-rs/anvil/bin.mjs"),
      args: chainArguments(ports.chain),
      env: { TARGET_TOOL: "anvil" },
      needs: [],
      check: (signal) => chainAnswers(rpcUrl, signal),
      startSeconds: 60,
      whenDead: "stop",
    },
    {
      name: "community",
      script: inProject("scripts/start/community.ts"),
      env: {
        WATTLINE_RPC_URL: rpcUrl,
        WATTLINE_RELAY_URL: relayUrl,
        WATTLINE_INDEXER_URL: indexerUrl,
        WATTLINE_RUN: folder,
        WATTLINE_PACE: String(paceSeconds),
      },
      needs: ["chain"],
      check: async () => {
        if (!existsSync(files.opened)) throw new Error("The community is not open yet.");
      },
      startSeconds: 600,
      whenDead: "go on",
    },
    {
      name: "relay",
      script: inProject("services/relay/src/main.ts"),
      env: {
        ...chainIs,
        WATTLINE_HOST: HOST,
        WATTLINE_PORT: String(ports.relay),
        WATTLINE_DATA: files.relayData,
      },
      needs: ["chain"],
      waits: deployed,
      check: (signal) => relayAnswers(relayUrl, signal),
      startSeconds: 60,
      whenDead: "restart",
    },
    {
      name: "indexer",
      script: inProject("services/indexer/start.ts"),
      cwd: inProject("services/indexer"),
      env: {
        ...chainIs,
        // Otherwise it logs a line for every block.
        PONDER_LOG_LEVEL: "warn",
        WATTLINE_HOST: HOST,
        WATTLINE_PORT: String(ports.indexer),
        WATTLINE_DATA: files.indexerData,
      },
      needs: ["chain"],
      waits: deployed,
      check: (signal) => answers(`${indexerUrl}/ready`, signal),
      startSeconds: 180,
      whenDead: "restart",
    },
    {
      name: "frontend",
      script: inProject("scripts/start/frontend.ts"),
      args: [String(ports.frontend)],
      cwd: inProject("frontend"),
      env: { WATTLINE_CONFIG: files.config, WATTLINE_READINGS: files.readings },
      needs: [],
      check: (signal) => answers(frontendUrl, signal),
      startSeconds: 180,
      whenDead: "restart",
    },
  ];
}

/**
 * A chain with mainnet's rules, its clock two hours before the community's: time to deploy. It keeps every block and
 * receipt, but only the last blocks' states, so that it can run for days.
 */
const chainArguments = (port: number): string[] => [
  ...["--host", HOST, "--port", String(port), "--chain-id", "31337", "--silent"],
  ...["--hardfork", "osaka", "--enable-tx-gas-limit", "--prune-history", "50"],
  ...["--timestamp", String(START_SLOT * SLOT_SECONDS - 7200)],
];

async function answers(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} answered ${response.status}.`);
}

/** A relay that is behind the chain answers 503; it counts as running and catches up. */
async function relayAnswers(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(`${url}/health`, { signal });
  if (!(await response.text()).includes('"lagBlocks"')) throw new Error(`${url} is not a relay.`);
}

async function chainAnswers(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
    signal,
  });
  if (!(await response.text()).includes('"result"')) throw new Error(`${url} is not a chain.`);
}

async function fileExists(file: string, signal: AbortSignal): Promise<void> {
  while (!existsSync(file)) await sleep(FILE_POLL_MS, undefined, { signal });
}
