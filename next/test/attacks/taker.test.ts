import { expect } from "chai";
import { afterADay, neighbours, scene } from "../support/neighbours.ts";
import { slots } from "../support/world.ts";

describe("a taker", () => {
  const get = scene(() => afterADay([{ price: 200_000n, fee: 10_000n }]));
  const there = { microgrid: 2 };

  it("can't have an order filled whose words are not what was signed", async () => {
    const { world, jane, joe } = get();
    const { order, signature } = await world.offer(jane);
    const words = world.marketplace.interface.encodeFunctionData("accept", [
      order,
      signature,
      world.take(slots(0, 1, 10n), true, there),
    ]);
    for (const [member, bit] of [
      [13, 255],
      [8, 100],
    ] as const) {
      const at = 10 + member * 64;
      const stray = BigInt(`0x${words.slice(at, at + 64)}`) | (1n << BigInt(bit));
      const data = words.slice(0, at) + stray.toString(16).padStart(64, "0") + words.slice(at + 64);
      await expect(joe.owner.signer.sendTransaction({ to: world.addresses.market, data }))
        .to.be.revertedWithCustomError(world.marketplace, "Orders_StrayBits")
        .withArgs(member);
    }
  });

  it("can't take a limit for a price and resell at the community price", async () => {
    const { world, jane, joe } = get();
    const ask = await world.limitOffer(jane, 80_000n);
    await expect(
      world.accept(joe.owner, ask, slots(0, 1, 10n), there),
    ).to.be.revertedWithCustomError(world.marketplace, "Orders_NotSettler");
  });

  it("gains nothing by taking in small parts, from a price or from a fee", async () => {
    const { world, jane, joe } = get();
    // 200 fills of 1 Wh at 200,001 cost what one of 200 Wh does, and pay the same fee.
    const offered = await world.offer(jane, { price: 200_001n });
    const before = await world.moneyOf(joe.owner);
    for (let i = 0; i < 200; i++) await world.accept(joe.owner, offered, slots(0, 1, 1n), there);
    expect(before - (await world.moneyOf(joe.owner))).to.equal(200n * 210_001n);
    expect(await world.moneyOf(world.dso)).to.equal(200n * 10_000n);
  });

  it("gains nothing on a line by sending little at a time", async () => {
    const { world, jane, joe } = get();
    const far = await world.found();
    await world.join(2, far, { lossBps: 500, capacity: 10_000, wheelingUp: 0n, wheelingDown: 0n });
    const offered = await world.offer(jane, { crosses: true });
    for (let i = 0; i < 52; i++) {
      await world.accept(joe.owner, offered, slots(0, 1, 19n), { microgrid: far });
    }
    // 988 Wh lose 49.4, rounded up once.
    expect(await world.whOf(joe.owner, 0, far)).to.equal(938n);
  });

  it("of the first Wh does not keep others from the rest", async () => {
    const { world, jane, joe, stranger } = get();
    const offer = await world.limitOffer(jane, 0n, { energy: 1_000 });
    const dust = await world.bid(joe, { price: 300_000n });
    const bid = await world.limitBid(joe, 300_000n, { energy: 1_000 });
    await world.settle(stranger, [{ offer, bid: dust, energyWh: slots(0, 1, 1n) }]);
    expect(
      await world.skippedBy(
        world.settle(stranger, [{ offer, bid, energyWh: slots(0, 1, 1_000n) }]),
      ),
    ).to.deep.equal([]);
    expect(await world.whOf(joe.owner, 0, 2)).to.equal(1_000n);
  });

  it("without a meter, or with a meter of somebody else, buys nothing of an islanded slot", async () => {
    const { world, jane, joe, ann } = get();
    await world.microgrids.connect(world.operator.signer).setIslanded(2, true);
    await world.passSlots(104);
    await world.report(jane, slots(97, 2, 1_000n));
    const offered = await world.offer(jane, { lastSlot: 2 ** 32 - 1 });
    const rationed = world.marketplace.interface.getError("Deals_Rationed")?.selector;
    for (const meter of [undefined, ann.device.address]) {
      await expect(
        world.accept(joe.owner, offered, slots(97, 1, 10n), {
          ...there,
          ...(meter === undefined ? {} : { meter }),
        }),
      )
        .to.be.revertedWithCustomError(world.marketplace, "Deals_NothingLeft")
        .withArgs(0, 0, rationed);
    }
    await world.accept(joe.owner, offered, slots(97, 1, 400n), {
      ...there,
      meter: joe.device.address,
    });
    expect(await world.whOf(joe.owner, 97, 2)).to.equal(250n);
  });
});

describe("a taker of forwards", () => {
  const get = scene(neighbours);

  it("can't fill a line with what is never delivered: it is free again, and has cost the wheeling charge", async () => {
    const { world, jane, joe } = get();
    const far = await world.found();
    await world.join(2, far, {
      lossBps: 0,
      capacity: 1_000,
      wheelingUp: 5_000n,
      wheelingDown: 0n,
    });
    const offered = await world.offer(jane, { forward: true, price: 0n, crosses: true });
    const [position] = await world.positionsOf(
      world.reserve(joe.owner, offered, slots(8, 80, 1_000n), { microgrid: far }),
    );
    if (position === undefined) throw new Error("Nothing was reserved.");
    await world.passSlots(96);
    await world.report(jane, slots(8, 80, 0n));
    await world.marketplace
      .connect(joe.owner.signer)
      .release([{ position, blocks: 2n ** 10n - 1n }]);
    for (let block = 0; block < 10; block++) {
      expect(await world.marketplace.flowOf(2, far, Number(position.firstBlock) + block)).to.equal(
        0n,
      );
    }
    expect(await world.moneyOf(world.dso)).to.equal(80_000n * 5_000n);
  });

  it("loses no whole Wh, and no bond, to rounding", async () => {
    const { world, jane, joe } = get();
    const offered = await world.offer(jane, { forward: true, price: 100_000n, bond: 20_000n });
    const positions = [];
    for (let i = 0; i < 10; i++) {
      const sent = await world.reserve(joe.owner, offered, slots(8, 1, 1n), { microgrid: 2 });
      positions.push(...(await world.positionsOf(sent)));
    }
    await world.passSlots(96);
    await world.report(jane, slots(8, 1, 9n));
    await world.marketplace
      .connect(joe.owner.signer)
      .release(positions.map((position) => ({ position, blocks: 1n })));
    expect(await world.whOf(joe.owner, 8, 2)).to.equal(9n);
  });
});
