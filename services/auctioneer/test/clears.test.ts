import { ANYONE, type SignedOrder, signedOrderToJson } from "@wattline/sdk";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { openRelay, type TestRelay } from "../../relay/test/support/relays.ts";
import { until } from "../../relay/test/support/until.ts";
import { localAccount, START_SLOT } from "../../relay/test/support/world.ts";
import { Operator } from "./support/operator.ts";
import { createScene, type Scene } from "./support/scene.ts";

describe("An auctioneer", () => {
  let scene: Scene;
  let operator: Operator;
  let relays: TestRelay[];

  before(async function () {
    this.timeout(60_000);
    scene = await createScene();
  });
  after(() => scene.close());
  beforeEach(async () => {
    await scene.reset();
    operator = await Operator.of(scene.world, 7);
    relays = [];
  });
  afterEach(async () => {
    await operator.remove();
    for (const relay of relays) await relay.stop();
  });

  async function relayWith(...orders: readonly SignedOrder[]): Promise<TestRelay> {
    const relay = await openRelay(scene.world);
    relays.push(relay);
    const results = await relay.client.post(orders.map(signedOrderToJson));
    expect(results.map(({ status }) => status)).to.not.include("refused");
    return relay;
  }

  it("shares out a relay's limits equally when slots have ended and are reported", async () => {
    const { joe, ann, bob } = scene;
    const offer = await scene.offer();
    const orders = [
      offer,
      await scene.bid(joe, 1_000),
      await scene.bid(ann, 6_000),
      await scene.bid(bob, 6_000),
    ];
    const relay = await relayWith(...orders);
    await operator.start({ relays: [relay.url] });
    await until("all is sold", async () => (await scene.filled(offer)) === 8_000n);
    // Slot by slot a third each until Joe has what he asked for; then half each.
    expect(await scene.holds(joe.address)).to.equal(1_000n);
    const [anns, bobs] = [await scene.holds(ann.address), await scene.holds(bob.address)];
    expect(anns + bobs).to.equal(7_000n);
    // A Wh that is left over in a slot goes to one of them.
    expect(Number(anns)).to.be.within(3_492, 3_508);
  });

  it("reads the board when there is no relay", async () => {
    const offer = await scene.offer();
    await scene.world.pin(scene.joe, [offer, await scene.bid(scene.joe, 500)]);
    await operator.start();
    await until("Joe has his energy", async () => (await scene.holds(scene.joe.address)) === 500n);
  });

  it("fills what names it as settler, and leaves alone what names another", async () => {
    const { joe, ann, world } = scene;
    await world.pin(joe, [
      await scene.offer({ settler: operator.account.address }),
      await scene.bid(joe, 500),
      await scene.bid(ann, 500, { settler: localAccount(9).address }),
    ]);
    const { auctioneer } = await operator.start();
    await until("Joe has his energy", async () => (await scene.holds(joe.address)) === 500n);
    expect(await auctioneer.round(new AbortController().signal)).to.equal("idle");
    expect(await scene.holds(ann.address)).to.equal(0n);
  });

  it("leaves slots alone that have not ended", async () => {
    const { joe, world } = scene;
    const late = { firstSlot: START_SLOT + 8, lastSlot: START_SLOT + 8 };
    await world.pin(joe, [await scene.offer(late), await scene.bid(joe, 500, late)]);
    const { auctioneer } = await operator.start();
    await operator.stop();
    expect(await auctioneer.round(new AbortController().signal)).to.equal("idle");
  });

  it("sends nothing when nothing is worth it", async () => {
    const { joe, world } = scene;
    await world.pin(joe, [await scene.offer(), await scene.bid(joe, 99, { settler: ANYONE })]);
    const { auctioneer } = await operator.start({ leastWh: 100 });
    await operator.stop();
    const block = await world.client.getBlockNumber();
    expect(await auctioneer.round(new AbortController().signal)).to.equal("idle");
    expect(await world.client.getBlockNumber()).to.equal(block);
  });
});
