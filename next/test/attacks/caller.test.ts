import { expect } from "chai";
import { zeroAddress } from "viem";
import { afterADay, neighbours, scene } from "../support/neighbours.ts";
import { FIRST_FIRM } from "../support/orders.ts";
import { DAY, slots } from "../support/world.ts";

const P = 200_000n;

describe("who calls settle", () => {
  const get = scene(() => afterADay([{ price: P }]));
  const energyWh = slots(0, 1, 100n);

  it("can't fill limits that name another settler", async () => {
    const { world, jane, joe, ann, stranger } = get();
    const offer = await world.limitOffer(jane, 0n, { settler: stranger.address });
    const bid = await world.limitBid(joe, 300_000n);
    expect(
      await world.skippedBy(world.settle(ann.owner, [{ offer, bid, energyWh }])),
    ).to.deep.equal(["Orders_NotSettler"]);
  });

  it("gains nothing by cutting a match into parts, or by its own orders between", async () => {
    const { world, jane, joe, ann, stranger } = get();
    const offer = await world.limitOffer(jane, 0n);
    const bid = await world.limitBid(joe, 300_000n);
    const own = await world.limitBid(ann, 300_000n);
    const before = await world.moneyOf(joe.owner);
    const one = slots(0, 1, 1n);
    await world.settle(
      stranger,
      Array.from({ length: 100 }, (_, i) => ({
        offer,
        bid: i % 2 === 0 ? bid : own,
        energyWh: one,
      })),
    );
    expect(before - (await world.moneyOf(joe.owner))).to.equal(50n * P);
  });

  it("can't have a match sink others: not by lack of energy, nor by a full line", async () => {
    const { world, jane, joe, ann, stranger } = get();
    const far = await world.found();
    await world.join(2, far, { lossBps: 9_000, capacity: 10, wheelingUp: 0n, wheelingDown: 0n });
    const abroad = await world.meter(joe.owner, { microgrid: far });
    const bid = await world.limitBid(joe, 300_000n);
    const sent = await world.settle(stranger, [
      { offer: await world.limitOffer(ann, 0n), bid, energyWh },
      {
        offer: await world.limitOffer(jane, 0n, { crosses: true }),
        bid: await world.limitBid(abroad, 2n ** 60n, { crosses: true }),
        energyWh: slots(0, 1, 1n),
      },
      { offer: await world.limitOffer(jane, 0n), bid, energyWh },
    ]);
    expect(await world.skippedBy(sent)).to.deep.equal(["Deals_NotCovered", "Deals_LineFull"]);
    expect(await world.whOf(joe.owner, 0, 2)).to.equal(100n);
  });

  it("can't choose a schedule that does not hold for the slots", async () => {
    const { world, jane, joe, stranger } = get();
    const match = {
      offer: await world.limitOffer(jane, 0n),
      bid: await world.limitBid(joe, 300_000n),
      energyWh,
    };
    expect(
      await world.skippedBy(world.settle(stranger, [{ ...match, schedule: 1 }])),
    ).to.deep.equal(["Deals_OutsideSlots"]);
  });

  it("who is a lock's settler can't fill firm orders beyond what was signed, or twice in another currency's name", async () => {
    const { world, jane, joe, stranger } = get();
    const end = (await world.networkHelpers.time.latest()) + DAY;
    await world.marketplace
      .connect(joe.owner.signer)
      .lock(world.addresses.euro, stranger.address, zeroAddress, end);
    const offer = await world.limitOffer(jane, 0n);
    const bid = await world.limitBid(joe, 300_000n, {
      nonce: FIRST_FIRM,
      settler: stranger.address,
      deadline: end,
      energy: 150,
    });
    const sent = await world.settle(
      stranger,
      [1, 2, 3].map(() => ({ offer, bid, energyWh })),
    );
    expect(await world.skippedBy(sent)).to.deep.equal(["Orders_Filled"]);
    expect(await world.whOf(joe.owner, 0, 2)).to.equal(150n);
  });

  it("reverts nothing but what it got wrong itself", async () => {
    const { world, jane, joe, stranger } = get();
    const [offer, bid] = [await world.limitOffer(jane, 0n), await world.limitBid(joe, 300_000n)];
    const market = world.marketplace.connect(stranger.signer);
    await expect(market.settle([], [], [])).to.be.revertedWithCustomError(
      market,
      "Settlement_Empty",
    );
    const matched = {
      offer: 0,
      bid: 2,
      source: 0,
      schedule: 0,
      bidSchedule: 0,
      firstBlock: 0,
      energy: [1n],
    };
    await expect(
      market.settle([offer.order, bid.order], [offer.signature, bid.signature], [matched]),
    ).to.be.revertedWithCustomError(market, "Settlement_BadIndex");
    await expect(
      market.settle([offer.order, bid.order], [offer.signature], [{ ...matched, bid: 1 }]),
    ).to.be.revertedWithCustomError(market, "Settlement_LengthMismatch");
  });
});

describe("who calls release", () => {
  const get = scene(neighbours);

  it("can't have one released item revert the others", async () => {
    const { world, jane, joe, stranger } = get();
    const offered = await world.offer(jane, { forward: true });
    const positions = [];
    for (const first of [8, 16]) {
      const sent = await world.reserve(joe.owner, offered, slots(first, 1, 100n), { microgrid: 2 });
      positions.push(...(await world.positionsOf(sent)));
    }
    await world.passSlots(96);
    await world.report(jane, slots(8, 16, 100n));
    const market = world.marketplace.connect(stranger.signer);
    await market.release([{ position: positions[0], blocks: 1n }]);
    const sent = market.release(
      positions.map((position) => ({ position, blocks: 2n ** 200n + 1n })),
    );
    const refused = await world.eventsOf(sent, "NotReleased");
    expect(refused.map(({ reason }) => world.nameOf(reason))).to.deep.equal([
      "Forwards_NotOpen",
      "Forwards_NotOpen",
      "Forwards_NotOpen",
    ]);
    expect(await world.whOf(joe.owner, 16, 2)).to.equal(100n);
  });

  it("can't release other terms than were reserved", async () => {
    const { world, jane, joe, stranger } = get();
    const offered = await world.offer(jane, { forward: true });
    const [position] = await world.positionsOf(
      world.reserve(joe.owner, offered, slots(8, 1, 100n), { microgrid: 2 }),
    );
    await world.passSlots(96);
    await world.report(jane, slots(8, 1, 100n));
    const forged = { ...position, buyer: stranger.address };
    const sent = world.marketplace
      .connect(stranger.signer)
      .release([{ position: forged, blocks: 1n }]);
    const [refused] = await world.eventsOf(sent, "NotReleased");
    expect(world.nameOf(refused?.reason)).to.equal("Forwards_NotOpen");
  });
});
