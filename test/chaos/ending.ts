import { setTimeout as sleep } from "node:timers/promises";
import { slotAt } from "@wattline/sdk";
import { until } from "../../scripts/testing/until.ts";
import { reportedKey } from "../../services/auctioneer/src/island/readings.ts";
import { connectIndexer } from "../../services/indexer/client/index.ts";
import { standsAtHead } from "../../services/relay/test/support/relays.ts";
import { SLOT_SECONDS } from "../../services/relay/test/support/world.ts";
import { readSettled } from "./checks.ts";
import { passSlot } from "./director.ts";
import { bookOfPromises } from "./promises.ts";
import { AUCTIONEER, isAgent, type Stage } from "./stage.ts";

const START_MS = 600_000;
const SETTLE_MS = 600_000;
/** Agents and auctioneer look every few seconds. */
const LOOK_MS = 6_000;
/** At a block a second: the auctioneer reads orders anew every ten seconds. */
const QUIET_BLOCKS = 15n;
const NEAR_BLOCKS = 5;

/** All parts run again, and time goes on until nothing is left to be settled. Then no block comes any more. */
export async function comeToRest(stage: Stage, signal: AbortSignal): Promise<void> {
  const { parts, relays, chain, world } = stage;
  const lastSlot = slotAt(stage.clock.nowMs() / 1000, SLOT_SECONDS) - 1;
  await allStart(stage);
  await until(
    `slot ${lastSlot} of all homes is reported`,
    async () => {
      if (await areReported(stage, lastSlot)) return true;
      // An agent reports every quarter of an hour by the clock.
      await passSlot(stage);
      await sleep(LOOK_MS, undefined, { signal });
      return false;
    },
    SETTLE_MS,
  );
  // What an agent hands over from here on would not be reported any more.
  await hold(parts, isAgent);
  await until("all that was promised is settled or named", () => isSettled(stage), SETTLE_MS).catch(
    async (error: Error) => {
      const { sums } = await stage.status();
      throw new Error(`${error.message} It is ${JSON.stringify(sums)}.`);
    },
  );
  await until("the auctioneer has nothing to send any more", quietFor(stage), SETTLE_MS);
  await hold(parts, (name) => name === AUCTIONEER);
  // What is far behind goes on when blocks come.
  await until("the indexer is at the newest blocks", () => isNear(stage), SETTLE_MS);
  await chain.stop();
  for (const client of relays.values()) await standsAtHead(client, world, SETTLE_MS);
}

/** Starts what does not run, and waits until all answer. */
export async function allStart({ parts }: Pick<Stage, "parts">): Promise<void> {
  for (const part of parts.values()) part.start();
  for (const part of parts.values()) await part.answers(START_MS);
}

async function hold(parts: Stage["parts"], isHeld: (name: string) => boolean): Promise<void> {
  for (const part of parts.values()) if (isHeld(part.name)) await part.hold();
}

async function isNear({ world, indexerUrl }: Stage): Promise<boolean> {
  const head = Number(await world.client.getBlockNumber());
  const known = await connectIndexer(indexerUrl)
    .status()
    .catch(() => undefined);
  return (known?.block ?? 0) > head - NEAR_BLOCKS;
}

/** Whether the chain has what each plant has made in a slot. */
async function areReported(stage: Stage, slot: number): Promise<boolean> {
  const { reportedWh } = await readSettled(stage);
  return stage.homes.every(
    ({ hasPlant, meter }) => !hasPlant || reportedWh.has(reportedKey(meter, slot)),
  );
}

/** Asks whether the auctioneer has sent nothing for some blocks. */
function quietFor({ world, settler }: Stage): () => Promise<boolean> {
  let last: { readonly nonce: number; readonly block: bigint } | undefined;
  return async () => {
    const block = await world.client.getBlockNumber();
    const nonce = await world.client.getTransactionCount({ address: settler });
    if (last?.nonce !== nonce) last = { nonce, block };
    return block - last.block >= QUIET_BLOCKS;
  };
}

/** Whether the auctioneer has nothing to do, as it says and as its files say. */
async function isSettled({ status, promisesFolder }: Stage): Promise<boolean> {
  const { state } = (await status().catch(() => undefined)) ?? {};
  if (state !== "connected") return false;
  return bookOfPromises(promisesFolder).every(
    ({ book }) => book.isClosed || (book.outage === undefined && book.readings.length === 0),
  );
}
