import {
  type EnergyBySlot,
  type Order,
  packProfile,
  sourceIndex,
  unpackProfile,
} from "@wattline/sdk";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { type Address, zeroAddress } from "viem";
import {
  BID,
  CLOSED,
  CONNECTED,
  createTraders,
  energyIn,
  ISLANDED,
  slot,
} from "../support/traders.ts";
import {
  createWorld,
  EURO,
  type MeterOf,
  type Person,
  START,
  slots,
  testBlock,
  type World,
} from "../support/world.ts";

const MONEY = 1_000n * EURO;
const PRICE = 200_000n;
const CAP = 250_000n;
const RATION_WH = 250n;

describe("Islanding", () => {
  let world: World;
  let traders: ReturnType<typeof createTraders>;
  let jane: Person;
  let bob: Person;
  let carol: Person;
  /** Jane's, of ordinary use. */
  let roof: MeterOf;
  /** Bob's, of ordinary use. */
  let flat: MeterOf;
  /** Carol's, a critical load. */
  let clinic: MeterOf;

  before(async () => {
    world = await createWorld();
    traders = createTraders(world);
    [jane, bob, carol] = [traders.meet("Jane"), traders.meet("Bob"), traders.meet("Carol")];
  });
  after(() => world.close());

  /** Jane has 1 kWh in each of eight slots; everybody has money; a storm has cut the street off. */
  async function island() {
    await world.found();
    await world.found();
    const meters = {
      roof: await world.meter(jane),
      flat: await world.meter(bob, { capacityW: 0 }),
      clinic: await world.meter(carol, { capacityW: 0, critical: true }),
    };
    await world.passSlots(8);
    await world.report(meters.roof, slots(0, 8, 1_000n));
    for (const person of [jane, bob, carol]) await world.fund(person, MONEY);
    await traders.setMode(ISLANDED);
    return meters;
  }
  beforeEach(async () => {
    ({ roof, flat, clinic } = await world.networkHelpers.loadFixture(island));
  });
  afterEach(() => traders.expectEscrowWhole());

  const offer = (overrides: Partial<Order> = {}) =>
    world.order(roof, { price: PRICE, ...overrides });
  const bidOf = (load: MeterOf, overrides: Partial<Order> = {}) =>
    world.order(load, { side: BID, price: PRICE, ...overrides });

  /** Takes Jane's offer for a load's household. */
  const buy = (load: MeterOf, energyWh: EnergyBySlot, order = offer()) =>
    traders.accept(load.owner, order, energyWh, { meter: load.device.address });
  /** Jane sells into a household's bid. */
  const sell = (load: MeterOf, energyWh: EnergyBySlot, order = bidOf(load)) =>
    traders.accept(jane, order, energyWh);

  const rationedOf = async (load: MeterOf, number = 0) => {
    const firstBlock = testBlock(number);
    return unpackProfile({
      firstBlock,
      words: [await world.marketplace.rationedOf(load.device.address, firstBlock)],
    });
  };

  describe("the price cap", () => {
    for (const fee of [0n, 30_000n]) {
      it(`is what a buyer pays of an offer at most, a fee of ${fee} included`, async () => {
        await traders.setTariffs({ networkFee: fee });
        const price = CAP - fee + 1n;
        await traders
          .refusedByMarket(buy(flat, slots(0, 1, 10n), offer({ price })), "Trading_AboveIslandCap")
          .withArgs(CAP + 1n, CAP);
        await buy(flat, slots(0, 1, 10n), offer({ price: CAP - fee }));
        expect(await traders.moneyOf(bob)).to.equal(MONEY - 2_500n);
      });

      it(`is what a bid's maker pays at most, a fee of ${fee} included`, async () => {
        await traders.setTariffs({ networkFee: fee });
        const above = bidOf(flat, { price: CAP + 1n });
        await traders
          .refusedByMarket(sell(flat, slots(0, 1, 10n), above), "Trading_AboveIslandCap")
          .withArgs(CAP + 1n, CAP);
        await sell(flat, slots(0, 1, 10n), bidOf(flat, { price: CAP }));
        expect(await traders.moneyOf(bob)).to.equal(MONEY - 2_500n);
      });
    }

    it("holds for critical loads as well", async () => {
      await traders
        .refusedByMarket(
          buy(clinic, slots(0, 1, 10n), offer({ price: CAP + 1n })),
          "Trading_AboveIslandCap",
        )
        .withArgs(CAP + 1n, CAP);
    });

    it("holds for energy to come", async () => {
      const meter = flat.device.address;
      const forward = { forward: true };
      const attempt = traders.reserve(
        bob,
        offer({ ...forward, price: CAP + 1n }),
        slots(16, 1, 10n),
        { meter },
      );
      await traders.refusedByMarket(attempt, "Trading_AboveIslandCap").withArgs(CAP + 1n, CAP);
      await traders.reserve(bob, offer({ ...forward, price: CAP }), slots(16, 1, 10n), { meter });
    });

    it("is the one that is published when the trade is made", async () => {
      await traders.setTariffs({ islandPriceCap: PRICE - 1n });
      await traders
        .refusedByMarket(buy(flat, slots(0, 1, 10n)), "Trading_AboveIslandCap")
        .withArgs(PRICE, PRICE - 1n);
      await traders.setTariffs({ islandPriceCap: PRICE });
      await buy(flat, slots(0, 1, 10n));
    });

    it("of nothing leaves gifts", async () => {
      await traders.setTariffs({ islandPriceCap: 0n });
      await traders.refusedByMarket(
        buy(flat, slots(0, 1, 10n), offer({ price: 1n })),
        "Trading_AboveIslandCap",
      );
      await buy(flat, slots(0, 1, 10n), offer({ price: 0n }));
    });
  });

  describe("the ration", () => {
    const refused = (attempt: Promise<unknown>, ...values: (Address | number | bigint)[]) =>
      traders.refusedByMarket(attempt, "Trading_RationExceeded").withArgs(...values);

    it("of a slot is used up over several purchases, to the Wh", async () => {
      const meter = flat.device.address;
      await buy(flat, slots(0, 3, 100n));
      await buy(flat, slots(1, 1, 100n));
      await refused(buy(flat, slots(0, 3, 51n)), meter, slot(1), 200n, 51n, RATION_WH);
      await buy(flat, slots(0, 3, 50n));
      expect(await rationedOf(flat)).to.deep.equal(energyIn({ 0: 150n, 1: 250n, 2: 150n }));
      await refused(buy(flat, slots(0, 2, 1n)), meter, slot(1), 250n, 1n, RATION_WH);
      await buy(flat, slots(0, 1, 100n));
    });

    it("may be used up at once, and not exceeded at once", async () => {
      await refused(
        buy(flat, slots(2, 1, 251n)),
        flat.device.address,
        slot(2),
        0n,
        251n,
        RATION_WH,
      );
      await buy(flat, slots(2, 1, 250n));
    });

    it("counts offers that the household takes and bids of it that others take", async () => {
      const meter = flat.device.address;
      await buy(flat, slots(0, 1, 100n));
      await refused(sell(flat, slots(0, 1, 151n)), meter, slot(0), 100n, 151n, RATION_WH);
      await sell(flat, slots(0, 1, 150n));
      await refused(buy(flat, slots(0, 1, 1n)), meter, slot(0), 250n, 1n, RATION_WH);
    });

    it("counts a bid for the bid's meter, whatever meter its taker names", async () => {
      await traders.accept(jane, bidOf(flat), slots(0, 1, 100n), { meter: roof.device.address });
      expect(await rationedOf(flat)).to.deep.equal(slots(0, 1, 100n));
      expect(await rationedOf(roof)).to.deep.equal(new Map());
    });

    it("counts energy to come", async () => {
      const meter = flat.device.address;
      const forward = { forward: true };
      await traders.reserve(bob, offer(forward), slots(16, 1, 100n), { meter });
      await traders.reserve(jane, bidOf(flat, forward), slots(16, 1, 100n), {
        meter: roof.device.address,
      });
      await refused(
        traders.reserve(bob, offer(forward), slots(16, 1, 51n), { meter }),
        meter,
        slot(16),
        200n,
        51n,
        RATION_WH,
      );
      expect(await rationedOf(flat, 16)).to.deep.equal(slots(16, 1, 200n));
      expect(await rationedOf(roof, 16)).to.deep.equal(new Map());
    });

    it("is each meter's own", async () => {
      await buy(flat, slots(0, 1, 250n));
      await buy(await world.meter(bob), slots(0, 1, 250n));
      await refused(buy(flat, slots(0, 1, 1n)), flat.device.address, slot(0), 250n, 1n, RATION_WH);
    });

    it("is none for a critical load, on either side", async () => {
      await buy(clinic, slots(0, 1, 300n));
      await sell(clinic, slots(0, 1, 700n));
      expect(await traders.energyOf(carol)).to.deep.equal(slots(0, 1, 1_000n));
      expect(await rationedOf(clinic)).to.deep.equal(new Map());
    });

    it("limits nobody's sales", async () => {
      await buy(clinic, slots(0, 8, 1_000n));
      expect(await traders.energyOf(jane)).to.deep.equal(new Map());
    });

    it("of nothing leaves ordinary meters nothing", async () => {
      await traders.setTariffs({ islandRation: 0 });
      await refused(buy(flat, slots(0, 1, 1n)), flat.device.address, slot(0), 0n, 1n, 0n);
      await buy(clinic, slots(0, 1, 1n));
    });

    it("once lowered holds for what comes, and slots that are over it block no other", async () => {
      const meter = flat.device.address;
      await buy(flat, slots(0, 1, 250n));
      await buy(flat, slots(1, 1, 40n));
      await traders.setTariffs({ islandRation: 50 });
      await refused(buy(flat, slots(0, 2, 1n)), meter, slot(0), 250n, 1n, 50n);
      await refused(buy(flat, slots(1, 2, 11n)), meter, slot(1), 40n, 11n, 50n);
      await buy(flat, slots(1, 2, 10n));
      expect(await rationedOf(flat)).to.deep.equal(energyIn({ 0: 250n, 1: 50n, 2: 10n }));
    });

    it("once raised is the higher one", async () => {
      await buy(flat, slots(0, 1, 250n));
      await traders.setTariffs({ islandRation: 300 });
      await buy(flat, slots(0, 1, 50n));
    });

    it("beyond what a slot can hold is what a slot can hold", async () => {
      await traders.setTariffs({ islandRation: 2 ** 32 - 1 });
      const most = 1_073_741_823n;
      const gift = async (wh: bigint) => {
        const station = await world.meter(jane, { capacityW: 2 ** 32 - 1 });
        const order = world.order(station, { forward: true, price: 0n, energy: 2 ** 31 - 1 });
        return traders.reserve(bob, order, slots(16, 1, wh), { meter: flat.device.address });
      };
      await gift(most);
      await gift(most);
      await refused(gift(2n), flat.device.address, slot(16), 2n * most, 2n, 2n ** 31n - 1n);
      await gift(1n);
    });

    it("is not touched by a purchase that fails", async () => {
      await expect(
        buy(flat, slots(-1, 1, 10n), offer({ firstSlot: slot(-8) })),
      ).to.be.revertedWithCustomError(world.energy, "ERC1155InsufficientBalance");
      expect(await rationedOf(flat, -8)).to.deep.equal(new Map());
    });
  });

  describe("a buyer names a meter of its own in the microgrid", () => {
    const refused = (attempt: Promise<unknown>, meter: Address, holder: Person) =>
      traders.refusedByMarket(attempt, "Trading_BadMeter").withArgs(meter, holder.address, 1n);

    /** Tries to buy for `meter` in every way there is. */
    async function expectRefused(meter: Address) {
      const forward = { forward: true };
      const seller = { meter: roof.device.address };
      for (const attempt of [
        () => traders.accept(bob, offer(), slots(0, 1, 1n), { meter }),
        () => traders.accept(jane, bidOf(flat, { meter }), slots(0, 1, 1n), seller),
        () => traders.reserve(bob, offer(forward), slots(16, 1, 1n), { meter }),
        () => traders.reserve(jane, bidOf(flat, { ...forward, meter }), slots(16, 1, 1n), seller),
      ]) {
        await refused(attempt(), meter, bob);
      }
    }

    it("not none", () => expectRefused(zeroAddress));
    it("not one that nobody knows", () => expectRefused(carol.address));
    it("not somebody else's", () => expectRefused(clinic.device.address));
    it("not the seller's", () => expectRefused(roof.device.address));

    it("not one of its own elsewhere", async () =>
      expectRefused((await world.meter(bob, { microgrid: 2, critical: true })).device.address));

    it("not one that is retired", async () => {
      await traders.metersAs(bob).retireMeter(flat.device.address);
      await expectRefused(flat.device.address);
    });

    it("not one that was handed over, which the new owner may name", async () => {
      await traders.metersAs(carol).handOverMeter(clinic.device.address, bob.address);
      await refused(buy(clinic, slots(0, 1, 1n)), clinic.device.address, carol);
      await traders.accept(bob, offer(), slots(0, 1, 500n), { meter: clinic.device.address });
    });
  });

  describe("grid-connected again", () => {
    it("there is no cap, no ration and no need of a meter", async () => {
      await buy(flat, slots(0, 1, 250n));
      await traders.setMode(CONNECTED);
      const dear = offer({ price: CAP + 1n });
      await traders.accept(bob, dear, slots(0, 1, 300n));
      await traders.accept(
        jane,
        bidOf(flat, { price: CAP + 1n, meter: zeroAddress }),
        slots(0, 1, 300n),
      );
      expect(await traders.energyOf(bob)).to.deep.equal(slots(0, 1, 850n));
      expect(await rationedOf(flat)).to.deep.equal(slots(0, 1, 250n));
    });

    it("what is bought counts for no ration, and a next outage goes on counting", async () => {
      await buy(flat, slots(0, 1, 100n));
      await traders.setMode(CONNECTED);
      await buy(flat, slots(0, 1, 200n));
      await traders.setMode(ISLANDED);
      await traders
        .refusedByMarket(buy(flat, slots(0, 1, 151n)), "Trading_RationExceeded")
        .withArgs(flat.device.address, slot(0), 100n, 151n, RATION_WH);
      await buy(flat, slots(0, 1, 150n));
    });

    it("orders that were signed before the outage are good, and good during it within its rules", async () => {
      await traders.setMode(CONNECTED);
      const order = offer();
      const signature = await world.sign(order, jane);
      const take = world.take(slots(0, 1, 100n), { meter: flat.device.address });
      for (const mode of [CONNECTED, ISLANDED, CONNECTED]) {
        await traders.setMode(mode);
        await traders.marketAs(bob).accept(order, signature, take);
      }
      expect(await traders.energyOf(bob)).to.deep.equal(slots(0, 1, 300n));
    });
  });

  it("a forward reserved before the outage is released as ever, above cap and ration", async () => {
    await traders.setMode(CONNECTED);
    const order = offer({ forward: true, price: 2n * CAP, bond: 50_000n });
    await traders.reserve(bob, order, slots(16, 1, 1_000n));
    await traders.setTariffs({ islandRation: 0, islandPriceCap: 0n });
    await traders.setMode(ISLANDED);
    await world.passSlots(17);
    await world.report(roof, slots(16, 1, 900n));
    await traders.release(carol, traders.positionOf(order, bob), 16);
    expect(await traders.energyOf(bob)).to.deep.equal(slots(16, 1, 900n));
    expect(await traders.moneyOf(bob)).to.equal(MONEY - 450_000n + 5_000n);
    expect(await traders.moneyOf(jane)).to.equal(MONEY + 450_000n - 5_000n);
    expect(await rationedOf(flat, 16)).to.deep.equal(new Map());
  });

  describe("no mode traps money or energy:", () => {
    for (const [name, mode] of [
      ["connected", CONNECTED],
      ["islanded", ISLANDED],
      ["closed", CLOSED],
    ] as const) {
      it(`${name}, people deposit, withdraw, cancel, report, transfer and retire`, async () => {
        await buy(flat, slots(0, 1, 100n));
        await traders.setMode(mode);
        const { euro } = world.addresses;
        await world.fund(bob, EURO);
        await traders.marketAs(bob).withdraw(euro, MONEY + EURO - 20_000n, bob.address);
        await traders.marketAs(jane).withdraw(euro, MONEY + 20_000n, jane.address);
        expect(await world.euro.balanceOf(jane.address)).to.equal(MONEY + 20_000n);

        const order = offer();
        await traders.marketAs(jane).cancel([order.nonce]);
        await traders.marketAs(jane).cancelAll(euro);
        await world.passSlots(9);
        await world.report(roof, slots(8, 1, 7n));
        expect((await traders.energyOf(jane)).get(slot(8))).to.equal(7n);

        const { firstBlock, words } = packProfile(slots(0, 1, 60n));
        await world.energy
          .connect(bob.signer)
          .retire(1, sourceIndex("Solar"), firstBlock, [...words], bob.address, "tea");
        expect(await traders.energyOf(bob)).to.deep.equal(slots(0, 1, 40n));
      });
    }
  });

  describe("without a link to the chain", () => {
    const linkIsBack = START + 3 * 86_400;

    /** What neighbours have signed against each other while nobody could reach the chain. */
    async function signedOffline() {
      const { euro } = world.addresses;
      await traders.marketAs(bob).lock(euro, linkIsBack + 86_400);
      const [sold, bought] = [offer(), bidOf(flat)];
      const signatures = [await world.sign(sold, jane), await world.sign(bought, bob)] as const;
      await world.networkHelpers.time.increaseTo(linkIsBack);
      return { sold, bought, signatures };
    }

    const match = (energyWh: EnergyBySlot) => {
      const { firstBlock, words } = packProfile(energyWh);
      return { offer: 0, bid: 1, source: sourceIndex("Solar"), firstBlock, energy: [...words] };
    };

    for (const [name, mode] of [
      ["islanded", ISLANDED],
      ["connected again", CONNECTED],
    ] as const) {
      it(`orders signed meanwhile settle once it is back, the microgrid being ${name}`, async () => {
        const { sold, bought, signatures } = await signedOffline();
        await traders.setMode(mode);
        await traders
          .marketAs(carol)
          .settle([sold, bought], [...signatures], [match(slots(0, 2, 400n))]);
        expect(await traders.energyOf(bob)).to.deep.equal(slots(0, 2, 400n));
        expect(await traders.moneyOf(bob)).to.equal(MONEY - 160_000n);
        expect(await traders.moneyOf(jane)).to.equal(MONEY + 160_000n);
      });

      it(`or are taken by their neighbour, the microgrid being ${name}`, async () => {
        const { sold, signatures } = await signedOffline();
        await traders.setMode(mode);
        const take = world.take(slots(0, 2, 250n), { meter: flat.device.address });
        await traders.marketAs(bob).accept(sold, signatures[0], take);
        expect(await traders.energyOf(bob)).to.deep.equal(slots(0, 2, 250n));
      });
    }

    it("money that is locked past the outage is there when they settle, and free afterwards", async () => {
      const { euro } = world.addresses;
      const { sold, bought, signatures } = await signedOffline();
      const until = linkIsBack + 86_400;
      await traders
        .refusedByMarket(traders.marketAs(bob).withdraw(euro, 1n, bob.address), "Escrow_Locked")
        .withArgs(euro, bob.address, until);
      await traders
        .marketAs(carol)
        .settle([sold, bought], [...signatures], [match(slots(0, 1, 1_000n))]);
      await world.networkHelpers.time.setNextBlockTimestamp(until - 1);
      await traders.refusedByMarket(
        traders.marketAs(bob).withdraw(euro, 1n, bob.address),
        "Escrow_Locked",
      );
      await world.networkHelpers.time.setNextBlockTimestamp(until);
      await traders.marketAs(bob).withdraw(euro, MONEY - 200_000n, bob.address);
      expect(await traders.moneyOf(bob)).to.equal(0n);
    });

    it("a seller's proceeds are not locked by a buyer's lock", async () => {
      const { sold, bought, signatures } = await signedOffline();
      await traders
        .marketAs(carol)
        .settle([sold, bought], [...signatures], [match(slots(0, 1, 1_000n))]);
      await traders.marketAs(jane).withdraw(world.addresses.euro, MONEY + 200_000n, jane.address);
      expect(await traders.moneyOf(jane)).to.equal(0n);
    });
  });
});
