import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Auctioneer, readSettings, serveMandates } from "@wattline/auctioneer";
import { KNOWN_KEY, writeKeystore } from "@wattline/common/keys";
import type { RelayClient } from "@wattline/relay/client";
import type { FailureLog } from "./failureLog.ts";
import type { Participants } from "./towns.ts";
import type { Wallets } from "./wallets.ts";

export interface AuctionOptions {
  readonly participants: Pick<Participants, "auctioneer">;
  /** For its configuration, its key and what it has sent. */
  readonly folder: string;
  /** The file that says where the contracts are. */
  readonly deployment: string;
  readonly rpcUrl: string;
  readonly relayUrl: string;
  /** Where it takes what households have signed. */
  readonly mandatesPort: number;
  readonly report: (message: string) => void;
}

/** A key of a local chain is public; the file is as anybody's is. */
const PASSWORD = "wattline";
const POLL_MS = 20;
const MANDATE_POLL_MS = 100;
const HOST = "127.0.0.1";

/**
 * The auctioneer of a local chain, as its operator would configure it, so that `npm run auctioneer -- explain` answers with
 * the same file.
 */
export async function openAuctioneer(options: AuctionOptions): Promise<Auctioneer> {
  const { participants, folder, report } = options;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "sender.password"), PASSWORD, { mode: 0o600 });
  await writeKeystore(
    path.join(folder, "sender.json"),
    "secp256k1",
    participants.auctioneer.privateKey,
    PASSWORD,
    KNOWN_KEY,
  );
  const file = path.join(folder, "auctioneer.toml");
  writeFileSync(file, configOf(options));
  return new Auctioneer(readSettings(file), { report, readMs: 0 });
}

const configOf = (at: AuctionOptions): string => `
[chain]
deployment = ${JSON.stringify(at.deployment)}
rpc_url = "${at.rpcUrl}"
[account]
key = { keystore = "sender.json", password_file = "sender.password" }
[orders]
relays = ["${at.relayUrl}"]
board = false
[clear]
wait_minutes = 0
forward_minutes = 120
[gas]
most_a_day = "1000"
[mandates]
port = ${at.mandatesPort}
`;

/**
 * Sends what households sign, as it comes: the rounds of the community are too far apart to wait for. Until `signal` is aborted.
 * @throws MendableError when it can't listen there.
 */
export async function sendMandates(
  auctioneer: Auctioneer,
  { mandatesPort: port }: Pick<AuctionOptions, "mandatesPort">,
  failures: FailureLog,
  signal: AbortSignal,
): Promise<void> {
  const { mandates } = auctioneer;
  if (mandates === undefined) return;
  const server = await serveMandates({ host: HOST, port }, mandates);
  signal.addEventListener("abort", () => void server.stop(), { once: true });
  while (!signal.aborted) {
    if (auctioneer.hasMandates) {
      await failures.attempt("sending what households have signed", () => auctioneer.sendMandate());
    }
    await sleep(MANDATE_POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Rounds until nothing is left to do. */
export async function clearAll(auctioneer: Auctioneer, signal: AbortSignal): Promise<void> {
  for (;;) {
    const round = await auctioneer.round(signal);
    if (round === "idle") return;
    if (round === "waiting") await sleep(POLL_MS, undefined, { signal });
  }
}

/** Waits until the relay has seen the newest block: it judges orders by what it has seen. */
export async function untilSeen(
  relay: RelayClient,
  { client }: Wallets,
  signal: AbortSignal,
): Promise<void> {
  const head = Number(await client.getBlockNumber());
  while ((await relay.health(signal)).block < head) {
    await sleep(POLL_MS, undefined, { signal });
  }
}
