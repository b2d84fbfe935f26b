/**
 * `npm run bench:homes`: a day of many homes with their agents, in one process on the chain's clock, with anvil, a relay and the
 * auctioneer.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { readFlags } from "@wattline/common/flags";
import {
  FailureLog,
  LiveHomes,
  openAuctioneer,
  type Places,
  participantsOf,
  playerOf,
  signerFor,
  Wallets,
} from "@wattline/community/live";
import { foundTowns } from "@wattline/community/live/founding";
import { FIRST_DAY, SLOT_SECONDS, SLOTS_PER_DAY, START_SLOT } from "@wattline/community/live/start";
import { buildContracts, openChain } from "@wattline/community/simulation";
import { formatKwh } from "@wattline/sdk";
import { size } from "viem";
import { type LocalNode, startAnvil } from "../services/relay/test/support/node.ts";
import { spawnRelay } from "../services/relay/test/support/process.ts";
import { BenchFailure } from "./failure.ts";

const USAGE = `npm run bench:homes -- [options]

  --homes N   homes, in towns of a hundred at most (default 50)
  --slots N   slots of a quarter of an hour that are played, from 08:00 UTC (default 8)
  --help      this text

Every home has a meter and an agent; every other roof has a battery. Founding the towns does not count. Time is that of the clock
on the wall, with relay and chain on the same machine.`;

const TOWN_HOMES = 100;
const GOAL = { homes: 1_000, minutes: 15 };
/** Of Linux, everywhere. */
const TICKS_PER_SECOND = 100;
const MS_PER_MINUTE = 60_000;
const RELAY_PATIENCE_MS = 120_000;
const TIME_TO_FOUND_SECONDS = 12 * 3600;

function whole(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 2) return number;
  throw new BenchFailure(`--${name} must be a whole number from 2 on, not ${text}.`);
}

async function run(count: number, played: number): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "wattline-bench-"));
  const stop = new AbortController();
  const node = await startAnvil(START_SLOT * SLOT_SECONDS - TIME_TO_FOUND_SECONDS, [
    ...["--prune-history", "50", "--enable-tx-gas-limit"],
  ]);
  try {
    await playOn(node, folder, count, played, stop.signal);
  } finally {
    stop.abort();
    await node.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function playOn(
  { rpcUrl, child: chainProcess }: LocalNode,
  folder: string,
  count: number,
  played: number,
  signal: AbortSignal,
): Promise<void> {
  const participants = participantsOf(townsOf(count));
  await buildContracts();
  const chain = await openChain(rpcUrl, START_SLOT * SLOT_SECONDS);
  const { wattline } = await foundTowns(chain, participants, signal);
  const places: Places = { ...wattline.addresses, chainId: Number(wattline.chainId), fromBlock: 0 };
  const deployment = path.join(folder, "deployment.json");
  mkdirSync(folder, { recursive: true });
  writeFileSync(deployment, JSON.stringify(places));
  const data = { WATTLINE_DATA: path.join(folder, "relay") };
  const relay = await spawnRelay({ rpcUrl, deployment: places }, data, RELAY_PATIENCE_MS);
  try {
    const failures: string[] = [];
    const homes = new LiveHomes({
      participants,
      places,
      rpcUrl,
      relay: relay.client,
      report: () => {},
    });
    const wallets = new Wallets(rpcUrl, places.chainId);
    const player = playerOf({
      homes,
      towns: participants.towns,
      places,
      wallets,
      relay: relay.client,
      auctioneer: await openAuctioneer({
        participants,
        folder: path.join(folder, "auctioneer"),
        deployment,
        rpcUrl,
        relayUrl: relay.url,
        mandatesPort: 0,
        report: () => {},
      }),
      payer: {
        by: "transaction",
        payer: signerFor(participants.payer.account),
        every_minutes: 1_440,
      },
      readingsFile: path.join(folder, "readings.json"),
      failures: new FailureLog((line) => failures.push(line), signal),
      signal,
    });
    console.log(`${count} homes in ${participants.towns.length} towns are founded, ${loadWords()}`);
    const start = performance.now();
    const seconds = () => ({
      agents: ownCpuSeconds(),
      relay: cpuSecondsOf(relay.child.pid),
      chain: cpuSecondsOf(chainProcess.pid),
    });
    const before = seconds();
    const foundedAt = await wallets.client.getBlockNumber();
    for (let slot = 0; slot < played; slot++) {
      const began = performance.now();
      await player.playSlot(START_SLOT + slot);
      console.log(`slot ${slot + 1} of ${played}: ${Math.round(performance.now() - began)} ms`);
    }
    const after = seconds();
    const spent = {
      elapsedMs: performance.now() - start,
      agentsSeconds: after.agents - before.agents,
      relaySeconds: after.relay - before.relay,
      chainSeconds: after.chain - before.chain,
    };
    tell(count, played, spent, homes, failures);
    console.log(`chain: ${await usedSince(wallets, foundedAt)}`);
    console.log(`relay's database: ${Math.round(bytesIn(data.WATTLINE_DATA) / 1e6)} MB`);
  } finally {
    await relay.kill();
  }
}

/** What the chain was asked to do after a block, in words. */
async function usedSince({ client }: Wallets, block: bigint): Promise<string> {
  const last = await client.getBlockNumber();
  let [transactions, gas, bytes] = [0, 0n, 0];
  for (let number = block + 1n; number <= last; number++) {
    const found = await client.getBlock({ blockNumber: number, includeTransactions: true });
    gas += found.gasUsed;
    transactions += found.transactions.length;
    for (const { input } of found.transactions) bytes += size(input);
  }
  return `${transactions} transactions, ${(Number(gas) / 1e6).toFixed(1)} million gas, ${(bytes / 1e6).toFixed(2)} MB of calldata`;
}

const bytesIn = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0);

interface Spent {
  readonly elapsedMs: number;
  readonly agentsSeconds: number;
  readonly relaySeconds: number;
  readonly chainSeconds: number;
}

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** What a process and those that it has started have had of the processor, s; 0 where the system does not say. */
function cpuSecondsOf(pid: number | string | undefined): number {
  const folder = `/proc/${pid}`;
  if (!existsSync(folder)) return 0;
  const stat = readFileSync(path.join(folder, "stat"), "utf8");
  const [user, system] = stat.split(") ")[1]?.split(" ").slice(11, 13) ?? [];
  const children = readFileSync(path.join(folder, "task", `${pid}`, "children"), "utf8");
  return children
    .split(" ")
    .filter((child) => child !== "")
    .reduce(
      (sum, child) => sum + cpuSecondsOf(child),
      (Number(user) + Number(system)) / TICKS_PER_SECOND,
    );
}

function tell(
  count: number,
  played: number,
  { elapsedMs, agentsSeconds, relaySeconds, chainSeconds }: Spent,
  { all }: LiveHomes,
  failures: readonly string[],
): void {
  const dayMinutes = (elapsedMs * SLOTS_PER_DAY) / played / MS_PER_MINUTE;
  const orders = all.flatMap(({ home }) => [...home.journal.book.orders.values()]);
  const tradedWh = orders.reduce((wh, { filledWh }) => wh + filledWh, 0n);
  const verdict = dayMinutes <= GOAL.minutes ? "reached" : "NOT reached";
  console.log(
    [
      `${played} slots in ${(elapsedMs / 1000).toFixed(1)} s, ${loadWords()}`,
      `processor: agents and auctioneer ${agentsSeconds.toFixed(1)} s, relay ${relaySeconds.toFixed(1)} s, chain ${chainSeconds.toFixed(1)} s`,
      `a day of ${SLOTS_PER_DAY} such slots: ${dayMinutes.toFixed(1)} min${count < GOAL.homes ? "" : `; goal ${GOAL.minutes} min: ${verdict}`}`,
      `${orders.length} orders, ${formatKwh(tradedWh)} of them traded (offers and bids alike)`,
      `${Math.round(process.memoryUsage.rss() / 1e6)} MB resident, without relay and chain`,
      ...(failures.length === 0 ? ["nothing failed"] : failures),
    ].join("\n"),
  );
}

const townsOf = (count: number) => {
  const towns = Math.ceil(count / TOWN_HOMES);
  return Array.from({ length: towns }, (_, index) => ({
    name: `Town ${index + 1}`,
    seed: index + 1,
    from: FIRST_DAY,
    households: Math.floor((count + index) / towns),
  }));
};

const loadWords = (): string =>
  `load ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores`;

const flags = { homes: { type: "string" }, slots: { type: "string" } } as const;
const { homes = "50", slots = "8", help } = readFlags(process.argv.slice(2), flags, BenchFailure);
if (help) console.log(USAGE);
else await run(whole("homes", homes), whole("slots", slots));
