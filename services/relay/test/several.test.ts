import type { SignedOrderJson } from "@wattline/sdk";
import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import type { Hex } from "viem";
import { freePort } from "../../../scripts/testing/ports.ts";
import { until as untilWithin } from "../../../scripts/testing/until.ts";
import { startBalancer } from "../../../test/support/balancer.ts";
import { newDatabase, query } from "../../../test/support/postgres.ts";
import { RelayClient } from "../src/client.ts";
import type { BookOrder } from "../src/wire.ts";
import { type LocalNode, startAnvil } from "./support/node.ts";
import { type RelayProcess, spawnRelay } from "./support/process.ts";
import { bookOf, openRelay, standsAtHead, type TestRelay } from "./support/relays.ts";
import { createWorld, EURO, localAccount, privateKeyOf, type World } from "./support/world.ts";

/** Two relays and their processes start while other tests run. */
const until: typeof untilWithin = (what, ask) => untilWithin(what, ask, 60_000);

describe("Relays that share a Postgres database", function () {
  this.timeout(600_000);
  const bob = localAccount(3);
  let node: LocalNode;
  let world: World;
  const running = new Set<TestRelay>();

  before(async () => {
    node = await startAnvil();
    world = await createWorld(node.rpcUrl);
    await world.fund(bob, 10n * EURO);
  });
  afterEach(async () => {
    for (const relay of running) await relay.stop();
    running.clear();
  });
  after(() => node?.stop());

  const sign = (count: number): Promise<SignedOrderJson[]> =>
    world.signBulk(
      privateKeyOf(bob),
      Array.from({ length: count }, () => world.order(bob.address)),
    );

  async function open(postgresUrl: string): Promise<TestRelay> {
    const relay = await openRelay(world, { storage: { postgresUrl } });
    running.add(relay);
    return relay;
  }

  const post = async (relay: TestRelay, count: number): Promise<Hex[]> =>
    (await relay.client.post(await sign(count))).flatMap(({ hash }) => hash ?? []);

  const leads = async ({ url }: TestRelay): Promise<boolean> =>
    /^wattline_relay_leads 1$/m.test(await (await fetch(`${url}/metrics`)).text());

  it("serve one book, whichever of them is asked", async () => {
    const postgresUrl = await newDatabase();
    const [a, b] = [await open(postgresUrl), await open(postgresUrl)];
    expect([await leads(a), await leads(b)]).to.deep.equal([true, false]);

    const [ofA, ofB] = await Promise.all([post(a, 20), post(b, 30)]);
    for (const { client } of [a, b]) {
      await until("the book is whole", async () => (await bookOf(client, "live")).size === 50);
    }
    const [gone] = ofA;
    if (gone === undefined) throw new Error("No order was posted.");
    await b.client.withdraw(gone, await world.signWithdrawal(bob, gone));
    await until("the withdrawal arrives", async () => (await bookOf(a.client, "live")).size === 49);
    expect((await a.client.post(await sign(2)))[0]?.status).to.equal("accepted");

    const [taken = "0x"] = ofB;
    const nonce = BigInt((await a.client.order(taken))?.order.nonce ?? 0);
    await world.market(bob, "cancel", [[nonce]]);
    for (const { client } of [a, b]) {
      await until(
        "the cancellation arrives",
        async () => (await bookOf(client, "live")).size === 50,
      );
      expect((await client.order(taken))?.state).to.equal("cancelled");
    }
  });

  it("continue each other's streams", async () => {
    const postgresUrl = await newDatabase();
    const [a, b] = [await open(postgresUrl), await open(postgresUrl)];
    const stop = new AbortController();
    const seen: string[] = [];
    let last: string | undefined;
    const reading = (async () => {
      for await (const { id, order } of b.client.stream({ signal: stop.signal })) {
        seen.push(order.hash);
        last = id;
        if (seen.length === 5) return;
      }
    })();
    await until("the stream is open", async () =>
      /wattline_relay_streams 1/.test(await (await fetch(`${b.url}/metrics`)).text()),
    );
    const posted = [...(await post(a, 3)), ...(await post(b, 2))];
    await reading;
    expect(seen).to.deep.equal(posted);

    // Right after the change, whatever the other relay has heard of it.
    const more = await post(a, 2);
    const { eventId } = await a.client.orders();
    let resumed: boolean | undefined;
    const next = await post(a, 2);
    for await (const { order } of b.client.stream(
      { from: eventId, signal: stop.signal },
      (start) => {
        resumed = start.resumed;
      },
    )) {
      expect(order.hash).to.equal(next[0]);
      break;
    }
    expect(resumed).to.equal(true);
    const rest: string[] = [];
    for await (const { order } of a.client.stream({
      ...(last !== undefined && { from: last }),
      signal: stop.signal,
    })) {
      rest.push(order.hash);
      if (rest.length === 4) break;
    }
    expect(rest).to.deep.equal([...more, ...next]);
    stop.abort();
  });

  it("have another one judge the book when the leader stops or loses its connection", async () => {
    const postgresUrl = await newDatabase();
    const [a, b] = [await open(postgresUrl), await open(postgresUrl)];
    const hashes = await post(b, 2);
    const orders = await Promise.all(hashes.map((hash) => b.client.order(hash)));
    const nonces = orders.map((order) => BigInt(order?.order.nonce ?? 0));
    const cancelled = async (relay: TestRelay, hash: Hex | undefined) =>
      (await relay.client.order(hash ?? "0x"))?.state === "cancelled";

    // Postgres ends the leader's connection, as when its machine is gone.
    await query(
      postgresUrl,
      "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
    );
    await world.market(bob, "cancel", [[nonces[0]]]);
    for (const relay of [a, b]) {
      await until("the cancellation is seen", () => cancelled(relay, hashes[0]));
      await relay.caughtUp();
    }
    expect([await leads(a), await leads(b)].filter((leading) => leading)).to.have.length(1);

    const [leader, other] = (await leads(a)) ? [a, b] : [b, a];
    await leader.stop();
    running.delete(leader);
    await world.market(bob, "cancel", [[nonces[1]]]);
    await until("the cancellation is seen", () => cancelled(other, hashes[1]));
    expect(await leads(other)).to.equal(true);
  });
});

describe("Two relays behind a load balancer", function () {
  this.timeout(600_000);

  it("are restarted one after the other, one of them killed, without a lost order or event", async () => {
    const node = await startAnvil();
    const world = await createWorld(node.rpcUrl);
    // A maker may have a thousand open orders.
    const makers = Array.from({ length: 8 }, (_, i) => localAccount(2 + i));
    for (const maker of makers) await world.fund(maker, EURO);
    const databaseUrl = await newDatabase();
    const ports = [await freePort(), await freePort()];
    const start = (port: number) =>
      spawnRelay(world, { DATABASE_URL: databaseUrl, WATTLINE_PORT: `${port}` });
    const relays: RelayProcess[] = [];
    for (const port of ports) relays.push(await start(port));
    const balancer = await startBalancer(relays.map(({ url }) => url));
    const client = new RelayClient(balancer.url);
    const stop = new AbortController();
    const followed = new Map<Hex, BookOrder["state"]>();
    let restarts = 0;
    const following = client.follow(
      { from: "0", signal: stop.signal },
      {
        order: ({ hash, state }) => void followed.set(hash, state),
        restarted: () => void restarts++,
        live: () => undefined,
      },
      20,
    );
    try {
      for (const relay of relays) await standsAtHead(relay.client, world);

      const accepted = new Set<Hex>();
      let isOver = false;
      const posting = Promise.all(
        makers.map(async (maker) => {
          while (!isOver) {
            const orders = [world.order(maker.address), world.order(maker.address)];
            const signed = await world.signBulk(privateKeyOf(maker), orders);
            const results = await client.post(signed).catch(() => []);
            for (const { hash, status } of results) {
              if (hash !== undefined && status === "accepted") accepted.add(hash);
            }
            // The chain goes on meanwhile.
            await world.market(maker, "cancel", [[orders[0]?.nonce]]);
          }
        }),
      );

      for (const [i, signal] of (["SIGTERM", "SIGKILL", "SIGTERM"] as const).entries()) {
        const one = i % 2;
        const before = accepted.size;
        await until("orders are taken in", () => accepted.size > before);
        await relays[one]?.kill(signal);
        const alone = accepted.size;
        await until("the other one takes in orders alone", () => accepted.size > alone);
        const again = await start(ports[one] ?? 0);
        relays[one] = again;
        // Blocks go on coming: it need not stand at the newest one, but at one that is newer than its start.
        const newest = Number(await world.client.getBlockNumber());
        await until("it follows the chain", async () => {
          const { block } = (await again.client.health().catch(() => undefined)) ?? {};
          return block !== undefined && block >= newest;
        });
      }
      isOver = true;
      await posting;

      const books = [];
      for (const { client } of relays) {
        await standsAtHead(client, world);
        books.push(await bookOf(client));
      }
      const [ours = new Map(), theirs] = books;
      expect([...ours]).to.deep.equal([...(theirs ?? [])]);
      expect([...ours.keys()]).to.include.members([...accepted]);
      await until("the stream has told all of it", () =>
        [...ours].every(([hash, { state }]) => followed.get(hash) === state),
      );
      expect(restarts).to.equal(0);
      expect([...ours.values()].map(({ state }) => state)).to.include.members([
        "live",
        "cancelled",
      ]);
      expect([...balancer.served.keys()].sort()).to.deep.equal(relays.map(({ url }) => url).sort());
    } finally {
      stop.abort();
      await following;
      await balancer.stop();
      for (const relay of relays) await relay.kill();
      await node.stop();
    }
  });
});
