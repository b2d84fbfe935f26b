/** Founds the towns, plays their first day and then keeps them trading; its settings are environment variables. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeWhole } from "@wattline/common/files";
import { reasonOf } from "@wattline/common/mendable";
import {
  FailureLog,
  FIRST_LIVE_SLOT,
  LiveHomes,
  liveTerms,
  openAuctioneer,
  type PlayOptions,
  participantsOf,
  playerOf,
  playForever,
  publishDirectories,
  sendMandates,
  signerFor,
  Wallets,
} from "@wattline/community/live";
import { RelayClient } from "@wattline/relay/client";
import type { NetworkConfig } from "./config.ts";
import { filesIn } from "./folder.ts";
import { runAsPart } from "./runAsPart.ts";

/** How long the community waits for a service before it continues without it, in s. */
const SERVICE_PATIENCE_SECONDS = 120;
const A_DAY_IN_MINUTES = 1_440;

const { WATTLINE_RPC_URL, WATTLINE_RELAY_URL, WATTLINE_INDEXER_URL } = process.env;
const rpcUrl = WATTLINE_RPC_URL ?? "";
const relayUrl = WATTLINE_RELAY_URL ?? "";
const indexerUrl = WATTLINE_INDEXER_URL ?? "";
const files = filesIn(process.env.WATTLINE_RUN ?? "");
const paceSeconds = Number(process.env.WATTLINE_PACE);

/** The towns could not be founded; what was said before tells why. */
class FoundingError extends Error {}

await runAsPart([FoundingError], async (signal) => {
  const participants = participantsOf();
  await found();
  signal.throwIfAborted();
  const { deployment, currency, auctioneerUrl } = networkIn(files.config);
  const places = { ...deployment, euro: currency.address };
  const relay = new RelayClient(relayUrl);
  const { towns } = participants;
  const mandatesPort = Number(new URL(auctioneerUrl).port);
  const terms = liveTerms(towns);
  const homes = new LiveHomes({ streets: towns, terms, places, rpcUrl, relay, report: () => {} });
  const options: PlayOptions = {
    homes,
    towns,
    places,
    wallets: new Wallets(rpcUrl, deployment.chainId),
    relay,
    auctioneer: await openAuctioneer({
      participants,
      folder: files.auctioneer,
      deployment: files.deployment,
      rpcUrl,
      relayUrl,
      mandatesPort,
      report: console.log,
    }),
    payer: {
      by: "transaction",
      payer: signerFor(participants.payer.account),
      every_minutes: A_DAY_IN_MINUTES,
    },
    readingsFile: files.readings,
    failures: new FailureLog(console.log, signal),
    signal,
  };
  const sending = sendMandates(options.auctioneer, { mandatesPort }, options.failures, signal);
  sending.catch((error: unknown) => console.error(reasonOf(error)));
  await answers("relay", `${relayUrl}/health`, signal);
  await publishDirectories(options);
  const player = playerOf(options);
  await player.seedDay();
  for (const line of await player.dayLines()) console.log(line);
  await player.open();
  writeWhole(files.opened, "");
  // Otherwise, on a slow machine, it would be night before anyone sees the day.
  await answers("indexer", `${indexerUrl}/ready`, signal);
  await playForever(player, options, FIRST_LIVE_SLOT, paceSeconds);
});

async function found(): Promise<void> {
  const script = path.join(import.meta.dirname, "found.ts");
  const founding = spawn(process.execPath, [script], { stdio: "inherit" });
  const [code] = await once(founding, "exit");
  if (code !== 0) throw new FoundingError("The towns can't be founded.");
}

function networkIn(file: string): NetworkConfig {
  const { networks }: { networks: NetworkConfig[] } = JSON.parse(readFileSync(file, "utf8"));
  const [network] = networks;
  if (network === undefined) throw new FoundingError(`${file} names no network.`);
  return network;
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
