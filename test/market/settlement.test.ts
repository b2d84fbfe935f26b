import { packProfile, SOURCES, sourceIndex } from "@wattline/sdk";
import { expect } from "chai";
import fc from "fast-check";
import {
  createWorld,
  energyIn,
  type MeterOf,
  type Pairing,
  type Person,
  slots,
  type World,
} from "../support/world.ts";

const P = 200_000n;
const FEE = 10_000n;

describe("settling signed orders", () => {
  let world: World;
  let jane: MeterOf;
  let joe: MeterOf;
  let ann: MeterOf;
  let caller: Person;
  let snapshot: Awaited<ReturnType<World["networkHelpers"]["takeSnapshot"]>>;

  before(async () => {
    world = await createWorld();
    await world.found([{ price: P, fee: FEE }]);
    const home = async () => {
      const meter = await world.meter(await world.person(), { microgrid: 2 });
      await world.fund(meter.owner);
      return meter;
    };
    [jane, joe, ann] = [await home(), await home(), await home()];
    caller = await world.person();
    await world.passSlots(96);
    for (const meter of [jane, ann]) await world.report(meter, slots(0, 96, 1_000n));
    snapshot = await world.networkHelpers.takeSnapshot();
  });
  beforeEach(() => snapshot.restore());
  after(() => world.close());

  const limits = async (ask: bigint, bid: bigint) => ({
    offer: await world.limitOffer(jane, ask),
    bid: await world.limitBid(joe, bid),
  });
  /** What each of some people has gained by an act, in thousandths. */
  async function gainsOf(act: () => Promise<unknown>, ...people: Person[]): Promise<bigint[]> {
    const before = await Promise.all(people.map(world.moneyOf));
    await act();
    const after = await Promise.all(people.map(world.moneyOf));
    return after.map((money, i) => money - (before[i] ?? 0n));
  }

  it("lets two limits trade at the community price, whatever they are", async () => {
    for (const [ask, bid] of [
      [0n, 10n ** 12n],
      [P - FEE, P],
      [80_000n, 300_000n],
    ] as const) {
      const match = { ...(await limits(ask, bid)), energyWh: slots(0, 2, 7n) };
      const gains = await gainsOf(
        () => world.settle(caller, [match]),
        jane.owner,
        joe.owner,
        world.dso,
      );
      expect(gains).to.deep.equal([14n * (P - FEE), -14n * P, 14n * FEE]);
    }
  });

  it("lets limits trade at an island's cap where the community price is above it", async () => {
    const cap = 150_000n;
    const microgrid = await world.found([{ price: P, fee: FEE, cap }]);
    const [sells, buys] = [
      await world.meter(await world.person(), { microgrid }),
      await world.meter(await world.person(), { microgrid }),
    ];
    await world.fund(buys.owner);
    await world.microgrids.connect(world.operator.signer).setIslanded(microgrid, true);
    await world.passSlots(104);
    await world.report(sells, slots(97, 2, 100n));
    const match = {
      offer: await world.limitOffer(sells, 0n),
      bid: await world.limitBid(buys, 10n ** 12n, { meter: buys.device.address }),
      energyWh: slots(97, 2, 7n),
    };
    const gains = await gainsOf(
      () => world.settle(caller, [match]),
      sells.owner,
      buys.owner,
      world.dso,
    );
    expect(gains).to.deep.equal([14n * (cap - FEE), -14n * cap, 14n * FEE]);
  });

  it("knows each source by its number, and no number beyond the last", async () => {
    const match = { ...(await limits(0n, 10n ** 12n)), energyWh: slots(0, 2, 7n) };
    for (const [source, name] of SOURCES.entries()) {
      // Of the others she holds nothing.
      const skipped = name === "Solar" ? [] : ["Deals_NotCovered"];
      const settled = world.settle(caller, [{ ...match, source }]);
      expect(await world.skippedBy(settled), name).to.deep.equal(skipped);
    }
    const beyond = world.settle(caller, [{ ...match, source: SOURCES.length }]);
    await expect(beyond).to.be.revertedWithoutReason(world.ethers);
  });

  it("refuses a batch with a match of orders that are not in it", async () => {
    const { offer, bid } = await limits(0n, 10n ** 12n);
    const { firstBlock, words } = packProfile(slots(0, 1, 7n));
    const match = { offer: 0, bid: 1, source: sourceIndex("Solar"), schedule: 0, bidSchedule: 0 };
    for (const index of [{ offer: 2 }, { bid: 2 }]) {
      const settled = world.marketplace
        .connect(caller.signer)
        .settle(
          [offer.order, bid.order],
          [offer.signature, bid.signature],
          [{ ...match, firstBlock, energy: [...words], ...index }],
        );
      await expect(settled)
        .to.be.revertedWithCustomError(world.marketplace, "Settlement_BadIndex")
        .withArgs(0, 2, 2);
    }
  });

  it("leaves out limits that the community price does not suit", async () => {
    for (const [ask, bid] of [
      [P - FEE + 1n, 300_000n],
      [0n, P - 1n],
    ] as const) {
      const match = { ...(await limits(ask, bid)), energyWh: slots(0, 2, 7n) };
      expect(await world.skippedBy(world.settle(caller, [match]))).to.deep.equal([
        "Deals_PricesDontMeet",
      ]);
    }
  });

  it("matches a posted price with a limit for which it is no worse than the community price", async () => {
    const energyWh = slots(0, 1, 10n);
    const bid = await world.limitBid(joe, 10n ** 9n);
    const good = await world.offer(jane, { price: P - FEE - 1n });
    const dear = await world.offer(jane, { price: P - FEE + 1n });
    const sent = await world.settle(caller, [
      { offer: dear, bid, energyWh },
      { offer: good, bid, energyWh },
    ]);
    expect(await world.skippedBy(sent)).to.deep.equal(["Deals_PricesDontMeet"]);
    const [matched] = await world.eventsOf(sent, "Matched");
    expect(matched?.cost).to.equal(10n * (P - 1n));

    const ask = await world.limitOffer(jane, 0n);
    const low = await world.bid(joe, { price: P - 1n });
    const high = await world.bid(joe, { price: P + 1n });
    const again = await world.settle(caller, [
      { offer: ask, bid: low, energyWh },
      { offer: ask, bid: high, energyWh },
    ]);
    expect(await world.skippedBy(again)).to.deep.equal(["Deals_PricesDontMeet"]);
    expect((await world.eventsOf(again, "Matched"))[0]?.cost).to.equal(10n * (P + 1n));
  });

  it("never matches two posted prices, nor unlike orders", async () => {
    const energyWh = slots(0, 1, 10n);
    const [offer, bid] = [
      await world.offer(jane, { price: 1n }),
      await world.bid(joe, { price: 10n * P }),
    ];
    const ask = await world.limitOffer(jane, 0n);
    const forward = await world.limitBid(joe, 10n * P, { forward: true });
    const own = await world.limitBid(jane, 10n * P);
    const pairings = [
      { offer, bid, energyWh },
      { offer: bid, bid: offer, energyWh },
      { offer: ask, bid: forward, energyWh },
      { offer: ask, bid: own, energyWh },
    ];
    expect(await world.skippedBy(world.settle(caller, pairings))).to.deep.equal([
      "Settlement_BothPosted",
      "Settlement_WrongSide",
      "Settlement_NotAlike",
      "Deals_SelfTrade",
    ]);
  });

  it("pays each slot of several prices its own, and leaves out what does not meet", async () => {
    // Slots 0 to 3 are hour 0, slots 4 to 7 hour 1.
    const grid = await world.found([{ price: 150_000n }, { price: 250_000n }], {
      levelOfHour: 1n << 2n,
    });
    const [sells, buys] = [
      await world.meter(jane.owner, { microgrid: grid }),
      await world.meter(joe.owner, { microgrid: grid }),
    ];
    await world.passSlots(200);
    await world.report(sells, slots(192, 8, 100n));
    const energyWh = slots(192, 8, 10n);
    const all = {
      offer: await world.limitOffer(sells, 0n),
      bid: await world.limitBid(buys, 300_000n),
      energyWh,
    };
    const [matched] = await world.eventsOf(world.settle(caller, [all]), "Matched");
    expect(matched?.cost).to.equal(40n * 150_000n + 40n * 250_000n);
    const some = { ...all, bid: await world.limitBid(buys, 200_000n) };
    const [cut] = await world.eventsOf(world.settle(caller, [some]), "Matched");
    expect(cut?.cost).to.equal(40n * 150_000n);
  });

  for (const [lossBps, wheelingUp, arrivedWh] of [
    [500, 20_000n, 95n],
    // What the seller's price is at the far end is just above a whole unit: it is rounded up.
    [1, 9_980n, 99n],
  ] as const) {
    it(`crosses a line that loses ${lossBps} hundredths of a percent at the middle of the prices as seen at its far end`, async () => {
      const there = await world.found([{ price: 300_000n }]);
      await world.join(2, there, {
        lossBps,
        capacity: 1_000,
        wheelingUp,
        wheelingDown: 0n,
      });
      const buys = await world.meter(joe.owner, { microgrid: there });
      const offer = await world.limitOffer(jane, 0n, { crosses: true });
      const energyWh = slots(0, 1, 100n);
      const home = await world.limitBid(buys, 10n ** 9n);
      expect(
        await world.skippedBy(world.settle(caller, [{ offer, bid: home, energyWh }])),
      ).to.deep.equal(["Deals_Islanded"]);
      const bid = await world.limitBid(buys, 10n ** 9n, { crosses: true });
      const [matched] = await world.eventsOf(
        world.settle(caller, [{ offer, bid, energyWh }]),
        "Matched",
      );
      const kept = 10_000n - BigInt(lossBps);
      const seen = ((P + wheelingUp) * 10_000n + kept - 1n) / kept;
      const middle = (seen + 300_000n) / 2n;
      expect([matched?.sentWh, matched?.arrivedWh, matched?.cost, matched?.charge]).to.deep.equal([
        100n,
        arrivedWh,
        middle * arrivedWh,
        wheelingUp * 100n,
      ]);
    });
  }

  describe("what each of two neighbours gets", () => {
    /** The gains of Jane and Joe, who trade `energyWh` at their limits, beside what else a batch does. */
    const amounts = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 8 });
    const traded = async (batches: (match: Omit<Pairing, "energyWh">) => Promise<Pairing[][]>) => {
      await snapshot.restore();
      const match = await limits(80_000n, 300_000n);
      return gainsOf(
        async () => {
          for (const batch of await batches(match)) await world.settle(caller, batch);
        },
        jane.owner,
        joe.owner,
      );
    };
    const profile = (wh: readonly number[]) =>
      energyIn(Object.fromEntries(wh.map((each, i) => [i, BigInt(each)])));
    const runs = { numRuns: process.env.WATTLINE_DEEP === undefined ? 8 : 200 };

    it("is the same in one part or in many", () =>
      fc.assert(
        fc.asyncProperty(
          amounts,
          fc.array(fc.nat(100), { minLength: 8, maxLength: 8 }),
          async (wh, cuts) => {
            const first = wh.map((each, i) => Math.min(each, cuts[i] ?? 0));
            const rest = wh.map((each, i) => each - (first[i] ?? 0));
            const whole = await traded(async (match) => [[{ ...match, energyWh: profile(wh) }]]);
            const parts = await traded(async (match) => [
              [{ ...match, energyWh: profile(first) }],
              [{ ...match, energyWh: profile(rest) }],
            ]);
            expect(parts).to.deep.equal(whole);
          },
        ),
        runs,
      ));

    it("is the same whatever else is in the batch, in any order", () =>
      fc.assert(
        fc.asyncProperty(
          amounts,
          fc.bigInt(0n, 400_000n),
          fc.boolean(),
          fc.bigInt(0n, 400_000n),
          async (wh, ask, first, want) => {
            const alone = await traded(async (match) => [[{ ...match, energyWh: profile(wh) }]]);
            const among = await traded(async (match) => {
              const third = await world.person();
              const meter = await world.meter(third, { microgrid: 2 });
              await world.fund(third);
              const other = {
                offer: await world.limitOffer(ann, ask),
                bid: await world.limitBid(meter, want),
                energyWh: profile(wh),
              };
              const theirs = { ...match, energyWh: profile(wh) };
              return [first ? [other, theirs] : [theirs, other]];
            });
            expect(among).to.deep.equal(alone);
          },
        ),
        runs,
      ));

    it("is not changed by settling it twice", () =>
      fc.assert(
        fc.asyncProperty(amounts, async (wh) => {
          const energy = wh.reduce((total, each) => total + each, 0);
          const offer = await world.limitOffer(jane, 80_000n, { energy });
          const bid = await world.limitBid(joe, 300_000n, { energy });
          const once = await traded(async () => [[{ offer, bid, energyWh: profile(wh) }]]);
          const twice = await traded(async () => {
            const match = { offer, bid, energyWh: profile(wh) };
            return [[match, match], [match]];
          });
          expect(twice).to.deep.equal(once);
        }),
        runs,
      ));
  });
});
