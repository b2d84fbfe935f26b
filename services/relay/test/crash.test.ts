import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SignedOrderJson } from "@wattline/sdk";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { Hex } from "viem";
import { until } from "../../../scripts/testing/until.ts";
import { newDatabase } from "../../../test/support/postgres.ts";
import { readConfig } from "../src/config.ts";
import { randomFrom } from "./support/dice.ts";
import { type LocalNode, startAnvil } from "./support/node.ts";
import { type RelayProcess, spawnRelay } from "./support/process.ts";
import { freshFolder, openRelay, standsAtHead } from "./support/relays.ts";
import { createWorld, EURO, localAccount, privateKeyOf, type World } from "./support/world.ts";

const DEEP = process.env.WATTLINE_DEEP !== undefined;
const KILLS = DEEP ? 25 : 2;
const BATCH = 25;

for (const kind of ["PGlite", "Postgres"] as const) {
  describe(`A relay on ${kind} that is killed`, function () {
    this.timeout(DEEP ? 1_800_000 : 600_000);
    let node: LocalNode;
    let world: World;
    let relay: RelayProcess | undefined;

    before(async () => {
      node = await startAnvil();
      world = await createWorld(node.rpcUrl);
    });
    after(async () => {
      await relay?.kill();
      await node?.stop();
    });

    it("at random moments has lost nothing that it took in, and has nothing twice", async () => {
      const seed = process.env.WATTLINE_SEED ?? `kill ${kind}`;
      const dice = randomFrom(seed);
      const env: Record<string, string> =
        kind === "Postgres"
          ? { DATABASE_URL: await newDatabase() }
          : { WATTLINE_DATA: await freshFolder(world) };
      const taken = new Set<Hex>();
      const all: SignedOrderJson[] = [];
      for (let round = 0; round < KILLS; round++) {
        const maker = localAccount(2 + (round % 17));
        await world.fund(maker, EURO);
        const running = await spawnRelay(world, env);
        relay = running;
        await standsAtHead(running.client, world);
        const kept: Hex[] = [];
        for await (const { hash } of running.client.allOrders({ state: "all", limit: 500 }))
          kept.push(hash);
        expect(kept, `seed ${seed}`).to.include.members([...taken]);
        // Batches go in until the relay is gone in the middle of one.
        let gone = false;
        const before = taken.size;
        const killing = until("a batch is taken in", () => taken.size > before)
          .then(() => sleep(dice.below(600)))
          .then(async () => {
            await running.kill();
            gone = true;
          });
        while (!gone) {
          const orders = Array.from({ length: BATCH }, () => world.order(maker.address));
          const signed = await world.signBulk(privateKeyOf(maker), orders);
          all.push(...signed);
          const first = orders[0];
          const results = await running.client.post(signed).catch(() => []);
          for (const { hash, status } of results) {
            if (hash !== undefined && status === "accepted") taken.add(hash);
          }
          // The chain goes on meanwhile.
          if (first !== undefined) await world.market(maker, "cancel", [[first.nonce]]);
        }
        await killing;
      }
      expect(taken.size).to.be.greaterThan(0);

      const last = await spawnRelay(world, env);
      relay = last;
      await standsAtHead(last.client, world);
      const hashes: Hex[] = [];
      const stop = new AbortController();
      const count = new Map<Hex, number>();
      for await (const { hash } of last.client.allOrders({ state: "all", limit: 500 }))
        hashes.push(hash);
      expect(new Set(hashes).size).to.equal(hashes.length);
      expect(hashes).to.include.members([...taken]);
      for await (const { order } of last.client.stream({ from: "0", signal: stop.signal })) {
        const { hash } = order;
        count.set(hash, (count.get(hash) ?? 0) + 1);
        if (count.size === hashes.length) break;
      }
      stop.abort();
      expect(Math.max(...count.values())).to.equal(1);

      // A batch is taken in whole or not at all, and can be handed in again.
      expect(hashes.length % BATCH).to.equal(0);
      const fresh = await openRelay(world);
      for (let start = 0; start < all.length; start += 500) {
        await last.client.post(all.slice(start, start + 500));
        await fresh.client.post(all.slice(start, start + 500));
      }
      const liveOf = async (of: typeof last.client) => {
        const live: string[] = [];
        for await (const { hash, remainingWh } of of.allOrders({ limit: 500 })) {
          live.push(`${hash} ${remainingWh}`);
        }
        return live.sort();
      };
      const [live, expected] = [await liveOf(last.client), await liveOf(fresh.client)];
      await fresh.stop();
      expect(live).to.deep.equal(expected);
      await last.kill("SIGTERM");
      expect(last.child.exitCode).to.equal(0);
    });
  });
}

describe("A relay that is killed at its first start", function () {
  this.timeout(180_000);

  it("starts all the same, whatever it has left of a database", async () => {
    const node = await startAnvil();
    const folder = path.join(await mkdtemp(path.join(tmpdir(), "wattline-relay-")), "book");
    try {
      const world = await createWorld(node.rpcUrl);
      const first = spawnRelay(world, { WATTLINE_DATA: folder }).catch((error: unknown) => error);
      const lock = `${folder}.lock`;
      const pid = await until("the database is being founded", () =>
        [folder, `${folder}.founding`].some((each) => existsSync(path.join(each, "PG_VERSION")))
          ? Number(readFileSync(lock, "utf8"))
          : undefined,
      );
      process.kill(pid, "SIGKILL");
      await first;
      const second = await spawnRelay(world, { WATTLINE_DATA: folder });
      await standsAtHead(second.client, world);
      await second.kill();
    } finally {
      await node.stop();
      await rm(path.dirname(folder), { recursive: true });
    }
  });
});

describe("A relay that can't start", function () {
  this.timeout(180_000);

  it("says what is wrong in its environment", async () => {
    const file = path.join(
      await mkdtemp(path.join(tmpdir(), "wattline-relay-")),
      "deployment.json",
    );
    const zero = `0x${"00".repeat(20)}`;
    const contracts = ["marketplace", "microgrids", "meters", "energy", "board"];
    const places = Object.fromEntries(contracts.map((name) => [name, zero]));
    await writeFile(file, JSON.stringify({ chainId: 1, fromBlock: 0, ...places }));
    try {
      readConfig({ WATTLINE_DEPLOYMENT: file });
      const wrong: readonly [env: Record<string, string>, words: RegExp][] = [
        [{ WATTLINE_DEPLOYMENT: "" }, /WATTLINE_DEPLOYMENT is not set/],
        [{ WATTLINE_DEPLOYMENT: "/nowhere.json" }, /\/nowhere\.json can't be read/],
        [{ WATTLINE_PORT: "http" }, /WATTLINE_PORT is "http"/],
        [{ WATTLINE_RPC_URL: "ftp://x" }, /WATTLINE_RPC_URL is no address/],
        [{ WATTLINE_PEERS: "nobody" }, /WATTLINE_PEERS is no address/],
        [{ WATTLINE_OFFLINE_AFTER: "soon" }, /WATTLINE_OFFLINE_AFTER is "soon"/],
        [{ WATTLINE_OFFLINE_AFTER: "0" }, /WATTLINE_OFFLINE_AFTER is "0"/],
        [{ WATTLINE_REQUESTS_PER_SECOND: "0" }, /WATTLINE_REQUESTS_PER_SECOND is "0"/],
      ];
      for (const [env, words] of wrong) {
        expect(() => readConfig({ WATTLINE_DEPLOYMENT: file, ...env })).to.throw(words);
      }
    } finally {
      await rm(path.dirname(file), { recursive: true });
    }
  });

  it("says why and what to do, and ends with 1", async () => {
    const node = await startAnvil();
    try {
      const world = await createWorld(node.rpcUrl);
      const attempts: readonly [env: Record<string, string>, words: RegExp][] = [
        [{ WATTLINE_PORT: "http" }, /WATTLINE_PORT is "http"/],
        [{ WATTLINE_RPC_URL: "http://127.0.0.1:9" }, /No node answers at http:\/\/127\.0\.0\.1:9/],
        [{ WATTLINE_TRUSTED_PROXIES: "proxy" }, /WATTLINE_TRUSTED_PROXIES has "proxy"/],
        [{ DATABASE_URL: "postgres://127.0.0.1:9/x" }, /No Postgres answers at DATABASE_URL/],
      ];
      for (const [env, words] of attempts) {
        const failure = await spawnRelay(world, env).catch((error: unknown) => error);
        expect(String(failure)).to.match(words);
        expect(String(failure)).to.not.include("    at ");
      }
    } finally {
      await node.stop();
    }
  });
});
