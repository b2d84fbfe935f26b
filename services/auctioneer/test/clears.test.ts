import { type SignedOrder, signedOrderToJson } from "@wattline/sdk";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { until } from "../../../scripts/testing/until.ts";
import { openRelay, type TestRelay } from "../../relay/test/support/relays.ts";
import { localAccount, RATION_WH, START_SLOT } from "../../relay/test/support/world.ts";
import { Operator } from "./support/operator.ts";
import { sceneOfTests } from "./support/scene.ts";

describe("An auctioneer", () => {
  const scene = sceneOfTests();
  let operator: Operator;
  let relays: TestRelay[];
  const signal = new AbortController().signal;

  beforeEach(async () => {
    operator = await Operator.of(scene().world, 7);
    relays = [];
  });
  afterEach(async () => {
    await operator.remove();
    for (const relay of relays) await relay.stop();
  });

  async function relayWith(...orders: readonly SignedOrder[]): Promise<TestRelay> {
    const relay = await openRelay(scene().world);
    relays.push(relay);
    const results = await relay.client.post(orders.map(signedOrderToJson));
    expect(results.map(({ status }) => status)).to.not.include("refused");
    return relay;
  }

  it("shares out a relay's limits equally when slots have ended and are reported", async () => {
    const { joe, ann, bob } = scene();
    const offer = await scene().offer();
    const orders = [
      offer,
      await scene().bid(joe, 1_000),
      await scene().bid(ann, 6_000),
      await scene().bid(bob, 6_000),
    ];
    const relay = await relayWith(...orders);
    await operator.start({ relays: [relay.url] });
    await until("all is sold", async () => (await scene().filled(offer)) === 8_000n);
    // Slot by slot a third each until Joe has what he asked for; then half each.
    expect(await scene().holds(joe.address)).to.equal(1_000n);
    const [anns, bobs] = [await scene().holds(ann.address), await scene().holds(bob.address)];
    expect(anns + bobs).to.equal(7_000n);
    // A Wh that is left over in a slot goes to one of them.
    expect(Number(anns)).to.be.within(3_492, 3_508);
  });

  it("reads the board when there is no relay", async () => {
    const offer = await scene().offer();
    await scene().world.pin(scene().joe, [offer, await scene().bid(scene().joe, 500)]);
    await operator.start();
    await until(
      "Joe has his energy",
      async () => (await scene().holds(scene().joe.address)) === 500n,
    );
  });

  it("fills what names it as settler, and leaves alone what names another", async () => {
    const { joe, ann, world } = scene();
    // Just enough for Joe: an order of Ann's that took part would take half of it from him.
    await world.pin(joe, [
      await scene().offer({ settler: operator.account.address, energy: 500 }),
      await scene().bid(joe, 500),
      await scene().bid(ann, 500, { settler: localAccount(9).address }),
    ]);
    const auctioneer = operator.byHand();
    expect(await auctioneer.round(signal)).to.equal("sent");
    expect(await scene().holds(joe.address)).to.equal(500n);
    expect(await auctioneer.round(signal)).to.equal("idle");
    expect(await scene().holds(ann.address)).to.equal(0n);
  });

  it("waits for meters to report, for as long after a slot as it is told", async () => {
    const { joe, world } = scene();
    const last = { firstSlot: START_SLOT + 7, lastSlot: START_SLOT + 7 };
    await world.pin(joe, [await scene().offer(last), await scene().bid(joe, 500, last)]);
    const auctioneer = operator.byHand({ waitMinutes: 15 });
    expect(await auctioneer.round(signal)).to.equal("idle");
    await world.passSlots(9);
    expect(await auctioneer.round(signal)).to.equal("sent");
    expect(await scene().holds(joe.address)).to.equal(500n);
  });

  it("sends nothing that trades less than it is told", async () => {
    const { joe, world } = scene();
    await world.pin(joe, [await scene().offer(), await scene().bid(joe, 99)]);
    expect(await operator.byHand({ leastWh: 100 }).round(signal)).to.equal("idle");
    expect(await operator.byHand({ leastWh: 99 }).round(signal)).to.equal("sent");
  });

  describe("with more matches than a transaction takes", () => {
    let bids: SignedOrder[];
    let relay: TestRelay;

    beforeEach(async () => {
      bids = [];
      for (let bid = 0; bid < 120; bid++) bids.push(await scene().bid(scene().joe, 40));
      relay = await relayWith(await scene().offer(), ...bids);
    });

    const unfilled = async (): Promise<SignedOrder[]> => {
      const filled = await Promise.all(bids.map((bid) => scene().filled(bid)));
      return bids.filter((_, index) => filled[index] === 0n);
    };

    it("shares out once, and sends that batch by batch", async () => {
      const auctioneer = operator.byHand({ relays: [relay.url] });
      expect(await auctioneer.round(signal)).to.equal("sent");
      expect(await unfilled()).to.not.deep.equal([]);
      // What it sends next it can't have read anew.
      await relay.stop();
      relays = [];
      expect(await auctioneer.round(signal)).to.equal("sent");
      expect(await unfilled()).to.deep.equal([]);
      expect(await auctioneer.round(signal)).to.equal("idle");
    });

    it("leaves out what has become invalid between two batches, and then shares out anew", async () => {
      const { joe, ann, world } = scene();
      const auctioneer = operator.byHand({ relays: [relay.url] });
      expect(await auctioneer.round(signal)).to.equal("sent");
      const [cancelled] = await unfilled();
      if (cancelled === undefined) throw new Error("All bids fit into one batch.");
      await world.market(joe, "cancel", [[cancelled.order.nonce]]);
      const late = await scene().bid(ann, 40);
      await relay.client.post([signedOrderToJson(late)]);
      expect(await auctioneer.round(signal)).to.equal("sent");
      expect(await unfilled()).to.deep.equal([cancelled]);
      expect(await scene().filled(late)).to.equal(0n);
      expect(await auctioneer.round(signal)).to.equal("sent");
      expect(await scene().filled(late)).to.equal(40n);
      expect(await auctioneer.round(signal)).to.equal("idle");
    });

    it("shares out anew after a minute, so that what came meanwhile has its turn", async () => {
      let now = Date.now();
      const auctioneer = operator.byHand({ relays: [relay.url] }, () => now);
      expect(await auctioneer.round(signal)).to.equal("sent");
      const late = await scene().bid(scene().ann, 40);
      await relay.client.post([signedOrderToJson(late)]);
      now += 61_000;
      expect(await auctioneer.round(signal)).to.equal("sent");
      expect(await unfilled()).to.deep.equal([]);
      expect(await scene().filled(late)).to.equal(40n);
    });
  });

  it("rations islanded slots by meter, whatever was bought before", async () => {
    const { joe, ann, bob, world } = scene();
    const [joes, bobs] = [await world.meter(joe.address), await world.meter(bob.address)];
    await world.setIslanded(true);
    const island = { firstSlot: START_SLOT + 9, lastSlot: START_SLOT + 9 };
    await world.passSlots(10);
    await world.report(scene().roof, new Map([[START_SLOT + 9, 1_000n]]));
    const mine = { ...island, meter: joes.address };
    await world.pin(joe, [
      await scene().offer({ ...island, energy: 450 }),
      await scene().bid(joe, 100, mine),
      await scene().bid(ann, 900, island),
    ]);
    const auctioneer = operator.byHand();
    expect(await auctioneer.round(signal)).to.equal("sent");
    expect(await scene().holds(joe.address)).to.equal(100n);
    await world.pin(joe, [
      await scene().bid(joe, 900, mine),
      await scene().bid(bob, 900, { ...island, meter: bobs.address }),
    ]);
    // Joe's ration has 150 Wh left; Bob gets the rest at once.
    expect(await auctioneer.round(signal)).to.equal("sent");
    expect(await scene().holds(joe.address)).to.equal(BigInt(RATION_WH));
    expect(await scene().holds(bob.address)).to.equal(200n);
    expect(await auctioneer.round(signal)).to.equal("idle");
    // Ann names no meter of her own.
    expect(await scene().holds(ann.address)).to.equal(0n);
  });
});
