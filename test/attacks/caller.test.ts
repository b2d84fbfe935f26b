import { FIRST_FIRM_NONCE, packProfile, type SignedOrder } from "@wattline/sdk";
import { expect } from "chai";
import { zeroAddress } from "viem";
import { withBit } from "../support/calldata.ts";
import { interfaceOf } from "../support/interfaces.ts";
import { afterADay, neighbours, scene } from "../support/neighbours.ts";
import {
  DAY,
  type MeterOf,
  type Person,
  SLOT_SECONDS,
  SOLAR,
  START,
  slots,
} from "../support/world.ts";

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
      nonce: FIRST_FIRM_NONCE,
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

  it("fills an order no further by naming it twice in a batch", async () => {
    const { world, jane, joe, stranger } = get();
    const offer = await world.limitOffer(jane, 0n);
    const bid = await world.limitBid(joe, 300_000n, { energy: 150 });
    const sent = world.settle(stranger, [
      { offer, bid, energyWh },
      { offer, bid: { ...bid }, energyWh },
      { offer: { ...offer }, bid, energyWh },
    ]);
    expect(await world.skippedBy(sent)).to.deep.equal(["Orders_Filled"]);
    expect(await world.whOf(joe.owner, 0, 2)).to.equal(150n);
  });

  it("can't spend the same money, or the same energy, in two matches of a batch", async () => {
    const { world, jane, joe, ann, stranger } = get();
    const poor = await world.person();
    await world.fund(poor, 20_000n);
    const meter = await world.meter(poor, { microgrid: 2 });
    const offer = await world.limitOffer(jane, 0n);
    const twice = () => world.limitBid(meter, 300_000n);
    const rich = () => world.limitBid(ann, 300_000n);
    const whole = slots(1, 1, 600n);
    const sent = world.settle(stranger, [
      { offer, bid: await twice(), energyWh },
      { offer, bid: await twice(), energyWh: slots(2, 1, 1n) },
      { offer, bid: await rich(), energyWh: whole },
      { offer, bid: await world.limitBid(joe, 300_000n), energyWh: whole },
    ]);
    expect(await world.skippedBy(sent)).to.deep.equal([
      "Escrow_InsufficientBalance",
      "Deals_NotCovered",
    ]);
    expect(await world.moneyOf(poor)).to.equal(0n);
  });

  it("can't have a match read as another than it is: a stray bit in any word of it is refused", async () => {
    const { world, jane, joe, stranger } = get();
    const [offer, bid] = [await world.limitOffer(jane, 0n), await world.limitBid(joe, 300_000n)];
    const data = await batchOf(offer, bid, energyWh);
    const place = (at: number) => Number(BigInt(`0x${data.slice(2 + 2 * at).slice(0, 64)}`));
    const matches = 4 + place(4 + 2 * 32);
    const first = matches + 32 + place(matches + 32);
    for (const word of [0, 1, 2, 3, 4, 5]) {
      const stray = withBit(data, first + 32 * word, 255n);
      await expect(
        stranger.signer.sendTransaction({ to: world.addresses.market, data: stray }),
        `word ${word}`,
      ).to.revert(world.ethers);
    }
    const sent = stranger.signer.sendTransaction({ to: world.addresses.market, data });
    expect(await world.skippedBy(sent)).to.deep.equal([]);
  });

  it("can't have a match skipped by leaving it too little gas", async () => {
    const { world, jane, joe, stranger } = get();
    const [offer, bid] = [await world.limitOffer(jane, 0n), await world.limitBid(joe, 300_000n)];
    const data = await batchOf(offer, bid, slots(0, 1, 1n));
    const batch = { to: world.addresses.market, data };
    const send = (gasLimit: bigint) => stranger.signer.sendTransaction({ ...batch, gasLimit });
    const sent = await stranger.signer.sendTransaction(batch);
    const used = (await sent.wait())?.gasUsed ?? 0n;
    const outcomes = await atLimits(used, async (gasLimit) =>
      world.skippedBy(await send(gasLimit)),
    );
    expect(new Set(outcomes.flat())).to.deep.equal(new Set());
    expect(outcomes.length).to.be.within(1, LIMITS - 1);
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

/** A batch of one match, as calldata. */
async function batchOf(
  offer: SignedOrder,
  bid: SignedOrder,
  energyWh: Map<number, bigint>,
): Promise<string> {
  const { firstBlock, words } = packProfile(energyWh);
  const matched = { offer: 0, bid: 1, source: SOLAR, schedule: 0, bidSchedule: 0, firstBlock };
  return (await interfaceOf("IMarketplace")).encodeFunctionData("settle", [
    [offer.order, bid.order],
    [offer.signature, bid.signature],
    [{ ...matched, energy: [...words] }],
  ]);
}

const LIMITS = 60;

/** What a transaction did at gas limits from half of what it takes to a quarter more, where it did not revert. */
async function atLimits<T>(gas: bigint, attempt: (limit: bigint) => Promise<T>): Promise<T[]> {
  const outcomes: T[] = [];
  for (let i = 0; i < LIMITS; i++) {
    const limit = (gas * BigInt(50 + Math.floor((75 * i) / LIMITS))) / 100n;
    try {
      outcomes.push(await attempt(limit));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
  }
  return outcomes;
}

describe("who calls release", () => {
  const get = scene(neighbours);

  /** Joe and, behind him, Ann are promised 100 Wh in each of four slots, with a bond. */
  async function twoInLine() {
    const { world, jane, joe, ann } = get();
    const offered = await world.offer(jane, { forward: true, price: 100_000n, bond: 20_000n });
    const promised = async (buyer: MeterOf) => {
      const [position] = await world.positionsOf(
        world.reserve(buyer.owner, offered, slots(8, 4, 100n), { microgrid: 2 }),
      );
      if (position === undefined) throw new Error("Nothing was reserved.");
      return { position, blocks: 1n };
    };
    return [await promised(joe), await promised(ann)] as const;
  }

  it("can't have what was called undelivered minted later, nor those behind moved up", async () => {
    const { world, jane, joe, ann, stranger } = get();
    const [first, second] = await twoInLine();
    const before = await world.moneyOf(joe.owner);
    await world.passSlots(12);
    await world.report(jane, slots(8, 2, 150n));
    await world.passTo(START + 12 * SLOT_SECONDS + DAY);
    // Released and called undelivered, together and again: once is all that counts.
    const market = world.marketplace.connect(joe.owner.signer);
    await market.multicall([
      market.interface.encodeFunctionData("release", [[first, second]]),
      market.interface.encodeFunctionData("undelivered", [[first, first]]),
      market.interface.encodeFunctionData("release", [[first]]),
    ]);
    expect((await world.moneyOf(joe.owner)) - before).to.equal(200n * 120_000n);
    await world.report(jane, slots(10, 2, 150n));
    await world.marketplace.connect(stranger.signer).release([first, second]);
    const got = async (of: MeterOf) =>
      Promise.all([8, 9, 10, 11].map((number) => world.whOf(of.owner, number, 2)));
    expect(await got(joe)).to.deep.equal([100n, 100n, 0n, 0n]);
    expect(await got(ann)).to.deep.equal([50n, 50n, 50n, 50n]);
    expect(await got(jane)).to.deep.equal([0n, 0n, 0n, 0n]);
  });

  it("can't call undelivered what is for the buyer to call, nor what is not overdue", async () => {
    const { world, joe, stranger } = get();
    const [first] = await twoInLine();
    const reasonFor = async ({ signer }: Person) => {
      const sent = world.marketplace.connect(signer).undelivered([first]);
      return (await world.eventsOf(sent, "NotReleased")).map(({ reason }) => world.nameOf(reason));
    };
    // The last of the slots ends after twelve.
    await world.networkHelpers.time.setNextBlockTimestamp(START + 12 * SLOT_SECONDS + DAY - 1);
    expect(await reasonFor(joe.owner)).to.deep.equal(["Forwards_NotOverdue"]);
    await world.networkHelpers.time.setNextBlockTimestamp(START + 12 * SLOT_SECONDS + 31 * DAY - 1);
    expect(await reasonFor(stranger)).to.deep.equal(["Forwards_NotOverdue"]);
    expect(await reasonFor(stranger)).to.deep.equal([]);
  });

  it("can't keep energy from being minted by leaving it too little gas", async () => {
    const { world, jane, joe, stranger } = get();
    const [first] = await twoInLine();
    await world.passSlots(12);
    await world.report(jane, slots(8, 4, 100n));
    const market = world.marketplace.connect(stranger.signer);
    const gas = await market.release.estimateGas([first]);
    const before = await world.networkHelpers.takeSnapshot();
    const outcomes = await atLimits(gas, async (gasLimit) => {
      await market.release([first], { gasLimit });
      const got = await world.whOf(joe.owner, 8, 2);
      await before.restore();
      return got;
    });
    expect(new Set(outcomes)).to.deep.equal(new Set([100n]));
    expect(outcomes.length).to.be.below(LIMITS);
  });

  it("goes by the line's terms of the reservation, whatever they have become", async () => {
    const { world, jane, joe, stranger } = get();
    const far = await world.found();
    const line = { capacity: 1_000, wheelingDown: 0n };
    await world.join(2, far, { ...line, lossBps: 1_000, wheelingUp: 5_000n });
    const open = { forward: true, crosses: true, lastSlot: 2 ** 32 - 1, bond: 7n };
    const [position] = await world.positionsOf(
      world.reserve(joe.owner, await world.offer(jane, open), slots(776, 1, 2_000n), {
        microgrid: far,
      }),
    );
    if (position === undefined) throw new Error("Nothing was reserved.");
    await world.join(2, far, { ...line, lossBps: 9_000, wheelingUp: 900_000n });
    await world.passSlots(784);
    await world.report(jane, slots(776, 1, 1_000n));
    await world.marketplace.connect(stranger.signer).release([{ position, blocks: 1n }]);
    expect(await world.whOf(joe.owner, 776, far)).to.equal(900n);
    expect(await world.moneyOf(world.dso)).to.equal(1_000n * 5_000n);
    expect(await world.marketplace.flowOf(2, far, Number(position.firstBlock))).to.equal(1_000n);
  });

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
