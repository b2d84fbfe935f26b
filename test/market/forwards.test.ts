import {
  blockOf,
  type EnergyBySlot,
  energyIdOf,
  type Order,
  packProfile,
  sourceIndex,
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
  guards,
  ISLANDED,
  OFFER,
  type Position,
  slot,
} from "../support/traders.ts";
import {
  createWorld,
  EURO,
  type MeterOf,
  type Person,
  SLOT_SECONDS,
  START,
  START_SLOT,
  slots,
  testBlock,
  type World,
} from "../support/world.ts";

const MONEY = 1_000n * EURO;
/** Base units per kWh: 200 for a Wh, and 50 on it. */
const PRICE = 200_000n;
const BOND = 50_000n;
/** What the roof can export in a slot. */
const MOST_WH = 2_500n;

describe("Forwards", () => {
  let world: World;
  let traders: ReturnType<typeof createTraders>;
  let jane: Person;
  let bob: Person;
  let carol: Person;
  let roof: MeterOf;
  let flat: MeterOf;

  before(async () => {
    world = await createWorld();
    traders = createTraders(world);
    [jane, bob, carol] = [traders.meet("Jane"), traders.meet("Bob"), traders.meet("Carol")];
  });
  after(() => world.close());

  /** Jane has a roof, Bob a flat; they and Carol have money. It is midnight, and nothing is reported yet. */
  async function street() {
    await world.found();
    const meters = { roof: await world.meter(jane), flat: await world.meter(bob) };
    for (const person of [jane, bob, carol]) await world.fund(person, MONEY);
    return meters;
  }
  beforeEach(async () => {
    ({ roof, flat } = await world.networkHelpers.loadFixture(street));
  });
  afterEach(() => traders.expectEscrowWhole());

  const offer = (overrides: Partial<Order> = {}) =>
    world.order(roof, { forward: true, price: PRICE, bond: BOND, ...overrides });
  const bid = (overrides: Partial<Order> = {}) =>
    world.order(flat, { side: BID, forward: true, price: PRICE, bond: BOND, ...overrides });
  /** Jane sells from her roof. */
  const fromRoof = () => ({ meter: roof.device.address });

  /** What the three and the DSO have gained or lost since the evening began. */
  async function gains() {
    return {
      jane: (await traders.moneyOf(jane)) - MONEY,
      bob: (await traders.moneyOf(bob)) - MONEY,
      carol: (await traders.moneyOf(carol)) - MONEY,
      dso: await traders.moneyOf(world.dso),
    };
  }
  const noGains = { jane: 0n, bob: 0n, carol: 0n, dso: 0n };

  /** The last second at which a reading of a slot of the day is in time. */
  const lastSecond = (number: number) =>
    START + (number + 1) * SLOT_SECONDS + world.charter.reportingDeadline;
  const setNextTime = (time: number) => world.networkHelpers.time.setNextBlockTimestamp(time);
  const passDeadlineOf = (number: number) =>
    world.networkHelpers.time.increaseTo(lastSecond(number) + 1);

  describe("reserving", () => {
    interface Case {
      readonly price: bigint;
      readonly fee: bigint;
      readonly bond: bigint;
      readonly wh: bigint;
      readonly locked: bigint;
      readonly bonded: bigint;
    }

    const OFFERS: Case[] = [
      { price: PRICE, fee: 0n, bond: BOND, wh: 100n, locked: 20_000n, bonded: 5_000n },
      { price: PRICE, fee: 30_000n, bond: BOND, wh: 100n, locked: 23_000n, bonded: 5_000n },
      { price: 199_999n, fee: 15_001n, bond: 33_333n, wh: 7n, locked: 1_505n, bonded: 234n },
      { price: 1n, fee: 0n, bond: 1n, wh: 1n, locked: 1n, bonded: 1n },
      { price: 1_999n, fee: 999n, bond: 2_001n, wh: 1n, locked: 2n, bonded: 3n },
      { price: 0n, fee: 15_001n, bond: 0n, wh: 7n, locked: 105n, bonded: 0n },
      { price: 0n, fee: 0n, bond: 0n, wh: 7n, locked: 0n, bonded: 0n },
    ];
    const BIDS: Case[] = [
      { price: PRICE, fee: 0n, bond: BOND, wh: 100n, locked: 20_000n, bonded: 5_000n },
      { price: PRICE, fee: 30_000n, bond: BOND, wh: 100n, locked: 20_000n, bonded: 5_000n },
      { price: 199_999n, fee: 15_001n, bond: 33_333n, wh: 7n, locked: 1_400n, bonded: 234n },
      { price: 15_001n, fee: 15_001n, bond: 0n, wh: 7n, locked: 105n, bonded: 0n },
      { price: 0n, fee: 0n, bond: 0n, wh: 7n, locked: 0n, bonded: 0n },
    ];
    for (const [side, cases] of [
      ["an offer", OFFERS],
      ["a bid", BIDS],
    ] as const) {
      for (const { price, fee, bond, wh, locked, bonded } of cases) {
        it(`${wh} Wh of ${side} at ${price} with a fee of ${fee} and a bond of ${bond} locks ${locked} and ${bonded}`, async () => {
          await traders.setTariffs({ networkFee: fee });
          if (side === "an offer") {
            await traders.reserve(bob, offer({ price, bond }), slots(8, 1, wh), { limit: locked });
          } else {
            await traders.reserve(jane, bid({ price, bond }), slots(8, 1, wh), fromRoof());
          }
          expect(await gains()).to.deep.equal({ ...noGains, bob: -locked, jane: -bonded });
        });
      }
    }

    it("an offer says what is reserved, under which terms, and what it locked", async () => {
      await traders.setTariffs({ networkFee: 30_000n });
      const order = offer();
      const position = traders.positionOf(order, bob, { charge: 30_000n });
      const energyWh = energyIn({ 8: 100n, 10: 1n, 17: 20n });
      await expect(traders.reserve(bob, order, energyWh))
        .to.emit(world.marketplace, "Reserved")
        .withArgs(
          await world.marketplace.hashOrder(order),
          await world.marketplace.positionId(position),
          jane.address,
          order.nonce,
          121n,
          121n * 230n,
          121n * 50n,
          Object.values(position),
          testBlock(8),
          packProfile(energyWh).words,
        );
      expect(await traders.reservedOf(position, 8)).to.deep.equal(energyIn({ 8: 100n, 10: 1n }));
      expect(await traders.reservedOf(position, 17)).to.deep.equal(energyIn({ 17: 20n }));
      const [filledWh] = await world.marketplace.fillOf(jane.address, order.nonce);
      expect(filledWh).to.equal(121n);
    });

    it("a bid makes its maker the buyer and the taker's meter the source", async () => {
      await traders.setTariffs({ networkFee: 30_000n });
      const order = bid();
      const position = traders.positionOf(order, jane, {
        ...fromRoof(),
        price: PRICE - 30_000n,
        charge: 30_000n,
      });
      await expect(traders.reserve(jane, order, slots(8, 2, 100n), fromRoof()))
        .to.emit(world.marketplace, "Reserved")
        .withArgs(
          await world.marketplace.hashOrder(order),
          await world.marketplace.positionId(position),
          bob.address,
          order.nonce,
          200n,
          40_000n,
          10_000n,
          Object.values(position),
          testBlock(8),
          packProfile(slots(8, 2, 100n)).words,
        );
      expect(await traders.reservedOf(position, 8)).to.deep.equal(slots(8, 2, 100n));
    });

    it("moves no energy: there is none yet", async () => {
      await expect(traders.reserve(bob, offer(), slots(8, 1, 100n)))
        .to.not.emit(world.energy, "TransferSingle")
        .and.to.not.emit(world.marketplace, "Traded");
    });

    it("a position's id is the hash of its terms", async () => {
      const position = traders.positionOf(offer(), bob, { charge: 3n, lossBps: 7, to: 2 });
      const types = ["address", "address", "address", "uint8", "uint32", "uint32", "address"];
      const encoded = world.ethers.AbiCoder.defaultAbiCoder().encode(
        [...types, "uint96", "uint96", "uint96", "uint16"],
        Object.values(position),
      );
      expect(await world.marketplace.positionId(position)).to.equal(
        world.ethers.keccak256(encoded),
      );
    });

    it("adds to what the meter has promised, whoever buys", async () => {
      const meter = roof.device.address;
      await traders.reserve(bob, offer(), slots(8, 2, 100n));
      await traders.reserve(carol, offer({ price: 1n }), slots(9, 2, 30n));
      await traders.reserve(jane, bid(), slots(9, 1, 7n), fromRoof());
      const committed = [];
      for (const number of [7, 8, 9, 10, 11]) {
        committed.push((await traders.deliveryOf(meter, number)).committed);
      }
      expect(committed).to.deep.equal([0n, 100n, 137n, 30n, 0n]);
    });

    it("more under the same terms grows the position, and locks exactly the difference", async () => {
      // 1 Wh costs 1.999 base units and is bonded with 0.4, n of them ceil(1.999 n) and ceil(0.4 n).
      const terms = { price: 1_999n, bond: 400n };
      const position = traders.positionOf(offer(terms), bob);
      const locked = [-2n, -4n, -6n, -8n, -10n, -12n];
      const bonded = [-1n, -1n, -2n, -2n, -2n, -3n];
      for (const [i, each] of locked.entries()) {
        // A new order of the same terms each time.
        await traders.reserve(bob, offer(terms), slots(8 + (i % 3), 1, 1n));
        expect(await gains()).to.deep.equal({ ...noGains, bob: each, jane: bonded[i] });
      }
      expect(await traders.reservedOf(position, 8)).to.deep.equal(slots(8, 3, 2n));
    });

    it("the same under another fee is another position", async () => {
      const order = offer();
      await traders.reserve(bob, order, slots(8, 1, 10n));
      await traders.setTariffs({ networkFee: 30_000n });
      await traders.reserve(bob, order, slots(8, 1, 20n));
      const charged = traders.positionOf(order, bob, { charge: 30_000n });
      expect(await traders.reservedOf(traders.positionOf(order, bob), 8)).to.deep.equal(
        slots(8, 1, 10n),
      );
      expect(await traders.reservedOf(charged, 8)).to.deep.equal(slots(8, 1, 20n));
    });

    it("every block locks for itself, and words without energy nothing", async () => {
      const order = offer({ price: 1n, bond: 1n });
      // Blocks 1 and 3; the word between is empty, and so is the one of the block that has started.
      const energyWh = energyIn({ 0: 0n, 8: 1n, 9: 1n, 24: 1n });
      await traders.reserve(bob, order, energyWh);
      expect(await gains()).to.deep.equal({ ...noGains, bob: -2n, jane: -2n });
      const position = traders.positionOf(order, bob);
      expect(await traders.reservedOf(position, 16)).to.deep.equal(new Map());
      await traders.refusedByMarket(
        traders.release(carol, position, 16),
        "Forwards_NothingReserved",
      );
    });
  });

  describe("refused is", () => {
    /** Everything that a reservation could change. */
    const everything = async (order: Order) => [
      await gains(),
      await world.marketplace.fillOf(order.maker, order.nonce),
      await world.meters.deliveryOf(roof.device.address, testBlock(8)),
    ];

    it("a slot that has started, to the second", async () => {
      const started = START + 8 * SLOT_SECONDS;
      const order = offer();
      await setNextTime(started - 1);
      await traders.reserve(bob, order, slots(8, 1, 1n));
      await setNextTime(started);
      await traders
        .refusedByMeters(traders.reserve(bob, order, slots(8, 2, 1n)), "Meters_SlotStarted")
        .withArgs(roof.device.address, slot(8));
      await traders.reserve(bob, order, slots(9, 1, 1n));
    });

    it("a slot that has started before others of the same take", async () => {
      await world.passSlots(19);
      await traders
        .refusedByMeters(
          traders.reserve(bob, offer(), energyIn({ 18: 1n, 19: 1n, 30: 1n })),
          "Meters_SlotStarted",
        )
        .withArgs(roof.device.address, slot(18));
    });

    it("more than the meter can export, summed over positions", async () => {
      await traders.reserve(bob, offer(), slots(8, 3, 1_000n));
      await traders.reserve(carol, offer(), slots(9, 1, 600n));
      const order = bid();
      await traders
        .refusedByMeters(
          traders.reserve(jane, order, slots(8, 3, 901n), fromRoof()),
          "Meters_OverCommitted",
        )
        .withArgs(roof.device.address, slot(9), 1_600n, 901n, MOST_WH);
      await traders.reserve(jane, order, slots(8, 3, 900n), fromRoof());
      await traders
        .refusedByMeters(traders.reserve(bob, offer(), slots(9, 1, 1n)), "Meters_OverCommitted")
        .withArgs(roof.device.address, slot(9), MOST_WH, 1n, MOST_WH);
    });

    it("anything of a meter that exports nothing", async () => {
      const order = world.order(await world.meter(jane, { capacityW: 0 }), { forward: true });
      await traders
        .refusedByMeters(traders.reserve(bob, order, slots(8, 1, 1n)), "Meters_OverCommitted")
        .withArgs(order.meter, slot(8), 0n, 1n, 0n);
    });

    it("a retired meter", async () => {
      await traders.metersAs(jane).retireMeter(roof.device.address);
      for (const attempt of [
        () => traders.reserve(bob, offer(), slots(8, 1, 1n)),
        () => traders.reserve(jane, bid(), slots(8, 1, 1n), fromRoof()),
      ]) {
        await traders.refusedByMeters(attempt(), "Meters_Inactive").withArgs(roof.device.address);
      }
    });

    it("somebody else's meter, or none", async () => {
      const { address: foreign } = flat.device;
      for (const attempt of [
        () => traders.reserve(bob, offer({ meter: foreign }), slots(8, 1, 1n)),
        () => traders.reserve(jane, bid(), slots(8, 1, 1n), { meter: foreign }),
      ]) {
        await traders
          .refusedByMeters(attempt(), "Meters_NotOwner")
          .withArgs(foreign, jane.address, bob.address);
      }
      for (const attempt of [
        () => traders.reserve(bob, offer({ meter: zeroAddress }), slots(8, 1, 1n)),
        () => traders.reserve(jane, bid(), slots(8, 1, 1n)),
      ]) {
        await traders.refusedByMeters(attempt(), "Meters_Unknown").withArgs(zeroAddress);
      }
    });

    it("a former owner's meter", async () => {
      const order = offer();
      await traders.metersAs(jane).handOverMeter(roof.device.address, carol.address);
      await traders
        .refusedByMeters(traders.reserve(bob, order, slots(8, 1, 1n)), "Meters_NotOwner")
        .withArgs(roof.device.address, jane.address, carol.address);
    });

    it("a meter of another microgrid", async () => {
      await world.found();
      const { device } = await world.meter(jane, { microgrid: 2 });
      const attempt = traders.reserve(bob, offer({ meter: device.address }), slots(8, 1, 1n));
      await traders
        .refusedByMeters(attempt, "Meters_NotSuch")
        .withArgs(device.address, 1n, sourceIndex("Solar"));
    });

    it("another source than the meter's", async () => {
      const attempt = traders.reserve(bob, offer(), slots(8, 1, 1n), { source: "Wind" });
      await traders
        .refusedByMeters(attempt, "Meters_NotSuch")
        .withArgs(roof.device.address, 1n, sourceIndex("Wind"));
    });

    it("an order for energy that is there", async () => {
      const order = offer({ forward: false });
      await traders
        .refusedByMarket(traders.reserve(bob, order, slots(8, 1, 1n)), "Forwards_IsSpot")
        .withArgs(jane.address, order.nonce);
    });

    it("what exceeds the buyer's limit, by a base unit", async () => {
      await traders.setTariffs({ networkFee: 30_000n });
      const order = offer();
      await traders
        .refusedByMarket(
          traders.reserve(bob, order, slots(8, 1, 100n), { limit: 22_999n }),
          "Trading_LimitMissed",
        )
        .withArgs(23_000n, 22_999n);
      await traders.reserve(bob, order, slots(8, 1, 100n), { limit: 23_000n });
    });

    it("what exceeds the buyer's limit because every block is rounded for itself", async () => {
      const order = offer({ price: 1n });
      const energyWh = energyIn({ 8: 1n, 16: 1n, 24: 1n });
      await traders
        .refusedByMarket(
          traders.reserve(bob, order, energyWh, { limit: 2n }),
          "Trading_LimitMissed",
        )
        .withArgs(3n, 2n);
      await traders.reserve(bob, order, energyWh, { limit: 3n });
    });

    it("what stays below the seller's limit, by a base unit", async () => {
      await traders.setTariffs({ networkFee: 30_000n });
      const order = bid();
      await traders
        .refusedByMarket(
          traders.reserve(jane, order, slots(8, 1, 100n), { ...fromRoof(), limit: 17_001n }),
          "Trading_LimitMissed",
        )
        .withArgs(17_000n, 17_001n);
      await traders.reserve(jane, order, slots(8, 1, 100n), { ...fromRoof(), limit: 17_000n });
    });

    it("what stays below the seller's limit because an earlier Wh has paid the base unit", async () => {
      const order = bid({ price: 1n });
      await traders.reserve(jane, order, slots(8, 1, 1n), { ...fromRoof(), limit: 1n });
      await traders
        .refusedByMarket(
          traders.reserve(jane, order, slots(8, 1, 1n), { ...fromRoof(), limit: 1n }),
          "Trading_LimitMissed",
        )
        .withArgs(0n, 1n);
    });

    it("a bid that the network fee eats up", async () => {
      await traders.setTariffs({ networkFee: PRICE + 1n });
      await traders
        .refusedByMarket(
          traders.reserve(jane, bid(), slots(8, 1, 1n), fromRoof()),
          "Trading_ChargeExceedsPrice",
        )
        .withArgs(PRICE + 1n, PRICE);
    });

    it("a buyer without the money, and nothing is half done", async () => {
      const { euro } = world.addresses;
      await traders.marketAs(bob).withdraw(euro, MONEY - 19_999n, bob.address);
      for (const [order, taker, taking] of [
        [offer(), bob, {}],
        [bid(), jane, fromRoof()],
      ] as const) {
        const before = await everything(order);
        await traders
          .refusedByMarket(
            traders.reserve(taker, order, slots(8, 1, 100n), taking),
            "Escrow_InsufficientBalance",
          )
          .withArgs(euro, bob.address, 19_999n, 20_000n);
        expect(await everything(order)).to.deep.equal(before);
      }
    });

    it("a seller without the bond, and nothing is half done", async () => {
      const { euro } = world.addresses;
      await traders.marketAs(jane).withdraw(euro, MONEY - 4_999n, jane.address);
      for (const [order, taker, taking] of [
        [offer(), bob, {}],
        [bid(), jane, fromRoof()],
      ] as const) {
        const before = await everything(order);
        await traders
          .refusedByMarket(
            traders.reserve(taker, order, slots(8, 1, 100n), taking),
            "Escrow_InsufficientBalance",
          )
          .withArgs(euro, jane.address, 4_999n, 5_000n);
        expect(await everything(order)).to.deep.equal(before);
      }
    });

    it("a closed microgrid", async () => {
      await traders.setMode(CLOSED);
      for (const attempt of [
        () => traders.reserve(bob, offer(), slots(8, 1, 1n)),
        () => traders.reserve(jane, bid(), slots(8, 1, 1n), fromRoof()),
      ]) {
        await traders.refusedByMarket(attempt(), "Trading_Closed").withArgs(1n);
      }
    });
  });

  /** Sells Jane's energy forward to `buyer`, and returns the position. */
  async function sell(buyer: Person, energyWh: EnergyBySlot, overrides: Partial<Order> = {}) {
    const order = offer(overrides);
    await traders.reserve(buyer, order, energyWh);
    return traders.positionOf(order, buyer);
  }

  /** What the release of a position's block says. */
  interface Said {
    readonly deliveredWh: EnergyBySlot;
    readonly paid?: bigint;
    readonly charge?: bigint;
    readonly refund?: bigint;
    readonly forfeited?: bigint;
  }

  async function expectReleased(position: Position, number: number, said: Said, by = carol) {
    const { deliveredWh, paid = 0n, charge = 0n, refund = 0n, forfeited = 0n } = said;
    await expect(traders.release(by, position, number))
      .to.emit(world.marketplace, "Released")
      .withArgs(
        await world.marketplace.positionId(position),
        testBlock(number),
        deliveredWh.size === 0 ? 0n : packProfile(deliveredWh).words[0],
        paid,
        charge,
        refund,
        forfeited,
      );
    expect(await traders.reservedOf(position, number)).to.deep.equal(new Map());
  }

  describe("released, anyone may ask,", () => {
    it("what is delivered in full goes to the buyer, money and bond to the seller", async () => {
      const position = await sell(bob, slots(8, 8, 100n));
      await world.passSlots(16);
      await world.report(roof, slots(8, 8, 100n));
      expect(await traders.energyOf(jane)).to.deep.equal(new Map());
      await expectReleased(position, 8, { deliveredWh: slots(8, 8, 100n), paid: 160_000n });
      expect(await gains()).to.deep.equal({ ...noGains, jane: 160_000n, bob: -160_000n });
      expect(await traders.energyOf(bob)).to.deep.equal(slots(8, 8, 100n));
      expect(await traders.energyOf(jane)).to.deep.equal(new Map());
    });

    it("what exceeds the promise is the owner's at the report", async () => {
      const position = await sell(bob, energyIn({ 8: 100n, 10: 100n }));
      await world.passSlots(16);
      await world.report(roof, slots(8, 3, 130n));
      const restWh = energyIn({ 8: 30n, 9: 130n, 10: 30n });
      expect(await traders.energyOf(jane)).to.deep.equal(restWh);
      await expectReleased(position, 8, {
        deliveredWh: energyIn({ 8: 100n, 10: 100n }),
        paid: 40_000n,
      });
      expect(await traders.energyOf(jane)).to.deep.equal(restWh);
      expect(await traders.energyOf(bob)).to.deep.equal(energyIn({ 8: 100n, 10: 100n }));
    });

    for (const order of ["first", "last"] as const) {
      it(`shortfall is shared pro rata, rounded down; the last release leaves the rest to the owner (Bob ${order})`, async () => {
        const bobs = await sell(bob, energyIn({ 8: 100n, 9: 70n }));
        const carols = await sell(carol, energyIn({ 8: 50n, 9: 70n }));
        await world.passSlots(10);
        await world.report(roof, energyIn({ 8: 100n, 9: 101n }));
        expect(await traders.energyOf(jane)).to.deep.equal(new Map());

        // Slot 8: 100 of 150, so 66.7 and 33.3; slot 9: 101 of 140, so 50.5 each.
        const releases = [
          () =>
            expectReleased(bobs, 8, {
              deliveredWh: energyIn({ 8: 66n, 9: 50n }),
              paid: 116n * 200n,
              refund: 54n * 200n,
              forfeited: 54n * 50n,
            }),
          () =>
            expectReleased(carols, 8, {
              deliveredWh: energyIn({ 8: 33n, 9: 50n }),
              paid: 83n * 200n,
              refund: 37n * 200n,
              forfeited: 37n * 50n,
            }),
        ];
        if (order === "last") releases.reverse();
        const [first, last] = releases;
        await first?.();
        expect(await traders.energyOf(jane)).to.deep.equal(new Map());
        await last?.();
        expect(await traders.energyOf(jane)).to.deep.equal(energyIn({ 8: 1n, 9: 1n }));
        expect(await traders.energyOf(bob)).to.deep.equal(energyIn({ 8: 66n, 9: 50n }));
        expect(await traders.energyOf(carol)).to.deep.equal(energyIn({ 8: 33n, 9: 50n }));
        expect(await gains()).to.deep.equal({
          jane: 199n * 200n - 91n * 50n,
          bob: -116n * 200n + 54n * 50n,
          carol: -83n * 200n + 37n * 50n,
          dso: 0n,
        });
      });
    }

    it("every amount is rounded as it was locked", async () => {
      await traders.setTariffs({ networkFee: 15_001n });
      const order = offer({ price: 199_999n, bond: 33_333n });
      await traders.reserve(bob, order, slots(8, 1, 7n));
      const position = traders.positionOf(order, bob, { charge: 15_001n });
      await world.passSlots(9);
      await world.report(roof, slots(8, 1, 3n));
      // 1505 and 234 are locked.
      await expectReleased(position, 8, {
        deliveredWh: slots(8, 1, 3n),
        paid: 600n,
        charge: 45n,
        refund: 860n,
        forfeited: 134n,
      });
      expect(await gains()).to.deep.equal({
        jane: 600n - 134n,
        bob: 134n - 645n,
        carol: 0n,
        dso: 45n,
      });
    });

    it("nothing delivered refunds all and forfeits the whole bond", async () => {
      const position = await sell(bob, slots(8, 2, 100n));
      await world.passSlots(10);
      await world.report(roof, slots(8, 2, 0n));
      await expectReleased(position, 8, {
        deliveredWh: new Map(),
        refund: 40_000n,
        forfeited: 10_000n,
      });
      expect(await gains()).to.deep.equal({ ...noGains, jane: -10_000n, bob: 10_000n });
    });

    it("nothing reported in time refunds all and forfeits the whole bond", async () => {
      const position = await sell(bob, slots(8, 2, 100n));
      await passDeadlineOf(9);
      await expectReleased(position, 8, {
        deliveredWh: new Map(),
        refund: 40_000n,
        forfeited: 10_000n,
      });
      expect(await gains()).to.deep.equal({ ...noGains, jane: -10_000n, bob: 10_000n });
    });

    it("several positions and blocks go at once", async () => {
      const bobs = await sell(bob, slots(8, 16, 10n));
      const carols = await sell(carol, slots(16, 8, 20n));
      await world.passSlots(24);
      await world.report(roof, slots(8, 16, 30n));
      await traders.marketAs(world.dso).release([
        { position: carols, blockNumber: testBlock(16) },
        { position: bobs, blockNumber: testBlock(8) },
        { position: bobs, blockNumber: testBlock(16) },
      ]);
      expect(await traders.energyOf(bob)).to.deep.equal(slots(8, 16, 10n));
      expect(await traders.energyOf(carol)).to.deep.equal(slots(16, 8, 20n));
      expect(await gains()).to.deep.equal({
        jane: 64_000n,
        bob: -32_000n,
        carol: -32_000n,
        dso: 0n,
      });
    });

    it("a position that was grown is paid as one", async () => {
      const terms = { price: 1n, bond: 1n };
      const position = await sell(bob, slots(8, 1, 1n), terms);
      await sell(bob, slots(9, 1, 1n), terms);
      await world.passSlots(10);
      await world.report(roof, energyIn({ 8: 1n, 9: 0n }));
      await expectReleased(position, 8, { deliveredWh: slots(8, 1, 1n), paid: 1n });
      expect(await gains()).to.deep.equal({ ...noGains, jane: 1n, bob: -1n });
    });

    it("a gift costs nobody anything", async () => {
      const position = await sell(bob, slots(8, 1, 100n), { price: 0n, bond: 0n });
      await world.passSlots(9);
      await world.report(roof, slots(8, 1, 60n));
      await expectReleased(position, 8, { deliveredWh: slots(8, 1, 60n) });
      expect(await gains()).to.deep.equal(noGains);
      expect(await traders.energyOf(bob)).to.deep.equal(slots(8, 1, 60n));
    });

    it("a gift with a bond still forfeits it", async () => {
      const position = await sell(bob, slots(8, 1, 100n), { price: 0n });
      await world.passSlots(9);
      await world.report(roof, slots(8, 1, 60n));
      await expectReleased(position, 8, { deliveredWh: slots(8, 1, 60n), forfeited: 2_000n });
      expect(await gains()).to.deep.equal({ ...noGains, jane: -2_000n, bob: 2_000n });
    });

    it("without a bond shortfall costs the seller only the price", async () => {
      const position = await sell(bob, slots(8, 1, 100n), { bond: 0n });
      await world.passSlots(9);
      await world.report(roof, slots(8, 1, 60n));
      await expectReleased(position, 8, {
        deliveredWh: slots(8, 1, 60n),
        paid: 12_000n,
        refund: 8_000n,
      });
    });
  });

  describe("the terms stay those of the reservation", () => {
    it("when the network fee is raised later", async () => {
      await traders.setTariffs({ networkFee: 30_000n });
      const order = offer();
      await traders.reserve(bob, order, slots(8, 1, 100n));
      await traders.setTariffs({ networkFee: 90_000n });
      await world.passSlots(9);
      await world.report(roof, slots(8, 1, 100n));
      await expectReleased(traders.positionOf(order, bob, { charge: 30_000n }), 8, {
        deliveredWh: slots(8, 1, 100n),
        paid: 20_000n,
        charge: 3_000n,
      });
      expect(await gains()).to.deep.equal({
        jane: 20_000n,
        bob: -23_000n,
        carol: 0n,
        dso: 3_000n,
      });
    });

    it("when a fee is set where there was none", async () => {
      const position = await sell(bob, slots(8, 1, 100n));
      await traders.setTariffs({ networkFee: 90_000n });
      await world.passSlots(9);
      await world.report(roof, slots(8, 1, 100n));
      await expectReleased(position, 8, { deliveredWh: slots(8, 1, 100n), paid: 20_000n });
    });

    it("while the fee goes to the DSO of the day of release", async () => {
      await traders.setTariffs({ networkFee: 30_000n });
      const order = offer();
      await traders.reserve(bob, order, slots(8, 1, 100n));
      await traders.metersAs(world.operator).setDso(1, carol.address);
      await world.passSlots(9);
      await world.report(roof, slots(8, 1, 100n));
      await traders.release(bob, traders.positionOf(order, bob, { charge: 30_000n }), 8);
      expect((await gains()).carol).to.equal(3_000n);
    });
  });

  describe("the reporting deadline", () => {
    it("is kept at its last second", async () => {
      const position = await sell(bob, slots(8, 1, 100n));
      await world.passSlots(9);
      const { message, signature } = await world.reading(roof, slots(8, 1, 100n));
      await setNextTime(lastSecond(8));
      await traders.metersAs(bob).report(message, signature);
      expect(await traders.energyOf(jane)).to.deep.equal(new Map());
      await expectReleased(position, 8, { deliveredWh: slots(8, 1, 100n), paid: 20_000n });
    });

    it("is missed a second later: all is the owner's, and the forward counts as not delivered", async () => {
      const position = await sell(bob, slots(8, 1, 100n));
      await world.passSlots(9);
      const { message, signature } = await world.reading(roof, slots(8, 1, 130n));
      await setNextTime(lastSecond(8) + 1);
      await traders.metersAs(bob).report(message, signature);
      expect(await traders.energyOf(jane)).to.deep.equal(slots(8, 1, 130n));
      await expectReleased(position, 8, {
        deliveredWh: new Map(),
        refund: 20_000n,
        forfeited: 5_000n,
      });
      expect(await traders.energyOf(jane)).to.deep.equal(slots(8, 1, 130n));
    });

    it("once missed, a report after the release mints all to the owner as well", async () => {
      const position = await sell(bob, slots(8, 1, 100n));
      await passDeadlineOf(8);
      await traders.release(bob, position, 8);
      await world.report(roof, slots(8, 1, 130n));
      expect(await traders.energyOf(jane)).to.deep.equal(slots(8, 1, 130n));
      expect(await traders.energyOf(bob)).to.deep.equal(new Map());
      expect(await gains()).to.deep.equal({ ...noGains, jane: -5_000n, bob: 5_000n });
    });

    it("runs for each slot: one reading may be late for the first and in time for the next", async () => {
      const position = await sell(bob, slots(8, 2, 100n));
      await world.passSlots(10);
      const { message, signature } = await world.reading(roof, slots(8, 2, 100n));
      await setNextTime(lastSecond(8) + 1);
      await traders.metersAs(bob).report(message, signature);
      expect(await traders.energyOf(jane)).to.deep.equal(slots(8, 1, 100n));
      await expectReleased(position, 8, {
        deliveredWh: slots(9, 1, 100n),
        paid: 20_000n,
        refund: 20_000n,
        forfeited: 5_000n,
      });
    });

    it("may be none: then a reading is in time only in the second in which its slot ends", async () => {
      await world.found({ charter: { reportingDeadline: 0 } });
      const hasty = await world.meter(jane, { microgrid: 2 });
      const order = world.order(hasty, { forward: true, price: PRICE, bond: BOND });
      await traders.reserve(bob, order, slots(8, 2, 100n));
      for (const [number, late] of [
        [8, 0],
        [9, 1],
      ] as const) {
        const { message, signature } = await world.reading(hasty, slots(number, 1, 100n));
        await setNextTime(START + (number + 1) * SLOT_SECONDS + late);
        await traders.metersAs(bob).report(message, signature);
      }
      await expectReleased(traders.positionOf(order, bob), 8, {
        deliveredWh: slots(8, 1, 100n),
        paid: 20_000n,
        refund: 20_000n,
        forfeited: 5_000n,
      });
    });
  });

  describe("a report finds what is promised", () => {
    /** Slots of two days, and of a day that is beyond what 16 bits count from the Unix epoch. */
    const DAY = 96;
    const FAR = (70_000 * 86_400) / SLOT_SECONDS - START_SLOT;
    const wide = () => offer({ lastSlot: slot(FAR + 8) });

    const cases = [
      { what: "in the last slot of a day", promised: [DAY - 1] },
      { what: "in the first slot of the next day", promised: [DAY] },
      { what: "of both days, the later promised first", promised: [DAY, DAY - 1] },
      { what: "of a day, though another is promised two centuries ahead", promised: [FAR, DAY] },
      { what: "of a day, though another was promised two centuries ahead", promised: [DAY, FAR] },
    ];
    for (const { what, promised } of cases) {
      it(what, async () => {
        for (const number of promised) await traders.reserve(bob, wide(), slots(number, 1, 60n));
        await world.passSlots(DAY + 8);
        await world.report(roof, energyIn({ [DAY - 1]: 100n, [DAY]: 100n }));
        for (const number of [DAY - 1, DAY]) {
          const kept = promised.includes(number) ? 60n : 0n;
          expect((await traders.deliveryOf(roof.device.address, number)).delivered).to.equal(kept);
          const id = energyIdOf({ microgrid: 1, source: "Solar", slot: slot(number) });
          expect(await world.energy.balanceOf(jane.address, id)).to.equal(100n - kept);
        }
      });
    }
  });

  describe("a release waits", () => {
    it("for every slot with energy, and for no other", async () => {
      const bobs = await sell(bob, energyIn({ 8: 100n, 10: 100n, 15: 100n }));
      const carols = await sell(carol, energyIn({ 8: 10n }));
      await world.passSlots(16);
      await world.report(roof, energyIn({ 8: 110n, 9: 0n }));
      await traders
        .refusedByMarket(traders.release(bob, bobs, 8), "Forwards_NotResolved")
        .withArgs(roof.device.address, testBlock(8), guards(2, 7));
      await traders.release(bob, carols, 8);
      expect(await traders.energyOf(carol)).to.deep.equal(slots(8, 1, 10n));

      await world.report(roof, slots(15, 1, 100n));
      await traders
        .refusedByMarket(traders.release(bob, bobs, 8), "Forwards_NotResolved")
        .withArgs(roof.device.address, testBlock(8), guards(2));
      await world.report(roof, slots(10, 1, 100n));
      await traders.release(bob, bobs, 8);
      expect(await traders.energyOf(bob)).to.deep.equal(energyIn({ 8: 100n, 10: 100n, 15: 100n }));
    });

    it("to the last second of the deadline of what is not reported", async () => {
      const position = await sell(bob, slots(8, 2, 100n));
      await world.passSlots(10);
      await world.report(roof, slots(8, 1, 100n));
      await setNextTime(lastSecond(9));
      await traders
        .refusedByMarket(traders.release(bob, position, 8), "Forwards_NotResolved")
        .withArgs(roof.device.address, testBlock(8), guards(1));
      await setNextTime(lastSecond(9) + 1);
      await expectReleased(position, 8, {
        deliveredWh: slots(8, 1, 100n),
        paid: 20_000n,
        refund: 20_000n,
        forfeited: 5_000n,
      });
    });

    it("also when the slot has not even begun", async () => {
      const position = await sell(bob, slots(8, 8, 100n));
      await traders
        .refusedByMarket(traders.release(bob, position, 8), "Forwards_NotResolved")
        .withArgs(roof.device.address, testBlock(8), guards(0, 1, 2, 3, 4, 5, 6, 7));
    });

    it("but a block that is released may be sold again where it has not started", async () => {
      const first = await sell(bob, slots(8, 1, 100n));
      await world.passSlots(9);
      await world.report(roof, slots(8, 1, 60n));
      await traders.release(bob, first, 8);
      const again = await sell(bob, slots(12, 1, 100n));
      expect(again).to.deep.equal(first);
      await world.passSlots(13);
      await world.report(roof, slots(12, 1, 80n));
      await expectReleased(again, 8, {
        deliveredWh: slots(12, 1, 80n),
        paid: 16_000n,
        refund: 4_000n,
        forfeited: 1_000n,
      });
      expect(await traders.energyOf(bob)).to.deep.equal(energyIn({ 8: 60n, 12: 80n }));
    });
  });

  describe("nothing is released", () => {
    it("twice, in one call or two", async () => {
      const position = await sell(bob, slots(8, 1, 100n));
      await world.passSlots(9);
      await world.report(roof, slots(8, 1, 100n));
      const id = await world.marketplace.positionId(position);
      await traders
        .refusedByMarket(traders.release(bob, position, 8, 8), "Forwards_NothingReserved")
        .withArgs(id, testBlock(8));
      expect((await gains()).jane).to.equal(-5_000n);
      await traders.release(bob, position, 8);
      await traders
        .refusedByMarket(traders.release(bob, position, 8), "Forwards_NothingReserved")
        .withArgs(id, testBlock(8));
    });

    it("under terms that nobody agreed to", async () => {
      const position = await sell(bob, slots(8, 1, 100n));
      await world.passSlots(9);
      await world.report(roof, slots(8, 1, 100n));
      const others: Partial<Position>[] = [
        { buyer: carol.address },
        { seller: carol.address },
        { meter: flat.device.address },
        { source: sourceIndex("Wind") },
        { from: 2 },
        { to: 2 },
        { currency: carol.address },
        { price: PRICE - 1n },
        { charge: 1n },
        { bond: BOND + 1n },
        { lossBps: 1 },
      ];
      for (const other of others) {
        const forged = { ...position, ...other };
        await traders
          .refusedByMarket(traders.release(carol, forged, 8), "Forwards_NothingReserved")
          .withArgs(await world.marketplace.positionId(forged), testBlock(8));
      }
    });

    it("in a block where nothing is reserved", async () => {
      const position = await sell(bob, slots(8, 1, 100n));
      await passDeadlineOf(16);
      await traders
        .refusedByMarket(traders.release(bob, position, 16), "Forwards_NothingReserved")
        .withArgs(await world.marketplace.positionId(position), testBlock(16));
    });

    it("of an empty list", () =>
      traders.refusedByMarket(traders.marketAs(bob).release([]), "Forwards_NothingReleased"));
  });

  describe("no change of hands, service or mode traps anything:", () => {
    it("after a hand-over the seller is still paid, and the rest is the new owner's", async () => {
      const bobs = await sell(bob, slots(8, 1, 70n));
      const carols = await sell(carol, slots(8, 1, 70n));
      await traders.metersAs(jane).handOverMeter(roof.device.address, world.dso.address);
      await world.passSlots(10);
      await world.report(roof, energyIn({ 8: 101n, 9: 40n }));
      await traders.release(carol, bobs, 8);
      await traders.release(carol, carols, 8);
      expect(await traders.energyOf(jane)).to.deep.equal(new Map());
      expect(await traders.energyOf(world.dso)).to.deep.equal(energyIn({ 8: 1n, 9: 40n }));
      expect((await gains()).jane).to.equal(100n * 200n - 40n * 50n);
    });

    it("a meter retired after its report has delivered", async () => {
      const position = await sell(bob, slots(8, 1, 100n));
      await world.passSlots(9);
      await world.report(roof, slots(8, 1, 100n));
      await traders.metersAs(jane).retireMeter(roof.device.address);
      await expectReleased(position, 8, { deliveredWh: slots(8, 1, 100n), paid: 20_000n });
    });

    it("a meter retired before its report has not", async () => {
      const position = await sell(bob, slots(8, 1, 100n));
      await traders.metersAs(world.operator).retireMeter(roof.device.address);
      await world.passSlots(9);
      await traders.refusedByMeters(world.report(roof, slots(8, 1, 100n)), "Meters_Inactive");
      await traders.refusedByMarket(traders.release(bob, position, 8), "Forwards_NotResolved");
      await passDeadlineOf(8);
      await expectReleased(position, 8, {
        deliveredWh: new Map(),
        refund: 20_000n,
        forfeited: 5_000n,
      });
    });

    for (const [name, mode] of [
      ["connected", CONNECTED],
      ["islanded", ISLANDED],
      ["closed", CLOSED],
    ] as const) {
      it(`a microgrid that is ${name} releases, and what is released can be withdrawn`, async () => {
        const position = await sell(bob, slots(8, 1, 100n));
        await traders.setMode(mode);
        await world.passSlots(9);
        await world.report(roof, slots(8, 1, 60n));
        await traders.release(bob, position, 8);
        expect(await traders.energyOf(bob)).to.deep.equal(slots(8, 1, 60n));
        const { euro } = world.addresses;
        await traders.marketAs(jane).withdraw(euro, MONEY + 12_000n - 2_000n, jane.address);
        await traders.marketAs(bob).withdraw(euro, MONEY - 12_000n + 2_000n, bob.address);
        expect(await gains()).to.deep.equal({ ...noGains, jane: -MONEY, bob: -MONEY });
      });
    }

    it("an order cancelled after the reservation, a raised counter or a lock", async () => {
      const order = offer();
      await traders.reserve(bob, order, slots(8, 1, 100n));
      const { euro } = world.addresses;
      await traders.marketAs(jane).cancel([order.nonce]);
      await traders.marketAs(jane).cancelAll(euro);
      await traders.marketAs(bob).lock(euro, START + 100 * 86_400);
      await world.passSlots(9);
      await world.report(roof, slots(8, 1, 100n));
      await traders.release(carol, traders.positionOf(order, bob), 8);
      expect(await gains()).to.deep.equal({ ...noGains, jane: 20_000n, bob: -20_000n });
    });

    it("money that is locked for a forward can't be withdrawn meanwhile", async () => {
      await sell(bob, slots(8, 1, 100n));
      const { euro } = world.addresses;
      const holders: [Person, bigint][] = [
        [bob, MONEY - 20_000n],
        [jane, MONEY - 5_000n],
      ];
      for (const [person, free] of holders) {
        await traders
          .refusedByMarket(
            traders.marketAs(person).withdraw(euro, free + 1n, person.address),
            "Escrow_InsufficientBalance",
          )
          .withArgs(euro, person.address, free, free + 1n);
        await traders.marketAs(person).withdraw(euro, free, person.address);
      }
    });
  });

  it("only the marketplace promises a meter's energy", async () => {
    const meter: Address = roof.device.address;
    const { words } = packProfile(slots(8, 1, 1n));
    const attempt = traders
      .metersAs(jane)
      .commit(meter, jane.address, 1, sourceIndex("Solar"), blockOf(slot(8)), [...words]);
    await traders.refusedByMeters(attempt, "Meters_NotMarket").withArgs(jane.address);
  });

  it("a forward is counted by its side's own fill", async () => {
    for (const side of [OFFER, BID]) {
      const order = side === OFFER ? offer({ energy: 100 }) : bid({ energy: 100 });
      const taker = side === OFFER ? bob : jane;
      await traders.reserve(taker, order, slots(8, 2, 40n), fromRoof());
      await traders
        .refusedByMarket(
          traders.reserve(taker, order, slots(8, 1, 21n), fromRoof()),
          "Orders_Overfilled",
        )
        .withArgs(order.maker, order.nonce, 20n, 21n);
      await traders.reserve(taker, order, slots(8, 1, 20n), fromRoof());
    }
  });
});
