import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type SignedOrder, signedOrderToJson } from "@wattline/sdk";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { until } from "../../../scripts/testing/until.ts";
import { openRelay, type TestRelay } from "../../relay/test/support/relays.ts";
import { Operator } from "./support/operator.ts";
import { sceneOfTests } from "./support/scene.ts";

describe("Among others, an auctioneer", () => {
  const scene = sceneOfTests();
  let operators: Operator[];

  beforeEach(async () => {
    operators = [await Operator.of(scene().world, 7), await Operator.of(scene().world, 8)];
  });
  afterEach(async () => {
    await scene().world.client.setAutomine(true);
    for (const operator of operators) await operator.remove();
  });

  it("settles beside another one, and together they settle everything once", async () => {
    const { world, joe, ann, bob } = scene();
    const { client } = world;
    const offer = await scene().offer();
    const bids = await Promise.all([joe, ann, bob].map((by) => scene().bid(by, 1_000)));
    await world.pin(joe, [offer, ...bids]);
    await client.setAutomine(false);
    for (const operator of operators) await operator.start();
    // Both are on their way before a block comes, and go on while blocks come.
    await until("both have sent", async () => {
      const { transactions } = await client.getBlock({ blockTag: "pending" });
      return transactions.length === 2;
    });
    const outcomes = operators.map((operator) => operator.running.auctioneer);
    await until("nothing waits any more", async () => {
      await client.mine({ blocks: 1 });
      const waiting = await Promise.all(outcomes.map(({ metrics }) => metrics.waiting.get()));
      return waiting.every(({ values }) => values[0]?.value === 0);
    });
    expect(await scene().filled(offer)).to.equal(3_000n);
    for (const by of [joe, ann, bob]) expect(await scene().holds(by.address)).to.equal(1_000n);
    // Who came too late has paid for one transaction, and sends no second one.
    for (const { account } of operators) {
      expect(await client.getTransactionCount({ address: account.address })).to.equal(1);
    }
  });
});

describe("A relay that lies to an auctioneer", () => {
  const scene = sceneOfTests();
  let operator: Operator;
  let honest: TestRelay;
  let liar: Server | undefined;

  beforeEach(async () => {
    operator = await Operator.of(scene().world, 7);
    honest = await openRelay(scene().world);
  });
  afterEach(async () => {
    await operator.remove();
    await honest.stop();
    liar?.closeAllConnections();
    liar?.close();
  });

  /** A relay that answers every page with what it is told. */
  async function lying(page: (url: string) => unknown): Promise<string> {
    liar = createServer((request, response) => {
      response.setHeader("content-type", "application/json");
      const answer = page(request.url ?? "");
      response.end(typeof answer === "string" ? answer : JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => liar?.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(liar.address() as AddressInfo).port}`;
  }

  const asBook = (signed: SignedOrder, more: object = {}) => ({
    ...signedOrderToJson(signed),
    hash: `0x${"00".repeat(32)}`,
    signer: "maker",
    remainingWh: "1000000",
    state: "live",
    receivedAt: 0,
    updatedSequence: 1,
    ...more,
  });

  it("makes it trade nothing that was not signed, and keeps no honest order from it", async () => {
    const { joe, ann, bob, world } = scene();
    // Just enough for the two who have signed what is told: a lie that took part would take from them.
    const offer = await scene().offer({ energy: 2_000 });
    const [joes, anns, bobs] = [
      await scene().bid(joe, 1_000),
      await scene().bid(ann, 1_000),
      await scene().bid(bob, 1_000),
    ];
    const cancelled = await scene().bid(ann, 5_000);
    await world.market(ann, "cancel", [[cancelled.order.nonce]]);
    await honest.client.post([offer, joes].map(signedOrderToJson));
    const forged = { ...anns, order: { ...anns.order, energy: 9_000 } };
    const dearer = { ...bobs, order: { ...bobs.order, price: 900_000n } };
    const url = await lying(() => ({
      orders: [
        asBook(forged),
        asBook(dearer),
        asBook(cancelled),
        asBook(bobs, { remainingWh: "7" }),
        asBook(bobs, { signature: anns.signature }),
        { ...asBook(anns), order: { ...signedOrderToJson(anns).order, price: "-1" } },
        { ...asBook(anns), order: { ...signedOrderToJson(anns).order, firstSlot: 1e300 } },
        { order: null, signature: 7 },
      ],
      eventId: "x-1",
    }));
    const { auctioneer } = await operator.start({ relays: [url, honest.url] });
    await until("Joe and Bob have theirs", async () => (await scene().filled(offer)) === 2_000n);
    await until("nothing is left to do", async () => {
      await operator.stop();
      return (await auctioneer.round(new AbortController().signal)) === "idle";
    });
    expect(await scene().holds(joe.address)).to.equal(1_000n);
    expect(await scene().holds(bob.address)).to.equal(1_000n);
    expect(await scene().holds(ann.address)).to.equal(0n);
    const { address } = operator.account;
    expect(await world.client.getTransactionCount({ address })).to.equal(1);
    expect(operator.lines.join()).to.contain(`${url}: 3 of its orders are malformed`);
  });

  it("by pages without end, or no JSON at all, is named and hinders no other relay", async () => {
    const [offer, bid] = [await scene().offer(), await scene().bid(scene().joe, 1_000)];
    await honest.client.post([offer, bid].map(signedOrderToJson));
    const url = await lying((asked) =>
      asked.includes("cursor") ? "no JSON" : { orders: [], eventId: "x-1", nextCursor: "again" },
    );
    await operator.start({ relays: [url, honest.url] });
    await until("Joe has his", async () => (await scene().filled(offer)) === 1_000n);
    expect(operator.lines.join()).to.contain(url);
  });
});
