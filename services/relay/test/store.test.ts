import { FIRST_FIRM_NONCE } from "@wattline/sdk";
import { expect } from "chai";
import { sql } from "kysely";
import { after, before, describe, it } from "mocha";
import { numberToHex } from "viem";
import { newDatabase } from "../../../test/support/postgres.ts";
import type { Database, Storage } from "../src/store/database.ts";
import { openDatabase } from "../src/store/database.ts";
import { DatabaseError } from "../src/store/databaseError.ts";
import {
  changeableOrders,
  dueOrders,
  findOrder,
  insertOrders,
  recheckedOrders,
  revivedOrders,
  tidy,
  updateOrders,
} from "../src/store/orders.ts";
import { type LocalNode, startAnvil } from "./support/node.ts";
import { bookOf, freshFolder, openRelay } from "./support/relays.ts";
import { rowOf } from "./support/rows.ts";
import { createWorld, EURO, localAccount, privateKeyOf, type World } from "./support/world.ts";

/** Orders of a book's past, and how many have signed them. */
const [HISTORY, MAKERS] = [10_000, 100];
const makerOf = (i: number) => numberToHex(i % MAKERS, { size: 20 });

/** How many orders the database has read so far. */
async function rowsRead(db: Database): Promise<number> {
  await sql`select pg_stat_force_next_flush()`.execute(db);
  const { rows } = await sql<{ read: number }>`
    select seq_tup_read + coalesce(idx_tup_fetch, 0) as read from pg_stat_user_tables where relname = 'orders'
  `.execute(db);
  return Number(rows[0]?.read);
}

for (const kind of ["PGlite", "Postgres"] as const) {
  describe(`A book in ${kind}`, function () {
    this.timeout(180_000);
    const bob = localAccount(3);
    let node: LocalNode;
    let world: World;

    before(async () => {
      node = await startAnvil();
      world = await createWorld(node.rpcUrl);
      await world.fund(bob, 10n * EURO);
    });
    after(async () => {
      await node?.stop();
    });

    const newStorage = async (): Promise<Storage> =>
      kind === "Postgres"
        ? { postgresUrl: await newDatabase() }
        : { folder: await freshFolder(world) };

    it("is the same after a stop, and what happened meanwhile is seen", async () => {
      const storage = await newStorage();
      const first = await openRelay(world, { storage });
      const orders = Array.from({ length: 30 }, (_, i) =>
        world.order(bob.address, {
          price: 2n ** 95n - BigInt(i),
          nonce: FIRST_FIRM_NONCE - 1n - BigInt(i),
        }),
      );
      const cheap = world.order(bob.address, { price: 100_000n });
      const signed = await world.signBulk(privateKeyOf(bob), [...orders, cheap]);
      const results = await first.client.post(signed);
      // Nobody has that much money.
      expect(results.map(({ status }) => status)).to.deep.equal([
        ...new Array(30).fill("refused"),
        "accepted",
      ]);
      const many = Array.from({ length: 30 }, (_, i) =>
        world.order(bob.address, {
          price: 100_000n + BigInt(i),
          nonce: FIRST_FIRM_NONCE - 1n - BigInt(i),
        }),
      );
      await first.client.post(await world.signBulk(privateKeyOf(bob), many));
      const before = await bookOf(first.client);
      expect(before.size).to.equal(31);
      const page = await first.client.orders({ side: "bid", limit: 2 });
      expect(page.orders.map(({ order }) => order.price)).to.deep.equal(["100029", "100028"]);
      const { updatedSequence } = (await first.client.orders({ sort: "received" })).orders[0] ?? {};
      await first.stop();

      const second = await openRelay(world, { storage });
      expect(await bookOf(second.client)).to.deep.equal(before);
      await second.stop();

      await world.market(bob, "cancel", [[cheap.nonce]]);
      const third = await openRelay(world, { storage });
      const cancelled = await third.client.order(world.hashOf(cheap));
      expect(cancelled?.state).to.equal("cancelled");
      expect(cancelled?.updatedSequence).to.be.greaterThan(updatedSequence ?? 0);
      await third.stop();
    });

    it("lets no judgement undo a withdrawal that came while it was made", async () => {
      const { db, close } = await openDatabase(await newStorage(), world.deployment);
      const kept = rowOf({ withdrawal: "0x12", state: "cancelled", remaining_wh: 0 }, 1);
      const other = rowOf({}, 2);
      await insertOrders(db, [kept, other]);
      const to = { state: "filled", remaining_wh: 0, recheck_at: null } as const;
      const changed = await updateOrders(db, [
        { hash: kept.hash, ...to, updated_sequence: 3 },
        { hash: other.hash, ...to, updated_sequence: 4 },
      ]);
      expect(changed.map(({ hash, state }) => [hash, state])).to.deep.equal([
        [other.hash, "filled"],
      ]);
      expect(await findOrder(db, kept.hash)).to.deep.equal(kept);
      await close();
    });

    it("finds what is due at a block without reading its history", async () => {
      const { db, close } = await openDatabase(await newStorage(), world.deployment);
      const now = 1_000_000;
      const history = Array.from({ length: HISTORY }, (_, i) =>
        rowOf({ state: "expired", good_until: i, maker: makerOf(i) }, i),
      );
      // So many are live that the planner expects many of them to be due.
      const live = Array.from({ length: HISTORY / 2 }, (_, i) =>
        rowOf({ good_until: now + i, maker: makerOf(i), recheck_at: now + i }, HISTORY + i),
      );
      await insertOrders(db, [...history, ...live]);
      await tidy(db);
      const before = await rowsRead(db);
      expect(await dueOrders(db, now, 500)).to.deep.equal([]);
      expect(await revivedOrders(db, now, 500)).to.deep.equal([]);
      expect(await recheckedOrders(db, now - 1, 500)).to.deep.equal([]);
      const makers = { column: "maker", values: new Set([makerOf(1), makerOf(2)]) } as const;
      const found = await changeableOrders(db, makers, now, "", 500);
      expect(found).to.have.length(HISTORY / MAKERS);
      expect((await rowsRead(db)) - before).to.be.below(HISTORY);
      await close();
    });

    if (kind === "PGlite") {
      it("belongs to one relay", async () => {
        const storage = await newStorage();
        const relay = await openRelay(world, { storage });
        const second = await openRelay(world, { storage }).catch((error: unknown) => error);
        expect(second).to.be.instanceOf(DatabaseError);
        await relay.stop();
      });
    }

    it("belongs to one deployment", async () => {
      const storage = await newStorage();
      await (await openRelay(world, { storage })).stop();
      const other = { ...world.deployment, marketplace: bob.address };
      const foreign = await openRelay(world, { storage, deployment: other }).catch(
        (error: unknown) => error,
      );
      expect(foreign).to.be.instanceOf(DatabaseError);
      expect(String(foreign)).to.include("another deployment");
    });
  });
}
