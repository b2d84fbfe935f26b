import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { SLOT_SECONDS, START_SLOT } from "@wattline/community/live/start";
import { filesIn } from "./folder.ts";
import type { StartOptions } from "./options.ts";
import type { PartSpec } from "./part.ts";
import { HOST } from "./ports.ts";
import { chainAnswers, frontendPart, indexerPart, inProject, relayPart } from "./services.ts";

const FILE_POLL_MS = 200;

/** The parts' addresses. */
export const urlsOf = ({ ports }: Pick<StartOptions, "ports">) => ({
  rpcUrl: `http://${HOST}:${ports.chain}`,
  relayUrl: `http://${HOST}:${ports.relay}`,
  indexerUrl: `http://${HOST}:${ports.indexer}`,
  auctioneerUrl: `http://${HOST}:${ports.auctioneer}`,
  frontendUrl: `http://${HOST}:${ports.frontend}`,
});

/**
 * The parts of the stack: their programs, requirements, how they show that they answer, and what happens at their end.
 */
export function partsOf(options: StartOptions): PartSpec[] {
  const { ports, folder, paceSeconds } = options;
  const { rpcUrl, relayUrl, indexerUrl, auctioneerUrl } = urlsOf(options);
  const files = filesIn(folder);
  const { deployment } = files;
  const waits = (signal: AbortSignal) => fileExists(deployment, signal);
  const service = { host: HOST, rpcUrl, deployment, waits };
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
        WATTLINE_AUCTIONEER_URL: auctioneerUrl,
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
    relayPart({ ...service, port: ports.relay, data: files.relayData }),
    indexerPart({ ...service, port: ports.indexer, data: files.indexerData }),
    frontendPart({ host: HOST, port: ports.frontend }, files.config, files.readings),
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

async function fileExists(file: string, signal: AbortSignal): Promise<void> {
  while (!existsSync(file)) await sleep(FILE_POLL_MS, undefined, { signal });
}
