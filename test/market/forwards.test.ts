import { expect } from "chai";
import {
  createWorld,
  DAY,
  energyIn,
  type MeterOf,
  START,
  slot,
  slots,
  type World,
} from "../support/world.ts";

describe("forwards", () => {
  let world: World;
  let jane: MeterOf;
  let joe: MeterOf;
  let ann: MeterOf;
  let snapshot: Awaited<ReturnType<World["networkHelpers"]["takeSnapshot"]>>;

  before(async () => {
    world = await createWorld();
    const home = async () => {
      const meter = await world.meter(await world.person());
      await world.fund(meter.owner);
      return meter;
    };
    [jane, joe, ann] = [await home(), await home(), await home()];
    snapshot = await world.networkHelpers.takeSnapshot();
  });
  beforeEach(() => snapshot.restore());
  after(() => world.close());

  const forward = { forward: true, bond: 50_000n, price: 100_000n };
  const reserved = async (
    by: MeterOf,
    wh: bigint,
    overrides: object = {},
    first = 8,
    count = 2,
  ) => {
    const offered = await world.offer(jane, { ...forward, ...overrides });
    const [position] = await world.positionsOf(
      world.reserve(by.owner, offered, slots(first, count, wh)),
    );
    if (position === undefined) throw new Error("Nothing was reserved.");
    return position;
  };
  const release = (by: MeterOf, position: Position, blocks = 1n) =>
    world.marketplace.connect(by.owner.signer).release([{ position, blocks }]);
  const whole = async () => {
    const people = [jane, joe, ann].map(({ owner }) => owner);
    const money = await Promise.all([...people, world.dso].map(world.moneyOf));
    return money.reduce((total, each) => total + each, 0n);
  };

  it("locks payment and bond, and delivers when the meter has reported", async () => {
    const total = await whole();
    const position = await reserved(joe, 100n);
    expect(await whole()).to.equal(total - 200n * 150_000n);
    const [early] = await world.eventsOf(release(ann, position), "NotReleased");
    expect(world.nameOf(early?.reason)).to.equal("Forwards_NotReported");
    await world.passSlots(96);
    await world.report(jane, slots(8, 2, 300n));
    expect(await world.whOf(jane.owner, 8)).to.equal(200n);
    const before = await world.moneyOf(jane.owner);
    await release(ann, position);
    expect(await world.whOf(joe.owner, 8)).to.equal(100n);
    expect((await world.moneyOf(jane.owner)) - before).to.equal(200n * 150_000n);
    expect(await whole()).to.equal(total);
    const [late] = await world.eventsOf(release(ann, position), "NotReleased");
    expect(world.nameOf(late?.reason)).to.equal("Forwards_NotOpen");
  });

  it("serves the first promise first, in whole Wh, in any order of releases", async () => {
    const first = await reserved(joe, 100n, {}, 8, 1);
    const second = await reserved(ann, 100n, {}, 8, 1);
    expect(second.ahead).to.deep.equal([100n]);
    await world.passSlots(96);
    await world.report(jane, slots(8, 1, 130n));
    const bonds = await world.moneyOf(ann.owner);
    await release(ann, second);
    await release(ann, first);
    expect(await world.whOf(joe.owner, 8)).to.equal(100n);
    expect(await world.whOf(ann.owner, 8)).to.equal(30n);
    // 70 Wh come back, with the bond.
    expect((await world.moneyOf(ann.owner)) - bonds).to.equal(70n * 150_000n);
  });

  it("lets a buyer refuse a place behind others", async () => {
    await reserved(joe, 100n, {}, 8, 1);
    const offered = await world.offer(jane, forward);
    await expect(
      world.reserve(ann.owner, offered, slots(8, 1, 10n), { mostAhead: 99 }),
    ).to.be.revertedWithCustomError(world.meters, "Meters_TooFarBehind");
    await world.reserve(ann.owner, offered, slots(8, 1, 10n), { mostAhead: 100 });
  });

  it("sells no slot that has started", async () => {
    await world.passTo(START + 2 * 900);
    const offered = await world.offer(jane, forward);
    const [position] = await world.positionsOf(world.reserve(joe.owner, offered, slots(0, 8, 10n)));
    expect([...(position?.energy.entries() ?? [])].map(([, word]) => word)).to.deep.equal([
      Array.from({ length: 5 }, (_, i) => 10n << BigInt(32 * (i + 3))).reduce((a, b) => a | b),
    ]);
  });

  it("lets the buyer, and 30 days later anyone, call what is overdue undelivered", async () => {
    const position = await reserved(joe, 100n, {}, 8, 2);
    await world.passSlots(96);
    await world.report(jane, energyIn({ 8: 60n }));
    const call = (by: MeterOf) =>
      world.marketplace.connect(by.owner.signer).undelivered([{ position, blocks: 1n }]);
    const reason = async (by: MeterOf) => {
      const [refused] = await world.eventsOf(call(by), "NotReleased");
      return refused === undefined ? "" : world.nameOf(refused.reason);
    };
    expect(await reason(joe)).to.equal("Forwards_NotOverdue");
    await world.passTo(START + 96 * 900 + 2 * DAY);
    expect(await reason(ann)).to.equal("Forwards_NotOverdue");
    const before = await world.moneyOf(joe.owner);
    expect(await reason(joe)).to.equal("");
    expect((await world.moneyOf(joe.owner)) - before).to.equal(140n * 150_000n);
    expect(await world.whOf(joe.owner, 8)).to.equal(60n);

    await snapshot.restore();
    const other = await reserved(joe, 100n, {}, 8, 1);
    await world.passTo(START + 96 * 900 + 32 * DAY);
    await world.marketplace
      .connect(ann.owner.signer)
      .undelivered([{ position: other, blocks: 1n }]);
    expect(await world.marketplace.openOf(await world.marketplace.positionId(other))).to.equal(0n);
  });

  it("matches forwards of limits at the one price of their slots", async () => {
    const offer = await world.limitOffer(jane, 0n, { forward: true, bond: 50_000n });
    const bid = await world.limitBid(joe, 300_000n, { forward: true, bond: 60_000n });
    const energyWh = slots(8, 4, 10n);
    expect(
      await world.skippedBy(world.settle(ann.owner, [{ offer, bid, energyWh }])),
    ).to.deep.equal(["Deals_BondTooSmall"]);
    const lenient = await world.limitBid(joe, 300_000n, { forward: true, bond: 40_000n });
    const [event] = await world.eventsOf(
      world.settle(ann.owner, [{ offer, bid: lenient, energyWh }]),
      "Reserved",
    );
    expect([event?.locked, event?.bonded]).to.deep.equal([40n * 200_000n, 40n * 50_000n]);
  });

  it("leaves slots that start seven days ahead or later to reserve", async () => {
    const far = 7 * 96 + 8;
    const lastSlot = slot(far + 8);
    const offer = await world.limitOffer(jane, 0n, { forward: true, lastSlot });
    const bid = await world.limitBid(joe, 300_000n, { forward: true, lastSlot });
    expect(
      await world.skippedBy(
        world.settle(ann.owner, [{ offer, bid, energyWh: slots(far, 2, 10n) }]),
      ),
    ).to.deep.equal(["Deals_OutOfTime"]);
    await world.reserve(
      joe.owner,
      await world.offer(jane, { ...forward, lastSlot }),
      slots(far, 2, 10n),
    );
  });

  it("keeps the sellers' wheeling charge for the DSOs, and gives the line back, where nothing is delivered", async () => {
    const there = await world.found();
    await world.join(1, there, {
      lossBps: 500,
      capacity: 100,
      wheelingUp: 20_000n,
      wheelingDown: 0n,
    });
    const total = await whole();
    const offered = await world.offer(jane, { ...forward, crosses: true });
    const sent = await world.reserve(joe.owner, offered, slots(8, 1, 100n), { microgrid: there });
    const [position] = await world.positionsOf(sent);
    const [event] = await world.eventsOf(sent, "Reserved");
    expect(event?.bonded).to.equal(100n * 70_000n);
    if (position === undefined) throw new Error("Nothing was reserved.");
    const block = position.firstBlock;
    expect(await world.marketplace.flowOf(1, there, block)).to.equal(100n);
    await world.passSlots(96);
    await world.report(jane, slots(8, 1, 40n));
    await release(ann, position);
    expect(await world.marketplace.flowOf(1, there, block)).to.equal(40n);
    expect(await world.whOf(joe.owner, 8, there)).to.equal(38n);
    expect(await world.moneyOf(world.dso)).to.equal(100n * 20_000n);
    expect(await whole()).to.equal(total);
  });
});

type Position = Awaited<ReturnType<World["positionsOf"]>>[number];
