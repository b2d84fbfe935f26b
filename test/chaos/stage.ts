import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { RelayClient } from "@wattline/relay/client";
import type { Address } from "viem";
import { freePorts } from "../../scripts/testing/ports.ts";
import { Operator } from "../../services/auctioneer/test/support/operator.ts";
import type { Status } from "../../services/node/test/support/parts.ts";
import { START, startAnvil } from "../../services/relay/test/support/node.ts";
import { freshFolder } from "../../services/relay/test/support/relays.ts";
import { createWorld, SLOT_SECONDS, type World } from "../../services/relay/test/support/world.ts";
import { type AgentsHome, serveMeters, settleAtAgent } from "./agents.ts";
import { Cast, isOk, type Opened } from "./cast.ts";
import { PlayedChain } from "./chain.ts";
import { Clock } from "./clock.ts";
import type { Line } from "./line.ts";
import { type SmallDisk, smallDiskAt } from "./smallDisk.ts";
import type { Supervised } from "./supervised.ts";

const SETTLER = 7;
/** The play begins at a quarter past nine, in the middle of a block of slots. */
const FIRST_SLOT = 37;
const LOCKED_DAYS = 25;
/** From so old a newest block on the chain counts as out of reach: longer than the clock ever jumps. */
const OFFLINE_MINUTES = 25;
const [LEAST_AGENTS, HOMES_AN_AGENT] = [2, 10];
const DISK_MB = 8;
/** With its usual limits anvil loses the code of all contracts in some reorganisation after 1,500 blocks, replaced ones included. */
const KEPT_STATES = 200;
const ANSWER_MS = 5_000;

export const CHAIN = "the chain";
export const GATEWAY = "gateway";
export const RELAYS = ["relay A", "relay B"] as const;
export const INDEXER = "indexer";
export const AUCTIONEER = "auctioneer";
export const isAgent = (name: string): boolean => name.startsWith("agent ");

/** All that plays, and what can be done to it. */
export interface Stage {
  readonly world: World;
  readonly chain: PlayedChain;
  readonly clock: Clock;
  readonly folder: string;
  readonly deploymentFile: string;
  /** The auctioneer's account. */
  readonly settler: Address;
  readonly homes: readonly AgentsHome[];
  readonly parts: ReadonlyMap<string, Supervised>;
  /** The parts' lines to their nodes. */
  readonly lines: ReadonlyMap<string, Line>;
  /** The folders of the parts' databases. */
  readonly databases: ReadonlyMap<string, string>;
  /** Where the auctioneer keeps what it has promised. */
  readonly promisesFolder: string;
  /** The auctioneer's folder; undefined where no file system can be mounted. */
  readonly disk: SmallDisk | undefined;
  readonly relays: ReadonlyMap<string, RelayClient>;
  readonly relayUrls: ReadonlyMap<string, string>;
  readonly indexerUrl: string;
  /** How promises stand. */
  status(): Promise<Status>;
}

/** Where the parts find one another. */
interface Place {
  readonly world: World;
  readonly cast: Cast;
  readonly opened: Opened;
  readonly folder: string;
  readonly deploymentFile: string;
  readonly gatewayUrl: string;
  readonly relayUrls: ReadonlyMap<string, string>;
  readonly indexerUrl: string;
  readonly promisesUrl: string;
}

/** Settles the homes on a chain of their own. The parts are ready to be started. */
export async function setStage(homesCount: number, opened: Opened): Promise<Stage> {
  opened(endOnSignals());
  const folder = mkdtempSync(path.join(tmpdir(), "wattline-chaos-"));
  opened(async () => rmSync(folder, { recursive: true, force: true }));
  const node = await startAnvil(undefined, ["--prune-history", `${KEPT_STATES}`]);
  opened(() => node.stop());
  const world = await createWorld(node.rpcUrl);
  const clock = new Clock(folder, START + FIRST_SLOT * SLOT_SECONDS + 30);
  const place = await placeIn(world, folder, new Cast(clock, opened), opened);
  await addGateway(place);
  const databases = new Map([...(await addRelays(place)), await addIndexer(place)]);
  const { settler, promisesFolder, disk } = await addAuctioneer(place);
  const homes = await addAgents(place, clock, settler, homesCount);
  const chain = new PlayedChain(world, clock);
  await chain.start();
  opened(() => chain.stop());
  const { cast, relayUrls } = place;
  return {
    ...{ world, chain, clock, folder, settler, homes, databases, promisesFolder, disk, relayUrls },
    deploymentFile: place.deploymentFile,
    indexerUrl: place.indexerUrl,
    parts: cast.parts,
    lines: cast.lines,
    relays: new Map([...relayUrls].map(([name, url]) => [name, new RelayClient(url)])),
    async status() {
      const signal = AbortSignal.timeout(ANSWER_MS);
      const response = await fetch(`${place.promisesUrl}/promises`, { signal });
      return response.json() as Promise<Status>;
    },
  };
}

async function placeIn(world: World, folder: string, cast: Cast, opened: Opened): Promise<Place> {
  const deploymentFile = path.join(folder, "deployment.json");
  writeFileSync(deploymentFile, JSON.stringify(world.deployment));
  const urls = (await freePorts(5)).map((port) => `http://127.0.0.1:${port}`);
  const [gatewayUrl = "", indexerUrl = "", promisesUrl = "", ...relays] = urls;
  const relayUrls = new Map(RELAYS.map((name, index) => [name, relays[index] ?? ""]));
  return {
    ...{ world, cast, opened, folder, deploymentFile },
    ...{ gatewayUrl, relayUrls, indexerUrl, promisesUrl },
  };
}

const portOf = (url: string): string => new URL(url).port;

async function addGateway({
  world,
  cast,
  folder,
  deploymentFile,
  gatewayUrl,
}: Place): Promise<void> {
  const env = {
    WATTLINE_RPC_URL: await cast.line(GATEWAY, world.rpcUrl),
    WATTLINE_DEPLOYMENT: deploymentFile,
    WATTLINE_PORT: portOf(gatewayUrl),
    WATTLINE_DATA: path.join(folder, "chain.json"),
  };
  cast.add(GATEWAY, ["services/node/src/gateway/main.ts"], env, () => isOk(`${gatewayUrl}/health`));
}

/** The first reads the chain through the gateway, the second by itself. Returns where their books are. */
async function addRelays({
  world,
  cast,
  deploymentFile,
  gatewayUrl,
  relayUrls,
}: Place): Promise<Map<string, string>> {
  const databases = new Map<string, string>();
  for (const [name, url] of relayUrls) {
    const data = await freshFolder(world);
    databases.set(name, data);
    const env = {
      WATTLINE_RPC_URL: await cast.line(name, name === RELAYS[0] ? gatewayUrl : world.rpcUrl),
      WATTLINE_DEPLOYMENT: deploymentFile,
      WATTLINE_PORT: portOf(url),
      WATTLINE_DATA: data,
      WATTLINE_PEERS: [...relayUrls.values()].filter((other) => other !== url).join(","),
      WATTLINE_OFFLINE_AFTER: String(OFFLINE_MINUTES * 60),
    };
    // One that lags behind the chain answers, too.
    cast.add(name, ["services/relay/src/main.ts"], env, async () =>
      (await (await fetch(`${url}/health`)).text()).includes("lagBlocks"),
    );
  }
  return databases;
}

async function addIndexer({
  world,
  cast,
  folder,
  deploymentFile,
  indexerUrl,
}: Place): Promise<[name: string, folder: string]> {
  const data = path.join(folder, INDEXER);
  mkdirSync(data);
  const env = {
    WATTLINE_RPC_URL: await cast.line(INDEXER, world.rpcUrl),
    WATTLINE_DEPLOYMENT: deploymentFile,
    WATTLINE_PORT: portOf(indexerUrl),
    WATTLINE_DATA: data,
    DATABASE_URL: "",
  };
  cast.add(INDEXER, ["services/indexer/start.ts"], env, () => isOk(`${indexerUrl}/ready`));
  return [INDEXER, data];
}

async function addAuctioneer({
  world,
  cast,
  opened,
  gatewayUrl,
  relayUrls,
  promisesUrl,
}: Place): Promise<Pick<Stage, "settler" | "promisesFolder" | "disk">> {
  const rpcUrl = await cast.line(AUCTIONEER, gatewayUrl);
  const operator = await Operator.of({ deployment: world.deployment, rpcUrl }, SETTLER);
  opened(() => operator.remove());
  const folder = operator.place("wattline-auctioneer");
  const disk = smallDiskAt(folder, DISK_MB);
  if (disk !== undefined) opened(async () => disk.close());
  const wishes = { relays: [...relayUrls.values()], waitMinutes: 15, stuckSeconds: 60 };
  const toml = operator.toml({ ...wishes, mostADay: "1000" });
  const config = operator.place("auctioneer.toml");
  const island = `port = ${portOf(promisesUrl)}\noffline_minutes = ${OFFLINE_MINUTES}\nhold_hours = 24\n`;
  writeFileSync(config, `${toml}\n[island]\n${island}`);
  cast.add(AUCTIONEER, ["services/auctioneer/src/main.ts", "run", "-c", config], {}, () =>
    isOk(`${promisesUrl}/promises`),
  );
  const { address: settler } = operator.account;
  return { settler, disk, promisesFolder: path.join(folder, "island") };
}

async function addAgents(
  { world, cast, opened, folder, deploymentFile, gatewayUrl, relayUrls, promisesUrl }: Place,
  clock: Clock,
  settler: Address,
  homesCount: number,
): Promise<AgentsHome[]> {
  const meters = await serveMeters(clock);
  opened(() => meters.close());
  const homes: AgentsHome[] = [];
  const urls = [...relayUrls.values()];
  const count = Math.max(LEAST_AGENTS, Math.ceil(homesCount / HOMES_AN_AGENT));
  for (let agent = 0; agent < count; agent++) {
    const name = `agent ${agent + 1}`;
    const where = {
      folder: path.join(folder, `agent-${agent + 1}`),
      rpcUrl: await cast.line(name, gatewayUrl),
      relayUrl: urls[agent % urls.length] ?? "",
      lockedUntil: START + LOCKED_DAYS * 86_400,
      ...{ deploymentFile, promisesUrl, settler },
    };
    const indices = Array.from({ length: homesCount }, (_, index) => index);
    const own = indices.filter((index) => index % count === agent);
    const settled = await settleAtAgent(world, where, meters.url, own);
    homes.push(...settled.homes);
    const args = ["services/agent/src/main.ts", "-c", settled.config, "run"];
    cast.add(name, args, {}, async (said) => said.includes("The agent runs"));
  }
  return homes;
}

/** A signal ends this process by `exit`, where processes and mounts are taken along. Returns what undoes this. */
function endOnSignals(): () => Promise<void> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const end = (): never => process.exit(1);
  for (const signal of signals) process.once(signal, end);
  return async () => {
    for (const signal of signals) process.off(signal, end);
  };
}
