/**
 * `npm run bench:homes`: a day of many homes with their agents, in one process on the chain's clock, with anvil, a relay and the
 * auctioneer; or with two relays and two indexers, of which some are killed.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { readFlags } from "@wattline/common/flags";
import {
  FailureLog,
  LiveHomes,
  liveTerms,
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
import { RelayClient } from "@wattline/relay/client";
import { formatKwh } from "@wattline/sdk";
import { size } from "viem";
import { type LocalNode, startAnvil } from "../services/relay/test/support/node.ts";
import { BenchFailure } from "./failure.ts";
import { cpuSecondsOf, loadWords, ownCpuSeconds } from "./homes/processor.ts";
import { oneRelay } from "./homes/services.ts";
import { twoOfEach } from "./homes/several.ts";

const USAGE = `npm run bench:homes -- [options]

  --homes N   homes, in towns of a hundred at most (default 50)
  --slots N   slots of a quarter of an hour that are played, from 08:00 UTC (default 8)
  --kills     with two relays and two indexers on Postgres, behind load balancers: the relay that leads is killed, later an
              indexer, and both come back; in the end all must agree, and the audit pass
  --help      this text

Every home has a meter and an agent; every other roof has a battery. Founding the towns does not count. Time is that of the clock
on the wall, with relay and chain on the same machine.`;

const TOWN_HOMES = 100;
const GOAL = { homes: 1_000, minutes: 15 };
const MS_PER_MINUTE = 60_000;
const TIME_TO_FOUND_SECONDS = 12 * 3600;

function whole(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 2) return number;
  throw new BenchFailure(`--${name} must be a whole number from 2 on, not ${text}.`);
}

interface Play {
  readonly homes: number;
  readonly slots: number;
  readonly kills: boolean;
}

async function run(play: Play): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "wattline-bench-"));
  const stop = new AbortController();
  const node = await startAnvil(START_SLOT * SLOT_SECONDS - TIME_TO_FOUND_SECONDS, [
    ...["--prune-history", "50", "--enable-tx-gas-limit"],
  ]);
  try {
    await playOn(node, folder, play, stop.signal);
  } finally {
    stop.abort();
    await node.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function playOn(
  { rpcUrl, child: chainProcess }: LocalNode,
  folder: string,
  play: Play,
  signal: AbortSignal,
): Promise<void> {
  const participants = participantsOf(townsOf(play.homes));
  await buildContracts();
  const chain = await openChain(rpcUrl, START_SLOT * SLOT_SECONDS);
  const { wattline } = await foundTowns(chain, participants, signal);
  const places: Places = { ...wattline.addresses, chainId: Number(wattline.chainId), fromBlock: 0 };
  const deployment = path.join(folder, "deployment.json");
  writeFileSync(deployment, JSON.stringify(places));
  const services = await (play.kills ? twoOfEach : oneRelay)({
    rpcUrl,
    deployment: places,
    deploymentFile: deployment,
    folder,
  });
  try {
    const failures: string[] = [];
    const relay = new RelayClient(services.relayUrl);
    const { towns } = participants;
    const terms = liveTerms(towns);
    const homes = new LiveHomes({ streets: towns, terms, places, rpcUrl, relay, report: () => {} });
    const wallets = new Wallets(rpcUrl, places.chainId);
    const player = playerOf({
      homes,
      towns,
      places,
      wallets,
      relay,
      auctioneer: await openAuctioneer({
        participants,
        folder: path.join(folder, "auctioneer"),
        deployment,
        rpcUrl,
        relayUrl: services.relayUrl,
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
    console.log(`${play.homes} homes in ${towns.length} towns are founded, ${loadWords()}`);
    const start = performance.now();
    const seconds = () => ({
      agents: ownCpuSeconds(),
      relays: services.relaySeconds(),
      chain: cpuSecondsOf(chainProcess.pid),
    });
    const before = seconds();
    const foundedAt = await wallets.client.getBlockNumber();
    for (let slot = 0; slot < play.slots; slot++) {
      const began = performance.now();
      await services.during(player.playSlot(START_SLOT + slot), slot / play.slots);
      const ms = Math.round(performance.now() - began);
      console.log(`slot ${slot + 1} of ${play.slots}: ${ms} ms`);
    }
    const after = seconds();
    const spent = {
      elapsedMs: performance.now() - start,
      agentsSeconds: after.agents - before.agents,
      relaysSeconds: after.relays - before.relays,
      chainSeconds: after.chain - before.chain,
    };
    tell(play, spent, homes, failures);
    console.log(`chain: ${await usedSince(wallets, foundedAt)}`);
    console.log(`orders' database: ${Math.round((await services.databaseBytes()) / 1e6)} MB`);
    for (const line of await services.check()) console.log(line);
  } finally {
    await services.close();
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

interface Spent {
  readonly elapsedMs: number;
  readonly agentsSeconds: number;
  readonly relaysSeconds: number;
  readonly chainSeconds: number;
}

function tell(
  { homes: count, slots: played }: Play,
  { elapsedMs, agentsSeconds, relaysSeconds, chainSeconds }: Spent,
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
      `processor: agents and auctioneer ${agentsSeconds.toFixed(1)} s, relays ${relaysSeconds.toFixed(1)} s, chain ${chainSeconds.toFixed(1)} s`,
      `a day of ${SLOTS_PER_DAY} such slots: ${dayMinutes.toFixed(1)} min${count < GOAL.homes ? "" : `; goal ${GOAL.minutes} min: ${verdict}`}`,
      `${orders.length} orders, ${formatKwh(tradedWh)} of them traded (offers and bids alike)`,
      `${Math.round(process.memoryUsage.rss() / 1e6)} MB resident, without services and chain`,
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

const flags = {
  homes: { type: "string" },
  slots: { type: "string" },
  kills: { type: "boolean" },
} as const;
const options = readFlags(process.argv.slice(2), flags, BenchFailure);
const { homes = "50", slots = "8", kills = false, help } = options;
if (help) console.log(USAGE);
else await run({ homes: whole("homes", homes), slots: whole("slots", slots), kills });
