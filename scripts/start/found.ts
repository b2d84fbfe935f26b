/** Founds the towns on the chain and writes where everything is: a process of its own, since compiling takes memory. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { writeWhole } from "@wattline/common/files";
import { participantsOf, playedByHand } from "@wattline/community/live";
import { foundTowns } from "@wattline/community/live/founding";
import { SLOT_SECONDS, START_SLOT } from "@wattline/community/live/start";
import { buildContracts, ChainError, openChain } from "@wattline/community/simulation";
import { configOf } from "./config.ts";
import { filesIn } from "./folder.ts";
import { runAsPart } from "./runAsPart.ts";

const { WATTLINE_RPC_URL, WATTLINE_RELAY_URL, WATTLINE_INDEXER_URL, WATTLINE_AUCTIONEER_URL } =
  process.env;
const rpcUrl = WATTLINE_RPC_URL ?? "";
const services = {
  rpcUrl,
  relayUrl: WATTLINE_RELAY_URL ?? "",
  indexerUrl: WATTLINE_INDEXER_URL ?? "",
  auctioneerUrl: WATTLINE_AUCTIONEER_URL ?? "",
};

await runAsPart([ChainError], async (signal) => {
  const files = filesIn(process.env.WATTLINE_RUN ?? "");
  mkdirSync(path.dirname(files.deployment), { recursive: true });
  await buildContracts();
  const chain = await openChain(rpcUrl, START_SLOT * SLOT_SECONDS);
  const participants = participantsOf();
  const simulation = await foundTowns(chain, participants, signal);
  const config = await configOf(simulation, playedByHand(participants.towns), services);
  writeWhole(files.config, json({ networks: [config] }));
  writeWhole(files.deployment, json(config.deployment));
});

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
