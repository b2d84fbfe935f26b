/** Relay, indexer and pages as parts, wherever the chain is that they read. */
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { PartSpec } from "./part.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));
export const inProject = (...names: string[]): string => path.join(project, ...names);

/** Where a service listens and keeps its data, and what it reads. */
export interface ServicePlace {
  readonly host: string;
  readonly port: number;
  /** Its folder. */
  readonly data: string;
  /** The node that it reads, and the file that says where the contracts are. */
  readonly rpcUrl: string;
  readonly deployment: string;
  /** Resolves when it can start. */
  readonly waits?: PartSpec["waits"];
}

const environmentOf = ({ host, port, data, rpcUrl, deployment }: ServicePlace) => ({
  WATTLINE_RPC_URL: rpcUrl,
  WATTLINE_DEPLOYMENT: deployment,
  WATTLINE_HOST: host,
  WATTLINE_PORT: String(port),
  WATTLINE_DATA: data,
});

const localUrl = ({ port }: { readonly port: number }): string => `http://127.0.0.1:${port}`;

/** @param more Further variables, as the relay's README has them. */
export const relayPart = (place: ServicePlace, more: PartSpec["env"] = {}): PartSpec => ({
  name: "relay",
  script: inProject("services/relay/src/main.ts"),
  env: { ...environmentOf(place), ...more },
  needs: ["chain"],
  ...(place.waits && { waits: place.waits }),
  check: (signal) => relayAnswers(localUrl(place), signal),
  startSeconds: 60,
  whenDead: "restart",
});

export const indexerPart = (place: ServicePlace): PartSpec => ({
  name: "indexer",
  script: inProject("services/indexer/start.ts"),
  cwd: inProject("services/indexer"),
  env: {
    ...environmentOf(place),
    // Otherwise it logs a line for every block.
    PONDER_LOG_LEVEL: "warn",
  },
  needs: ["chain"],
  ...(place.waits && { waits: place.waits }),
  check: (signal) => answers(`${localUrl(place)}/ready`, signal),
  startSeconds: 180,
  whenDead: "restart",
});

/**
 * @param config The `wattline.json` that the pages are given.
 * @param readings The file that is served as `/readings.json`.
 */
export const frontendPart = (
  { host, port }: Pick<ServicePlace, "host" | "port">,
  config: string,
  readings: string,
): PartSpec => ({
  name: "frontend",
  script: inProject("scripts/start/frontend.ts"),
  args: [String(port), host],
  cwd: inProject("frontend"),
  env: { WATTLINE_CONFIG: config, WATTLINE_READINGS: readings },
  needs: [],
  check: (signal) => answers(localUrl({ port }), signal),
  startSeconds: 180,
  whenDead: "restart",
});

/** @throws Error when nothing good is there. */
export async function answers(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} answered ${response.status}.`);
}

/** A relay that is behind the chain answers 503; it counts as running and catches up. */
async function relayAnswers(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(`${url}/health`, { signal });
  if (!(await response.text()).includes('"lagBlocks"')) throw new Error(`${url} is not a relay.`);
}

/** @throws Error when no node answers. */
export async function chainAnswers(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
    signal,
  });
  if (!(await response.text()).includes('"result"')) throw new Error(`${url} is not a chain.`);
}
