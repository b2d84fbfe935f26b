/** Plays a community's first day and then keeps it trading; its settings are environment variables. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeWhole } from "@wattline/common/files";
import {
  FailureLog,
  type LiveContext,
  OrderBook,
  openCommunities,
  playerOf,
  playForever,
  publishDirectories,
  SEEDED_SLOTS,
  SLOT_SECONDS,
  START_SLOT,
  startOptions,
  WaitingReadings,
} from "@wattline/community/live";
import {
  buildContracts,
  ChainError,
  openChain,
  openSimulation,
  playOn,
  type Simulation,
  tablesOf,
} from "@wattline/community/simulation";
import { configOf, demoPeople } from "./config.ts";
import { filesIn } from "./folder.ts";
import { runAsPart } from "./runAsPart.ts";

/** Slots that are played at once, so that there is something to see from the start. */
const SLOTS_AT_ONCE = 8;
/** How long the community waits for a service before it continues without it, in s. */
const SERVICE_PATIENCE_SECONDS = 120;

/** A thousand Test Euros. */
const WALLET_MONEY = 1_000_000_000n;

const { WATTLINE_RPC_URL, WATTLINE_RELAY_URL, WATTLINE_INDEXER_URL } = process.env;
const rpcUrl = WATTLINE_RPC_URL ?? "";
const relayUrl = WATTLINE_RELAY_URL ?? "";
const indexerUrl = WATTLINE_INDEXER_URL ?? "";
const folder = process.env.WATTLINE_RUN ?? "";
const paceSeconds = Number(process.env.WATTLINE_PACE);

await runAsPart([ChainError], async (signal) => {
  const files = filesIn(folder);
  mkdirSync(path.dirname(files.deployment), { recursive: true });
  await buildContracts();
  const { seasons, options } = startOptions();
  const chain = await openChain(rpcUrl, START_SLOT * SLOT_SECONDS);
  const simulation = await openSimulation(chain, options, signal);
  const config = await configOf(simulation, { rpcUrl, relayUrl, indexerUrl });
  writeWhole(files.config, json({ networks: [config] }));
  writeWhole(files.deployment, json(config.deployment));

  const summary = await playOn(simulation, options);
  for (const line of tablesOf(summary).split("\n")) console.log(line);
  await fundWallets(simulation);
  const failures = new FailureLog(console.log, signal);
  const context: LiveContext = {
    simulation,
    communities: await openCommunities(simulation, seasons),
    tariffs: options.tariffs,
    orderBook: new OrderBook(relayUrl, failures, signal),
    waitingReadings: new WaitingReadings(simulation.wattline, files.readings),
    failures,
    byHand: new Set(demoPeople(simulation)),
    firstSlot: START_SLOT + SEEDED_SLOTS,
  };
  await answers("relay", `${relayUrl}/health`, signal);
  await publishDirectories(context, relayUrl);
  const player = playerOf(context);
  await player.open(context.firstSlot);
  const now = context.firstSlot + SLOTS_AT_ONCE;
  for (let slot = context.firstSlot; slot < now; slot++) await player.playSlot(slot);
  writeWhole(files.opened, "");
  // Otherwise, on a slow machine, it would be night before anyone sees the day.
  await answers("indexer", `${indexerUrl}/ready`, signal);
  await playForever(player, context, now, paceSeconds, signal);
});

/** Mints money to the wallets of people at a browser, for deposits. */
async function fundWallets(simulation: Simulation): Promise<void> {
  const { euro, send } = simulation.wattline;
  for (const { address, signer } of demoPeople(simulation)) {
    await send(address, (o) => euro.connect(signer).mint(address, WALLET_MONEY, o));
  }
}

/** Waits for a service, up to a limit. */
async function answers(name: string, url: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + SERVICE_PATIENCE_SECONDS * 1000;
  while (performance.now() < deadline) {
    const response = await fetch(url, { signal }).catch(() => undefined);
    signal.throwIfAborted();
    await response?.arrayBuffer();
    if (response?.ok) return;
    await sleep(500, undefined, { signal });
  }
  console.log(`The ${name} does not answer; the community continues without it for now.`);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
