import { expect } from "chai";
import {
  createWorld,
  energyIn,
  type MeterOf,
  type Person,
  slot,
  slots,
  type World,
} from "../support/world.ts";

describe("taking a posted price", () => {
  let world: World;
  let jane: Person;
  let joe: Person;
  let roof: MeterOf;
  let flat: MeterOf;

  const scene = async () => {
    const made = await createWorld();
    const [seller, buyer] = [await made.person("jane"), await made.person("joe")];
    const [sells, buys] = [await made.meter(seller), await made.meter(buyer)];
    await made.passSlots(96);
    await made.report(sells, slots(0, 96, 1_000n));
    await made.fund(buyer);
    return { made, seller, buyer, sells, buys };
  };
  let scened: Awaited<ReturnType<typeof scene>>;
  before(async () => {
    scened = await scene();
    ({ made: world, seller: jane, buyer: joe, sells: roof, buys: flat } = scened);
    snapshot = await world.networkHelpers.takeSnapshot();
  });
  let snapshot: Awaited<ReturnType<World["networkHelpers"]["takeSnapshot"]>>;
  beforeEach(() => snapshot.restore());
  after(() => world.close());

  it("costs exactly price x Wh, to the thousandth", async () => {
    const before = await world.moneyOf(joe);
    const posted = await world.offer(roof, { price: 200_001n });
    await world.accept(joe, posted, energyIn({ 0: 7n, 9: 1n }));
    expect(await world.moneyOf(joe)).to.equal(before - 8n * 200_001n);
    expect(await world.moneyOf(jane)).to.equal(8n * 200_001n);
    expect(await world.whOf(joe, 9)).to.equal(1n);
    expect(await world.whOf(jane, 0)).to.equal(993n);
  });

  it("a bid pays its price, the fee comes out of it", async () => {
    await world.found([{ fee: 10_000n }]);
    const meter = await world.meter(joe, { microgrid: 2 });
    const sells = await world.meter(jane, { microgrid: 2 });
    await world.passSlots(200);
    await world.report(sells, slots(192, 8, 100n));
    const posted = await world.bid(meter, { price: 150_000n });
    await world.accept(jane, posted, slots(192, 8, 100n), { microgrid: 2 });
    expect(await world.moneyOf(jane)).to.equal(800n * 140_000n);
    expect(await world.moneyOf(world.dso)).to.equal(800n * 10_000n);
  });

  it("is cut to what is left of the order, earliest slot first", async () => {
    const posted = await world.offer(roof, { energy: 250 });
    await world.accept(joe, posted, slots(0, 3, 100n));
    expect(await world.whOf(joe, 1)).to.equal(100n);
    expect(await world.whOf(joe, 2)).to.equal(50n);
    await expect(world.accept(joe, posted, slots(4, 1, 1n)))
      .to.be.revertedWithCustomError(world.marketplace, "Deals_NothingLeft")
      .withArgs(0, 0, selector("Orders_Filled"));
  });

  it("leaves nothing of an order whose number a larger one has filled beyond it", async () => {
    const larger = await world.offer(roof, { nonce: 7n, energy: 250 });
    const smaller = await world.offer(roof, { nonce: 7n, energy: 100 });
    await world.accept(joe, larger, slots(0, 2, 100n));
    await expect(world.accept(joe, smaller, slots(4, 1, 1n)))
      .to.be.revertedWithCustomError(world.marketplace, "Deals_NothingLeft")
      .withArgs(0, 0, selector("Orders_Filled"));
  });

  it("goes over 256 blocks of slots at most", async () => {
    const posted = await world.offer(roof, { energy: 250 });
    const over = (blocks: number) => new Map([...slots(0, 8 * blocks, 0n), ...slots(0, 96, 1n)]);
    await expect(world.accept(joe, posted, over(257), { leastWh: 1 }))
      .to.be.revertedWithCustomError(world.marketplace, "Deals_TooLong")
      .withArgs(257);
    await world.accept(joe, posted, over(256), { leastWh: 96 });
    expect(await world.whOf(joe, 95)).to.equal(1n);
  });

  it("refuses less than the taker wants", async () => {
    const posted = await world.offer(roof, { lastSlot: slot(1) });
    await expect(world.accept(joe, posted, slots(0, 3, 100n), { leastWh: 201 }))
      .to.be.revertedWithCustomError(world.marketplace, "Deals_NothingLeft")
      .withArgs(200, 201, selector("Deals_OutsideSlots"));
    await world.accept(joe, posted, slots(0, 3, 100n), { leastWh: 200 });
  });

  it("gives no reason of a slot that was not asked for", async () => {
    // Where prices change by the hour, slots are looked at one by one.
    const levelOfHour = 1n << 46n;
    const grid = await world.found([{ fee: 0n }, { fee: 1_000n }], { levelOfHour });
    const sells = await world.meter(jane, { microgrid: grid });
    await world.passSlots(200);
    await world.report(sells, slots(192, 8, 200n));
    const posted = await world.offer(sells, { firstSlot: slot(194) });
    const there = { microgrid: grid, leastWh: 101 };
    await expect(world.accept(joe, posted, slots(194, 1, 100n), there))
      .to.be.revertedWithCustomError(world.marketplace, "Deals_NothingLeft")
      .withArgs(100, 101, selector("Deals_NothingLeft"));
  });

  it("keeps the taker's limit per kWh, all in", async () => {
    await world.found([{ fee: 10_000n }]);
    const sells = await world.meter(jane, { microgrid: 2 });
    const buys = await world.meter(joe, { microgrid: 2 });
    await world.passSlots(200);
    await world.report(sells, slots(192, 1, 1_000n));
    const offered = await world.offer(sells, { price: 190_000n });
    const limited = (limit: bigint) => ({ microgrid: 2, limit });
    await expect(
      world.accept(joe, offered, slots(192, 1, 10n), limited(199_999n)),
    ).to.be.revertedWithCustomError(world.marketplace, "Deals_LimitMissed");
    await world.accept(joe, offered, slots(192, 1, 10n), limited(200_000n));
    const wanted = await world.bid(buys, { price: 190_000n });
    await expect(
      world.accept(jane, wanted, slots(192, 1, 10n), limited(180_001n)),
    ).to.be.revertedWithCustomError(world.marketplace, "Deals_LimitMissed");
    await world.accept(jane, wanted, slots(192, 1, 10n), limited(180_000n));
  });

  it("takes any number as the taker's limit", async () => {
    const offered = await world.offer(roof, { energy: 250 });
    // Times ten Wh, it is 0 in 256 bits.
    await world.accept(joe, offered, slots(0, 1, 10n), { limit: 2n ** 255n });
    expect(await world.whOf(joe, 0)).to.equal(10n);
  });

  it("goes by the level of each slot's hour at the community's clock", async () => {
    // Hour 0 of the community's day is 23:00 UTC: of the tests' slots 0 to 3 are hour 1, 4 to 7 hour 2.
    const levelOfHour = 1n << (2n * 2n);
    const grid = await world.found([{ fee: 0n }, { fee: 30_000n }], { levelOfHour, offset: 60 });
    const sells = await world.meter(jane, { microgrid: grid });
    await world.passSlots(200);
    await world.report(sells, slots(192, 8, 10n));
    const before = await world.moneyOf(joe);
    await world.accept(joe, await world.offer(sells, { price: 100_000n }), slots(192, 8, 10n), {
      microgrid: grid,
    });
    expect(before - (await world.moneyOf(joe))).to.equal(40n * 100_000n + 40n * 130_000n);
    expect(await world.moneyOf(world.dso)).to.equal(40n * 30_000n);
  });

  it("goes by the schedule that it names, in that schedule's slots", async () => {
    const grid = await world.found();
    const sells = await world.meter(jane, { microgrid: grid });
    await world.passSlots(200);
    await world.report(sells, slots(192, 8, 10n));
    await world.microgrids
      .connect(world.operator.signer)
      .schedule(grid, slot(12 * 96), 0, [
        { price: 100_000n, fee: 90_000n, cap: 1n, feedIn: 0n, retail: 0n },
      ]);
    const offered = await world.offer(sells);
    await expect(world.accept(joe, offered, slots(192, 8, 10n), { microgrid: grid, schedule: 1 }))
      .to.be.revertedWithCustomError(world.marketplace, "Deals_NothingLeft")
      .withArgs(0, 0, selector("Deals_OutsideSlots"));
    await world.accept(joe, offered, slots(192, 8, 10n), { microgrid: grid, schedule: 0 });
    expect(await world.moneyOf(world.dso)).to.equal(0n);
  });

  it("names what is wrong with an order", async () => {
    const refused = async (overrides: object, error: string) =>
      expect(
        world.accept(joe, await world.offer(roof, overrides), slots(0, 1, 1n)),
      ).to.be.revertedWithCustomError(world.marketplace, error);
    await refused({ deadline: 1 }, "Orders_Expired");
    await refused({ counter: 1n }, "Orders_CounterRaised");
    await refused({ counterparty: jane.address }, "Orders_NotCounterparty");
    await refused({ sources: 2 }, "Orders_SourceNotNamed");
    await refused({ forward: true }, "Spot_IsForward");
    await refused({ maker: joe.address }, "Orders_BadSignature");
    const own = await world.offer(roof);
    await expect(world.accept(jane, own, slots(0, 1, 1n))).to.be.revertedWithCustomError(
      world.marketplace,
      "Deals_SelfTrade",
    );
    await expect(
      world.accept(jane, await world.bid(flat, { price: 2n ** 90n }), slots(0, 1, 1n)),
    ).to.be.revertedWithCustomError(world.marketplace, "Escrow_InsufficientBalance");
  });

  it("loses on a line what the slot's flow loses, and pays the wheeling charge to both DSOs", async () => {
    const far = await world.person("far dso");
    const there = await world.found([{}], { dsoOf: far.address });
    await world.join(1, there, {
      lossBps: 300,
      capacity: 100,
      wheelingUp: 10_001n,
      wheelingDown: 0n,
    });
    const posted = await world.offer(roof, { price: 100_000n, crosses: true });
    const before = await world.moneyOf(joe);
    // Of 33 Wh one is lost; of 33 more, as 66 lose 2, another one; then 34 have room, of which 100 lose 3 in all.
    for (const _ of [1, 2, 3]) {
      await world.accept(joe, posted, slots(0, 1, 33n), { microgrid: there });
    }
    await expect(
      world.accept(joe, posted, slots(0, 1, 33n), { microgrid: there, leastWh: 2 }),
    ).to.be.revertedWithCustomError(world.marketplace, "Deals_NothingLeft");
    expect(await world.whOf(joe, 0, there)).to.equal(96n);
    expect(before - (await world.moneyOf(joe))).to.equal(99n * 110_001n);
    expect(await world.moneyOf(world.dso)).to.equal(((33n * 10_001n) / 2n) * 3n);
    expect((await world.moneyOf(world.dso)) + (await world.moneyOf(far))).to.equal(99n * 10_001n);
  });

  const selector = (error: string): string =>
    world.marketplace.interface.getError(error)?.selector ?? error;
});
