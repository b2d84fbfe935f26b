import { FIRST_FIRM_NONCE } from "@wattline/sdk";
import { expect } from "chai";
import { afterADay, neighbours, scene } from "../support/neighbours.ts";
import { ANYONE, slots } from "../support/world.ts";

const P = 200_000n;
const FEE = 10_000n;

describe("a maker", () => {
  const get = scene(() => afterADay([{ price: P, fee: FEE }]));

  it("moves nobody's price by an offer or a wash pair of its own", async () => {
    const { world, jane, joe, ann, stranger } = get();
    const match = {
      offer: await world.limitOffer(jane, 80_000n),
      bid: await world.limitBid(joe, 300_000n),
      energyWh: slots(0, 1, 100n),
    };
    for (const own of [
      { offer: await world.limitOffer(jane, 290_000n), bid: await world.limitBid(ann, 300_000n) },
      { offer: await world.limitOffer(jane, 0n), bid: await world.limitBid(ann, 1n) },
      { offer: await world.offer(jane, { price: 1n }), bid: await world.limitBid(ann, 10n * P) },
    ]) {
      const batch = [{ ...own, energyWh: slots(0, 1, 1n) }, match];
      const matched = await world.eventsOf(world.settle(stranger, batch), "Matched");
      expect(matched.find(({ bidNonce }) => bidNonce === match.bid.order.nonce)?.cost).to.equal(
        100n * P,
      );
    }
  });

  it("gains nothing by standing between two limits", async () => {
    const { world, jane, joe, ann, stranger } = get();
    const energyWh = slots(0, 1, 100n);
    const [ask, bid] = [await world.limitOffer(jane, 80_000n), await world.limitBid(joe, 300_000n)];
    const before = await world.moneyOf(ann.owner);
    const sent = await world.settle(stranger, [
      { offer: ask, bid: await world.bid(ann, { price: 90_000n }), energyWh },
      { offer: await world.offer(ann, { price: 290_000n }), bid, energyWh },
    ]);
    expect(await world.skippedBy(sent)).to.deep.equal([
      "Deals_PricesDontMeet",
      "Deals_PricesDontMeet",
    ]);
    expect(await world.moneyOf(ann.owner)).to.equal(before);
  });

  it("who cancels at the last moment, or can't pay, sinks nobody else", async () => {
    const { world, jane, joe, ann, stranger } = get();
    const energyWh = slots(0, 1, 100n);
    const offer = await world.limitOffer(jane, 0n);
    const [cancelled, broke, good] = [
      await world.limitBid(ann, 300_000n),
      await world.sign(
        world.order(joe, { side: 1, maker: stranger.address, price: 300_000n, settler: ANYONE }),
        stranger,
      ),
      await world.limitBid(joe, 300_000n),
    ];
    await world.marketplace.connect(ann.owner.signer).cancel([cancelled.order.nonce]);
    const sent = await world.settle(
      stranger,
      [cancelled, broke, good].map((bid) => ({ offer, bid, energyWh })),
    );
    expect(await world.skippedBy(sent)).to.deep.equal([
      "Orders_IsCancelled",
      "Escrow_InsufficientBalance",
    ]);
    expect(await world.whOf(joe.owner, 0, 2)).to.equal(100n);
  });

  it("of a critical bid for everything, or for 1 Wh at no price, blocks nobody", async () => {
    const { world, jane, joe, ann, stranger } = get();
    await world.microgrids.connect(world.operator.signer).setIslanded(2, true);
    await world.meters.connect(world.operator.signer).setCritical(ann.device.address, true);
    await world.passSlots(104);
    await world.report(jane, slots(97, 2, 1_000n));
    const open = { lastSlot: 2 ** 32 - 1 };
    const offer = await world.limitOffer(jane, 0n, open);
    const greedy = await world.limitBid(ann, 0n, { ...open, energy: 2 ** 31 - 1 });
    const bid = await world.limitBid(joe, 300_000n, open);
    const energyWh = slots(97, 1, 100n);
    const sent = await world.settle(stranger, [
      { offer, bid: greedy, energyWh },
      { offer, bid, energyWh },
    ]);
    expect(await world.skippedBy(sent)).to.deep.equal(["Deals_PricesDontMeet"]);
    expect(await world.whOf(joe.owner, 97, 2)).to.equal(100n);
  });

  it("can't sell energy of islanded slots abroad or above the cap once the island has ended", async () => {
    const { world, jane, joe } = get();
    const operator = world.operator.signer;
    await world.microgrids.connect(operator).setIslanded(2, true);
    await world.passSlots(104);
    await world.report(jane, slots(97, 2, 1_000n));
    await world.microgrids.connect(operator).setIslanded(2, false);
    const far = await world.found();
    await world.join(2, far, { lossBps: 0, capacity: 1_000, wheelingUp: 0n, wheelingDown: 0n });
    const open = { lastSlot: 2 ** 32 - 1, crosses: true };
    const reasonFor = async (price: bigint, microgrid: number) => {
      const offered = await world.offer(jane, { ...open, price });
      const meter = joe.device.address;
      const attempt = world.accept(joe.owner, offered, slots(97, 1, 10n), { microgrid, meter });
      return expect(attempt)
        .to.be.revertedWithCustomError(world.marketplace, "Deals_NothingLeft")
        .withArgs(
          0,
          0,
          world.marketplace.interface.getError(
            microgrid === 2 ? "Deals_PricesDontMeet" : "Deals_Islanded",
          )?.selector,
        );
    };
    await reasonFor(100_000n, far);
    await reasonFor(250_000n - FEE + 1n, 2);
  });

  it("and its own second account can't buy above the ration by settling themselves", async () => {
    const { world, jane, joe } = get();
    await world.microgrids.connect(world.operator.signer).setIslanded(2, true);
    await world.passSlots(104);
    await world.report(jane, slots(97, 2, 16_000n));
    const open = { lastSlot: 2 ** 32 - 1 };
    const offer = await world.limitOffer(jane, 0n, open);
    const [mine, none] = [
      await world.limitBid(joe, 300_000n, open),
      await world.limitBid(joe, 300_000n, { ...open, meter: jane.device.address }),
    ];
    const energyWh = slots(97, 1, 16_000n);
    const sent = await world.settle(jane.owner, [
      { offer, bid: mine, energyWh },
      { offer, bid: mine, energyWh },
      { offer, bid: none, energyWh },
    ]);
    expect(await world.skippedBy(sent)).to.deep.equal(["Deals_Rationed", "Deals_Rationed"]);
    expect(await world.whOf(joe.owner, 97, 2)).to.equal(250n);
  });

  it("can't thin what it has promised by promising itself more", async () => {
    const { world, jane, joe } = get();
    const day = 104;
    const open = { lastSlot: 2 ** 32 - 1, forward: true, price: 0n };
    const second = await world.person();
    await world.fund(second);
    const first = await world.positionsOf(
      world.reserve(joe.owner, await world.offer(jane, open), slots(day, 1, 500n), {
        microgrid: 2,
      }),
    );
    const own = await world.positionsOf(
      world.reserve(second, await world.offer(jane, open), slots(day, 1, 2_000n), { microgrid: 2 }),
    );
    await world.passSlots(day + 8);
    await world.report(jane, slots(day, 1, 500n));
    await world.marketplace
      .connect(second.signer)
      .release([...own, ...first].map((position) => ({ position, blocks: 1n })));
    expect(await world.whOf(joe.owner, day, 2)).to.equal(500n);
    expect(await world.whOf(second, day, 2)).to.equal(0n);
  });
});

describe("a maker who locked its money", () => {
  const get = scene(afterADay);

  it("can't spend it on 1 Wh of a second account of its own, nor void what the island relied on", async () => {
    const { world, joe, ann, stranger } = get();
    const market = world.marketplace.connect(joe.owner.signer);
    await market.lock(
      world.addresses.euro,
      stranger.address,
      stranger.address,
      (await world.networkHelpers.time.latest()) + 86_400,
    );
    const dear = await world.bid(joe, { price: 100_000_000n, energy: 1 });
    await world.report(ann, slots(0, 1, 10n));
    await expect(
      world.accept(ann.owner, dear, slots(0, 1, 1n), { microgrid: 2 }),
    ).to.be.revertedWithCustomError(world.marketplace, "Escrow_Locked");
  });
});

describe("a seller who defaults", () => {
  const get = scene(neighbours);

  it("gains nothing by reporting after the deadline: what was promised is kept for its buyer", async () => {
    const { world, jane, joe } = get();
    const offered = await world.offer(jane, { forward: true, price: 100_000n, bond: 20_000n });
    const [position] = await world.positionsOf(
      world.reserve(joe.owner, offered, slots(8, 1, 1_000n), { microgrid: 2 }),
    );
    await world.passSlots(96 + 3 * 96);
    await world.report(jane, slots(8, 1, 1_000n));
    expect(await world.whOf(jane.owner, 8, 2)).to.equal(0n);
    await world.marketplace.connect(jane.owner.signer).release([{ position, blocks: 1n }]);
    expect(await world.whOf(joe.owner, 8, 2)).to.equal(1_000n);
  });
});

describe("a maker at the edges of what numbers hold", () => {
  const get = scene(() => afterADay([{ price: P }]));
  const MOST = 2n ** 31n - 1n;

  it("who fills a lane to its last bit neither cancels that order nor touches the next one's", async () => {
    const { world, jane, joe } = get();
    const giant = await world.meter(jane.owner, { microgrid: 2, capacityW: Number(MOST) });
    await world.passSlots(110);
    // A quarter of an hour at that power, four times over.
    const quarter = slots(100, 4, 2n ** 29n);
    await world.report(giant, quarter);
    const open = { lastSlot: 2 ** 32 - 1, price: 0n, energy: 2 ** 32 - 1 };
    const offer = await world.offer(giant, { ...open, nonce: 2n ** 62n + 6n });
    await world.accept(joe.owner, offer, quarter, { microgrid: 2 });
    const of = (nonce: bigint) => world.marketplace.fillOf(jane.owner.address, nonce);
    expect([...(await of(2n ** 62n + 6n))]).to.deep.equal([MOST, false]);
    for (const nonce of [2n ** 62n + 5n, 2n ** 62n + 7n, 2n ** 62n + 8n]) {
      expect([...(await of(nonce))]).to.deep.equal([0n, false]);
    }
    await expect(world.accept(joe.owner, offer, slots(103, 1, 1n), { microgrid: 2 }))
      .to.be.revertedWithCustomError(world.marketplace, "Deals_NothingLeft")
      .withArgs(0, 0, world.marketplace.interface.getError("Orders_Filled")?.selector);
  });

  it("has ordinary orders up to nonce 2^63 - 1, and from then on firm ones that need a lock", async () => {
    const { world, jane, joe } = get();
    const market = world.marketplace.connect(jane.owner.signer);
    const last = await world.offer(jane, { nonce: FIRST_FIRM_NONCE - 1n });
    await world.accept(joe.owner, last, slots(0, 1, 1n), { microgrid: 2 });
    await market.cancel([FIRST_FIRM_NONCE - 1n]);
    for (const nonce of [FIRST_FIRM_NONCE, 2n ** 64n - 1n]) {
      await expect(market.cancel([nonce])).to.be.revertedWithCustomError(market, "Orders_Firm");
      const firm = await world.offer(jane, { nonce });
      await expect(
        world.accept(joe.owner, firm, slots(0, 1, 1n), { microgrid: 2 }),
      ).to.be.revertedWithCustomError(market, "Orders_NoLock");
    }
  });

  it("whose lock is in one currency has no firm order in another, nor for another settler", async () => {
    const { world, jane, joe, ann, stranger } = get();
    const other = await world.ethers.deployContract("TestEuro");
    const currency = (await other.getAddress()) as `0x${string}`;
    const grid = await world.found([{ price: P }], { charterOf: { currency } });
    const [sells, buys] = [
      await world.meter(jane.owner, { microgrid: grid }),
      await world.meter(joe.owner, { microgrid: grid }),
    ];
    const end = (await world.networkHelpers.time.latest()) + 86_400;
    await world.marketplace
      .connect(joe.owner.signer)
      .lock(world.addresses.euro, stranger.address, stranger.address, end);
    const firm = { nonce: FIRST_FIRM_NONCE, settler: stranger.address, deadline: end };
    const energyWh = slots(0, 1, 10n);
    const sent = await world.settle(stranger, [
      {
        offer: await world.limitOffer(sells, 0n),
        bid: await world.limitBid(buys, 300_000n, firm),
        energyWh,
      },
      {
        offer: await world.limitOffer(jane, 0n),
        bid: await world.limitBid(joe, 300_000n, { ...firm, settler: ANYONE }),
        energyWh,
      },
      {
        offer: await world.limitOffer(jane, 0n),
        bid: await world.limitBid(joe, 300_000n, { ...firm, deadline: end + 1 }),
        energyWh,
      },
      {
        offer: await world.limitOffer(jane, 0n),
        bid: await world.limitBid(joe, 300_000n, { ...firm, nonce: FIRST_FIRM_NONCE + 1n }),
        energyWh,
      },
    ]);
    expect(await world.skippedBy(sent)).to.deep.equal([
      "Orders_NoLock",
      "Orders_NoLock",
      "Orders_NoLock",
    ]);
    const filled = (settler: string) =>
      world.marketplace.firmFillOf(
        joe.owner.address,
        world.addresses.euro,
        settler,
        FIRST_FIRM_NONCE + 1n,
      );
    expect(await filled(stranger.address)).to.equal(10n);
    expect(await filled(ann.owner.address)).to.equal(0n);
  });
});
