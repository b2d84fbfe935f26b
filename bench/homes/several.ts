import { execFile } from "node:child_process";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { createPublicClient, http } from "viem";
import { freePort } from "../../scripts/testing/ports.ts";
import { until } from "../../scripts/testing/until.ts";
import { connectIndexer } from "../../services/indexer/client/index.ts";
import { confirmableAt, expectAsOnChain } from "../../services/indexer/test/support/chainState.ts";
import { type RunningIndexer, startIndexer } from "../../services/indexer/test/support/indexer.ts";
import { tablesAt } from "../../services/indexer/test/support/tables.ts";
import { type RelayProcess, spawnRelay } from "../../services/relay/test/support/process.ts";
import { bookOf, standsAtHead } from "../../services/relay/test/support/relays.ts";
import { startBalancer } from "../../test/support/balancer.ts";
import { newDatabase } from "../../test/support/postgres.ts";
import { BenchFailure } from "../failure.ts";
import { cpuSecondsOf } from "./processor.ts";
import { PATIENCE_MS, type Services, type Surroundings } from "./services.ts";

/** In which part of the play each is killed, and starts again. */
const RELAY_AWAY = { from: 1 / 4, to: 3 / 8 };
const INDEXER_AWAY = { from: 1 / 2, to: 5 / 8 };
/** So many requests into a slot something is killed: homes are in the middle of their trading then. */
const REQUESTS_BEFORE = 30;
const READ_MS = 1_000;
const SETTLE_MS = 600_000;
const run = promisify(execFile);

/**
 * Two relays and two indexers, each pair on a Postgres database and behind a load balancer. A relay that leads is killed, and
 * an indexer, while homes trade and somebody reads; both come back later.
 */
export async function twoOfEach(surroundings: Surroundings): Promise<Services> {
  const opened: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of opened.toReversed()) await end();
  };
  try {
    return await open(surroundings, opened, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** @param opened Is told how to end each part, once it runs. */
async function open(
  { rpcUrl, deployment, deploymentFile, folder }: Surroundings,
  opened: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<Services> {
  const chain = createPublicClient({ transport: http(rpcUrl), cacheTime: 0 });
  const orders = await newDatabase();
  const startRelay = (port: number) =>
    spawnRelay(
      { rpcUrl, deployment },
      { DATABASE_URL: orders, WATTLINE_PORT: `${port}` },
      PATIENCE_MS,
    );
  const relays: RelayProcess[] = [];
  for (let i = 0; i < 2; i++) {
    relays.push(await startRelay(await freePort()));
    opened.push(async () => relays[i]?.kill());
  }
  const relayBalancer = await startBalancer(relays.map(({ url }) => url));
  opened.push(() => relayBalancer.stop());

  const database = new URL(await newDatabase());
  const indexers: RunningIndexer[] = [];
  for (let i = 0; i < 2; i++) {
    const indexer = await startIndexer({ deployment, rpcUrl, port: await freePort(), database });
    indexers.push(indexer);
    opened.push(() => indexer.end());
    await indexer.caughtUp();
  }
  const indexBalancer = await startBalancer(indexers.map(({ url }) => url));
  opened.push(() => indexBalancer.stop());
  const reader = readAlways(indexBalancer.url);
  opened.push(() => reader.stop().catch(() => undefined));

  /** Of relays that were killed. */
  let secondsOfKilled = 0;
  const said: string[] = [];
  const servedByRelays = () => sum(relayBalancer.served.values());

  /** Does something while a slot is played, once homes have begun to ask. */
  async function inTheMiddle(playing: Promise<void>, act: () => Promise<void>): Promise<void> {
    const before = servedByRelays();
    let isOver = false;
    const over = playing.finally(() => {
      isOver = true;
    });
    over.catch(() => undefined);
    while (!isOver && servedByRelays() < before + REQUESTS_BEFORE) await sleep(1);
    await act();
    await over;
  }

  const [stopsRelay, startsRelay] = [once(RELAY_AWAY.from), once(RELAY_AWAY.to)];
  const [stopsIndexer, startsIndexer] = [once(INDEXER_AWAY.from), once(INDEXER_AWAY.to)];

  async function during(playing: Promise<void>, part: number): Promise<void> {
    const [relay] = relays;
    const [indexer] = indexers;
    if (relay === undefined || indexer === undefined) throw new Error("There are two of each.");
    if (stopsRelay(part)) {
      await inTheMiddle(playing, async () => {
        secondsOfKilled += cpuSecondsOf(relay.child.pid);
        await relay.kill();
        console.log("  the relay that leads is killed");
      });
    }
    if (startsRelay(part)) {
      relays[0] = await startRelay(Number(new URL(relay.url).port));
      console.log("  it runs again");
    }
    if (stopsIndexer(part)) {
      await inTheMiddle(playing, async () => {
        await indexer.stop("SIGKILL");
        console.log("  an indexer is killed");
      });
    }
    if (startsIndexer(part)) {
      indexer.start();
      console.log("  it runs again");
    }
    await playing;
  }

  async function check(): Promise<readonly string[]> {
    said.push(`somebody read ${await reader.stop()} times from the indexers, and none failed`);
    for (const { client } of relays) await standsAtHead(client, { client: chain }, SETTLE_MS);
    const books = await Promise.all(relays.map(({ client }) => bookOf(client, "live")));
    mustBeAlike(
      "the relays' live orders",
      books.map((book) => [...book]),
    );
    said.push(`both relays have the same ${books[0]?.size} live orders`);
    for (const { url } of indexers) await standsThere(url);
    const tables = await Promise.all(indexers.map(({ url }) => tablesAt(url)));
    for (const table of Object.keys(tables[0] ?? {})) {
      mustBeAlike(
        `the indexers' ${table}`,
        tables.map((each) => each[table]),
      );
    }
    const rows = sum(Object.values(tables[0] ?? {}).map(({ length }) => length));
    said.push(`both indexers have the same ${rows} rows`);
    await expectAsOnChain(deployment, rpcUrl, await confirmableAt(indexBalancer.url));
    said.push("every row that the contracts can confirm is as on the chain");
    const began = performance.now();
    await run(process.execPath, [
      ...["scripts/audit.ts", "--rpc", rpcUrl, "--deployment", deploymentFile],
      ...["--out", path.join(folder, "audit")],
    ]).catch((error: Error & { stdout?: string }) => {
      throw new BenchFailure(`The audit fails: ${error.stdout}${error.message}`);
    });
    said.push(`the audit passes, in ${Math.round((performance.now() - began) / 1000)} s`);
    return said;
  }

  /** Waits until an indexer has all blocks: after a day of many homes it may be minutes behind. */
  async function standsThere(url: string): Promise<void> {
    const number = Number(await chain.getBlockNumber());
    const isThere = async () => {
      const status = await connectIndexer(url)
        .status()
        .catch(() => undefined);
      return status?.ready === true && status.block === number;
    };
    await until(`${url} has block ${number}`, isThere, SETTLE_MS, 200);
  }

  return {
    relayUrl: relayBalancer.url,
    relaySeconds: () => secondsOfKilled + sum(relays.map(({ child }) => cpuSecondsOf(child.pid))),
    databaseBytes: () => bytesOf(orders),
    during,
    check,
    close,
  };
}

/** Is true once: as soon as so much of the play is over. */
function once(from: number): (part: number) => boolean {
  let isDone = false;
  return (part) => {
    if (isDone || part < from) return false;
    isDone = true;
    return true;
  };
}

/** Somebody who reads a page of trades every second. */
function readAlways(url: string) {
  const { trades } = connectIndexer(url);
  const stopped = new AbortController();
  let times = 0;
  const reading = (async () => {
    while (!stopped.signal.aborted) {
      await trades({ limit: 20 });
      times++;
      await sleep(READ_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  })();
  // Awaited in `stop`.
  reading.catch(() => undefined);
  return {
    /** @returns How often it has read. @throws Error when a read has failed. */
    async stop(): Promise<number> {
      stopped.abort();
      await reading;
      return times;
    },
  };
}

function mustBeAlike(what: string, all: readonly unknown[]): void {
  const shapes = new Set(all.map((each) => JSON.stringify(each)));
  if (shapes.size !== 1) throw new BenchFailure(`In ${what} they differ.`);
}

async function bytesOf(database: string): Promise<number> {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  try {
    const { rows } = await client.query("select pg_database_size(current_database()) as bytes");
    return Number(rows[0].bytes);
  } finally {
    await client.end();
  }
}

const sum = (numbers: Iterable<number>): number =>
  [...numbers].reduce((total, each) => total + each, 0);
