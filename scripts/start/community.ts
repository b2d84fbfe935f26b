/** A community that has lived for a day and goes on living; it is told by its environment where everything is. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeWhole } from "@wattline/common/files";
import {
  Book,
  Complaints,
  Inbox,
  lifeOf,
  liveOn,
  openTowns,
  SEEDED_SLOTS,
  SLOT_SECONDS,
  START_SLOT,
  startOptions,
  type World,
} from "@wattline/community/live";
import {
  buildContracts,
  ChainError,
  openChain,
  openStage,
  playOn,
  type Stage,
  tablesOf,
} from "@wattline/community/simulation";
import { configOf, demoPeople } from "./config.ts";
import { filesIn } from "./folder.ts";
import { runAsPart } from "./runAsPart.ts";

/** Slots that are lived through at once, so that there is something to look at from the start. */
const SLOTS_AT_ONCE = 8;
/** How long the community waits for a service before it lives on without it, in s. */
const SERVICE_PATIENCE_SECONDS = 120;

/** A thousand Test Euros. */
const POCKET_MONEY = 1_000_000_000n;

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
  const stage = await openStage(chain, options, signal);
  const config = await configOf(stage, { rpcUrl, relayUrl, indexerUrl });
  writeWhole(files.config, json({ networks: [config] }));
  writeWhole(files.deployment, json(config.deployment));

  const summary = await playOn(stage, options);
  for (const line of tablesOf(summary).split("\n")) console.log(line);
  await givePocketMoney(stage);
  const complaints = new Complaints(console.log, signal);
  const world: World = {
    stage,
    towns: await openTowns(stage, seasons),
    tariffs: options.tariffs,
    book: new Book(relayUrl, complaints, signal),
    inbox: new Inbox(stage.wattline, files.readings),
    complaints,
    byHand: new Set(demoPeople(stage)),
    firstSlot: START_SLOT + SEEDED_SLOTS,
  };
  await answers("relay", `${relayUrl}/health`, signal);
  const life = lifeOf(world);
  await life.open(world.firstSlot);
  const now = world.firstSlot + SLOTS_AT_ONCE;
  for (let slot = world.firstSlot; slot < now; slot++) await life.playSlot(slot);
  writeWhole(files.opened, "");
  // On a slow machine it would be night before anybody sees the day.
  await answers("indexer", `${indexerUrl}/ready`, signal);
  await liveOn(life, world, now, paceSeconds, signal);
});

/** People at a browser have money in their wallets, to bring into escrow. */
async function givePocketMoney(stage: Stage): Promise<void> {
  const { euro, send } = stage.wattline;
  for (const { address, signer } of demoPeople(stage)) {
    await send(address, (o) => euro.connect(signer).mint(address, POCKET_MONEY, o));
  }
}

/** Waits for a service, as long as it makes sense. */
async function answers(name: string, url: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + SERVICE_PATIENCE_SECONDS * 1000;
  while (performance.now() < deadline) {
    const response = await fetch(url, { signal }).catch(() => undefined);
    signal.throwIfAborted();
    await response?.arrayBuffer();
    if (response?.ok) return;
    await sleep(500, undefined, { signal });
  }
  console.log(`The ${name} does not answer; the community lives on without it for now.`);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
