/**
 * `npm run bench:relay`: a relay's speed and memory, over HTTP, in a process of its own, with anvil and its real
 * database (PGlite, or Postgres with `--postgres`). Prints a Markdown table.
 */
import { cpus, loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { OrdersQuery } from "@wattline/relay";
import type { RelayClient } from "@wattline/relay/client";
import {
  ANY_SOURCE,
  bulkDigest,
  bulkSignature,
  bulkTree,
  hashOrder,
  type Order,
  type SignedOrderJson,
  SOURCES,
  signedOrderToJson,
} from "@wattline/sdk";
import { signRecoverable } from "tiny-secp256k1";
import { bytesToHex, hexToBytes, parseEther } from "viem";
import { until } from "../scripts/testing/until.ts";
import { startAnvil } from "../services/relay/test/support/node.ts";
import { type RelayProcess, spawnRelay } from "../services/relay/test/support/process.ts";
import { freshFolder, standsAtHead } from "../services/relay/test/support/relays.ts";
import {
  createWorld,
  EURO,
  localAccount,
  START_SLOT,
  type World,
} from "../services/relay/test/support/world.ts";
import { newDatabase } from "../test/support/postgres.ts";

const { values: options } = parseArgs({
  options: {
    postgres: { type: "boolean", default: false },
    /** Live orders to page through. */
    live: { type: "string", default: "100000" },
    /** Orders with a signature each. */
    single: { type: "string", default: "10000" },
    /** Timed pages. */
    pages: { type: "string", default: "2000" },
  },
});
const LIVE = Number(options.live);
const SINGLE = Number(options.single);
const PAGES = Number(options.pages);
const PER_MAKER = 1_000;
const PER_DOCUMENT = 500;
/** Posts under way at a time. */
const TOGETHER = 3;
/** Pages a second: below the relay's limit for one address. */
const PAGES_PER_SECOND = 80;
const EVENTS = 200;

interface Maker {
  readonly address: Order["maker"];
  readonly key: Uint8Array;
}

const rows: [what: string, measured: string, target: string][] = [];
const say = (text: string) => console.error(text);

async function measure(world: World, { client, url }: RelayProcess): Promise<void> {
  const makers = await fundMakers(world, Math.ceil(LIVE / PER_MAKER) + 1);
  await standsAtHead(client, world);
  const memory = watchMemory(url);

  await fill(world, client, url, makers);
  const { orders } = await client.health();
  if (orders !== LIVE) throw new Error(`The book has ${orders} live orders, not ${LIVE}.`);

  say(`Taking ${PAGES} filtered pages.`);
  const pages = await timePages(client, makers, url);
  rows.push([
    `A filtered page of ${LIVE} live orders, by HTTP`,
    `p50 ${ms(quantile(pages.wall, 0.5))}, p99 ${ms(quantile(pages.wall, 0.99))}; ${ms(pages.cpuSeconds / PAGES)} CPU a page`,
    "p99 20 ms",
  ]);
  for (const [kind, wall] of pages.kinds) {
    say(`  ${kind}: p50 ${ms(quantile(wall, 0.5))}, p99 ${ms(quantile(wall, 0.99))}`);
  }
  const worst = [...pages.kinds].map(([kind, wall]) => ({ kind, p99: quantile(wall, 0.99) }));
  const { kind, p99 } = worst.toSorted((a, b) => b.p99 - a.p99)[0] ?? fail();
  rows.push([`The slowest kind of page: ${kind}`, `p99 ${ms(p99)}`, ""]);

  say(`Timing ${EVENTS} events of the stream.`);
  const latencies = await timeStream(world, client, makers.at(-1) ?? fail());
  rows.push([
    "From sending an order to its event in the stream",
    `p50 ${ms(quantile(latencies, 0.5))}, p99 ${ms(quantile(latencies, 0.99))}`,
    "50 ms",
  ]);
  const { now, peak } = await memory();
  rows.push(["Resident memory at the end, and at most", `${now} MB, ${peak} MB`, "300 MB"]);
}

/** Fills the order book. Garbage is collected now, so that its collection does not count as the relay's time. */
async function fill(
  world: World,
  client: RelayClient,
  url: string,
  makers: readonly Maker[],
): Promise<void> {
  say(`Signing ${SINGLE} orders one by one.`);
  const single = ordersOf(world, makers, SINGLE).map(([maker, order]) => sign(world, maker, order));
  // The first posts warm the compiler up.
  await postAll(client, single.slice(0, 2_000));
  const rest = single.slice(2_000);
  const first = await timed(url, () => postAll(client, rest));
  rows.push([
    `Verified orders accepted, a signature each (${rest.length})`,
    `${perSecond(rest.length, first.seconds)}/s; ${ms(first.cpuSeconds / rest.length)} CPU an order`,
    "1,000/s",
  ]);

  say(`Filling the book up to ${LIVE} live orders with bulk signatures.`);
  const bulk = ordersOf(world, makers, LIVE - SINGLE, SINGLE);
  const second = await timed(url, () => postBulk(world, client, bulk));
  rows.push([
    `The same, ${PER_DOCUMENT} under one bulk signature (${bulk.length})`,
    `${perSecond(bulk.length, second.seconds)}/s; ${ms(second.cpuSeconds / bulk.length)} CPU an order`,
    "",
  ]);
}

async function fundMakers(world: World, count: number): Promise<Maker[]> {
  say(`Funding ${count} makers.`);
  const makers: Maker[] = [];
  for (let i = 0; i < count; i++) {
    const account = localAccount(100 + i);
    await world.client.setBalance({ address: account.address, value: parseEther("1") });
    await world.fund(account, 1_000n * EURO);
    const key = account.getHdKey().privateKey ?? fail();
    makers.push({ address: account.address, key });
  }
  return makers;
}

/** Orders of all kinds of prices, slots and sources, a maker's thousand at a time. */
function ordersOf(world: World, makers: readonly Maker[], count: number, skip = 0) {
  return Array.from({ length: count }, (_, i): readonly [Maker, Order] => {
    const n = skip + i;
    const maker = makers[Math.floor(n / PER_MAKER)] ?? fail();
    const firstSlot = START_SLOT + ((n * 7_919) % 672);
    const order = world.order(maker.address, {
      price: 80_000n + BigInt((n * 104_729) % 240_000),
      firstSlot,
      // One in a hundred has a long range: its end can't be found by its start.
      lastSlot: firstSlot + (n % 100 === 0 ? 5_000 : n % 8),
      sources: n % 3 === 0 ? ANY_SOURCE : 1 << (n % SOURCES.length),
      energy: 100 + (n % 5_000),
    });
    return [maker, order];
  });
}

function sign(world: World, maker: Maker, order: Order): SignedOrderJson {
  const digest = hexToBytes(hashOrder(world.domain, order));
  return signedOrderToJson({ order, signature: signatureOf(maker, digest) });
}

function signatureOf({ key }: Maker, digest: Uint8Array) {
  const { signature, recoveryId } = signRecoverable(digest, key);
  return bytesToHex(Uint8Array.of(...signature, 27 + recoveryId));
}

async function postAll(client: RelayClient, signed: readonly SignedOrderJson[]): Promise<void> {
  const documents = chunks(signed, PER_DOCUMENT);
  await together(documents, async (document) => {
    const results = await client.post(document);
    const refused = results.find(({ status }) => status !== "accepted");
    if (refused !== undefined) throw new Error(`Not accepted: ${JSON.stringify(refused)}`);
  });
}

async function postBulk(
  world: World,
  client: RelayClient,
  orders: readonly (readonly [Maker, Order])[],
): Promise<void> {
  await together(chunks(orders, PER_DOCUMENT), async (part) => {
    const maker = part[0]?.[0] ?? fail();
    const tree = bulkTree(part.map(([, order]) => order));
    const signature = signatureOf(maker, hexToBytes(bulkDigest(world.domain, tree)));
    const document = part.map(([, order], i) =>
      signedOrderToJson({ order, signature: bulkSignature(tree, i, signature) }),
    );
    const results = await client.post(document);
    if (results.some(({ status }) => status !== "accepted")) {
      throw new Error(`Not accepted: ${JSON.stringify(results[0])}`);
    }
  });
}

/** Usual queries, and hard ones: rare, distant, deep in the results, or without results. */
function questions(makers: readonly Maker[], deep: string) {
  const market = { microgrid: 1, side: "bid" } as const;
  const slotOf = (n: number) => START_SLOT + ((n * 31) % 672);
  const sourceOf = (n: number) => SOURCES[n % SOURCES.length] ?? fail();
  const priceOf = (n: number) => 80_000n + BigInt((n * 7_001) % 200_000);
  const makerOf = (n: number) => makers[n % makers.length]?.address ?? fail();
  const far = START_SLOT + 5_000;
  return {
    "a side": () => market,
    "a few slots": (n) => ({ ...market, fromSlot: slotOf(n), toSlot: slotOf(n) + 3 }),
    "a source, a day": (n) => ({
      ...market,
      source: sourceOf(n),
      fromSlot: slotOf(n),
      toSlot: slotOf(n) + 95,
    }),
    "a range of prices": (n) => ({
      ...market,
      minPrice: priceOf(n),
      maxPrice: priceOf(n) + 5_000n,
    }),
    "from a slot on, by slot": (n) => ({ microgrid: 1, sort: "firstSlot", fromSlot: slotOf(n) }),
    "a maker": (n) => ({ maker: makerOf(n) }),
    "a source above a price, by slot": (n) => ({
      ...market,
      source: sourceOf(n),
      minPrice: priceOf(n),
      sort: "firstSlot",
    }),
    newest: () => ({ microgrid: 1, sort: "received", limit: 20 }),
    "a side without orders": () => ({ microgrid: 1, side: "offer" }),
    "all conditions": (n) => ({
      ...market,
      source: sourceOf(n),
      fromSlot: slotOf(n),
      toSlot: slotOf(n),
      maxPrice: priceOf(n),
      counterparty: makerOf(n),
      forward: false,
      limit: 500,
    }),
    "far slots, no microgrid": () => ({ fromSlot: far, sort: "firstSlot" }),
    "slots that nothing reaches": () => ({ ...market, fromSlot: far + 100_000 }),
    "forwards, of which there are none": () => ({ forward: true }),
    "slots of a maker, newest first": (n) => ({
      maker: makerOf(n),
      fromSlot: slotOf(n),
      sort: "received",
    }),
    "deep inside": () => ({ microgrid: 1, cursor: deep }),
    "500 at once": (n) => ({ fromSlot: slotOf(n), limit: 500 }),
  } satisfies Record<string, (n: number) => OrdersQuery>;
}

async function timePages(client: RelayClient, makers: readonly Maker[], url: string) {
  const asked = Object.entries(questions(makers, await halfWay(client)));
  const kinds = new Map<string, number[]>(asked.map(([kind]) => [kind, []]));
  const { cpuSeconds } = await timed(url, async () => {
    for (let n = 0; n < PAGES; n++) {
      const [kind, question] = asked[n % asked.length] ?? fail();
      const query = { limit: 50, ...question(n) };
      const started = performance.now();
      await client.orders(query);
      const took = performance.now() - started;
      kinds.get(kind)?.push(took / 1000);
      await sleep(Math.max(0, 1000 / PAGES_PER_SECOND - took));
    }
  });
  return { kinds, wall: [...kinds.values()].flat(), cpuSeconds };
}

/** A cursor into the middle of the order book. */
async function halfWay(client: RelayClient): Promise<string> {
  let cursor: string | undefined;
  for (let seen = 0; seen < LIVE / 2; seen += 500) {
    const page = await client.orders({ microgrid: 1, limit: 500, ...(cursor && { cursor }) });
    cursor = page.nextCursor ?? fail();
    await sleep(1000 / PAGES_PER_SECOND);
  }
  return cursor ?? fail();
}

async function timeStream(world: World, client: RelayClient, maker: Maker): Promise<number[]> {
  const stop = new AbortController();
  const seen = new Map<string, number>();
  let open = false;
  const reading = (async () => {
    const stream = client.stream({ signal: stop.signal }, () => {
      open = true;
    });
    for await (const { order } of stream) seen.set(order.hash, performance.now());
  })();
  await until("the stream is open", () => open);
  const latencies: number[] = [];
  for (let i = 0; i < EVENTS; i++) {
    const order = world.order(maker.address);
    const signed = sign(world, maker, order);
    const hash = world.hashOf(order);
    const started = performance.now();
    await client.post([signed]);
    const arrived = await until("the event arrives", () => seen.get(hash));
    latencies.push((arrived - started) / 1000);
  }
  stop.abort();
  await reading;
  return latencies;
}

/** Runs something, and returns wall time and the relay's processor time. */
async function timed(url: string, run: () => Promise<void>) {
  const [cpu, started] = [await metric(url, "process_cpu_seconds_total"), performance.now()];
  await run();
  const seconds = (performance.now() - started) / 1000;
  return { seconds, cpuSeconds: (await metric(url, "process_cpu_seconds_total")) - cpu };
}

/** Samples the relay's memory every half second until the result is requested, in MB. */
function watchMemory(url: string) {
  let [peak, now, over] = [0, 0, false];
  const watching = (async () => {
    while (!over) {
      now = (await metric(url, "process_resident_memory_bytes")) / 1e6;
      peak = Math.max(peak, now);
      await sleep(500);
    }
  })();
  // When the relay has ended, the measurement reports why.
  watching.catch(() => undefined);
  return async () => {
    over = true;
    await watching;
    return { now: Math.round(now), peak: Math.round(peak) };
  };
}

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1];
  return value === undefined ? fail() : Number(value);
}

async function together<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  await Promise.all(
    Array.from({ length: TOGETHER }, async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await run(item);
    }),
  );
}

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? fail();

const ms = (seconds: number): string => `${(seconds * 1000).toPrecision(3)} ms`;
const perSecond = (count: number, seconds: number): string =>
  Math.round(count / seconds).toLocaleString("en");

function fail(): never {
  throw new Error("A required value is missing.");
}

function print(): void {
  const [load = 0] = loadavg();
  const database = options.postgres ? "Postgres" : "PGlite";
  console.log(
    `\n${database}, ${cpus().length} cores (${cpus()[0]?.model}), load ${load.toFixed(1)}\n`,
  );
  console.log("| what | measured | to reach |\n|---|---|---|");
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
}

const node = await startAnvil();
let relay: RelayProcess | undefined;
try {
  const world = await createWorld(node.rpcUrl);
  relay = await spawnRelay(
    world,
    options.postgres
      ? { DATABASE_URL: await newDatabase() }
      : { WATTLINE_DATA: await freshFolder(world) },
  );
  await measure(world, relay);
} catch (error) {
  say(`The relay's output: ${relay?.output()}`);
  throw error;
} finally {
  await relay?.kill("SIGTERM");
  await node.stop();
}
print();
process.exit();
