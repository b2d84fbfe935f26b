import {
  type EnergyBySlot,
  energyIdOf,
  type Order,
  packProfile,
  sourceIndex,
  sourceMask,
  unpackProfile,
} from "@wattline/sdk";
import { expect } from "chai";
import { after, before, beforeEach, describe, it } from "mocha";
import { type Address, parseSignature, zeroAddress } from "viem";
import { hex } from "../support/signatures.ts";
import {
  createWorld,
  EURO,
  type MeterOf,
  type Person,
  START,
  START_SLOT,
  slots,
  testBlock,
  type World,
} from "../support/world.ts";

const OFFER = 0;
const BID = 1;
const ANY_COST = 2n ** 255n;
const SOLAR = sourceIndex("Solar");
const WIND = sourceIndex("Wind");

describe("Spot", () => {
  let world: World;
  let jane: Person;
  let bob: Person;
  let carol: Person;
  let roof: MeterOf;
  let flat: MeterOf;

  before(async () => {
    world = await createWorld();
    jane = world.person("Jane");
    bob = world.person("Bob");
    carol = world.person("Carol");
  });
  after(() => world.close());

  /** Jane has 1 kWh of solar energy in each of the first eight slots, Bob has 1000 euros. */
  async function street() {
    await world.found();
    const meters = { roof: await world.meter(jane), flat: await world.meter(bob) };
    await world.passSlots(8);
    await world.report(meters.roof, slots(0, 8, 1_000n));
    await world.fund(bob, 1_000n * EURO);
    return meters;
  }
  beforeEach(async () => {
    ({ roof, flat } = await world.networkHelpers.loadFixture(street));
  });

  const marketAs = (person: Person) => world.marketplace.connect(person.signer);
  const operate = () => world.meters.connect(world.operator.signer);
  const setNetworkFee = (networkFee: bigint, microgrid = 1) =>
    operate().setTariffs(microgrid, { ...world.tariffs, networkFee });

  const moneyOf = async (holder: Person) =>
    (await world.marketplace.accountOf(world.addresses.euro, holder.address)).balance;

  /** Wh per slot of the day that a holder has of one source. */
  async function energyOf(holder: Person, blocks = 2, source = SOLAR, microgrid = 1) {
    const firstBlock = testBlock(0);
    const words = await world.energy.profileOf(
      holder.address,
      microgrid,
      source,
      firstBlock,
      blocks,
    );
    return unpackProfile({ firstBlock, words });
  }

  /** Everything that a trade between Jane, Bob and Carol can change. */
  async function everything(order: Order) {
    const state = [];
    for (const person of [jane, bob, carol, world.dso]) {
      state.push(person.name, await moneyOf(person), [...(await energyOf(person))]);
    }
    return [...state, ...(await world.marketplace.fillOf(order.maker, order.nonce))];
  }

  interface Taking {
    readonly by?: Person;
    readonly limit?: bigint;
    readonly source?: "Solar" | "Wind";
    /** The taker's. */
    readonly meter?: Address;
    /** Who signs: the maker, unless the test is about somebody else. */
    readonly signer?: Person;
  }

  /** A taker takes energy of an order that its maker has signed. */
  async function accept(order: Order, energyWh: EnergyBySlot, taking: Taking = {}) {
    const maker = order.maker === jane.address ? jane : bob;
    const { by = maker === jane ? bob : jane, source = "Solar", signer = maker } = taking;
    const { limit = order.side === OFFER ? ANY_COST : 0n, meter = zeroAddress } = taking;
    const { microgrid } = order;
    const signature = await world.sign(order, signer);
    const take = world.take(energyWh, { source, limit, microgrid, meter });
    return marketAs(by).accept(order, signature, take);
  }

  const wasRefused = (attempt: Promise<unknown>, error: string) =>
    expect(attempt).to.be.revertedWithCustomError(world.marketplace, error);

  const offer = (overrides: Partial<Order> = {}) => world.order(roof, overrides);
  const bid = (overrides: Partial<Order> = {}) => world.order(flat, { side: BID, ...overrides });

  describe("money", () => {
    interface Case {
      readonly price: bigint;
      readonly fee: bigint;
      readonly wh: bigint;
      readonly buyerPays: bigint;
      readonly sellerGets: bigint;
      readonly dsoGets: bigint;
    }
    const nothing = { fee: 0n, dsoGets: 0n };

    async function expectPaid(order: Order, { fee, wh, buyerPays, sellerGets, dsoGets }: Case) {
      await setNetworkFee(fee);
      await accept(order, slots(2, 1, wh));
      expect({
        buyerPays: 1_000n * EURO - (await moneyOf(bob)),
        sellerGets: await moneyOf(jane),
        dsoGets: await moneyOf(world.dso),
      }).to.deep.equal({ buyerPays, sellerGets, dsoGets });
    }

    const OFFERS: Case[] = [
      { ...nothing, price: 200_000n, wh: 1n, buyerPays: 200n, sellerGets: 200n },
      { ...nothing, price: 200_000n, wh: 1_000n, buyerPays: 200_000n, sellerGets: 200_000n },
      { ...nothing, price: 1n, wh: 1n, buyerPays: 1n, sellerGets: 1n },
      { ...nothing, price: 1n, wh: 1_000n, buyerPays: 1n, sellerGets: 1n },
      { ...nothing, price: 1_999n, wh: 1n, buyerPays: 2n, sellerGets: 2n },
      { ...nothing, price: 2_000n, wh: 1n, buyerPays: 2n, sellerGets: 2n },
      { ...nothing, price: 2_001n, wh: 1n, buyerPays: 3n, sellerGets: 3n },
      { price: 1n, fee: 1n, wh: 1n, buyerPays: 1n, sellerGets: 1n, dsoGets: 0n },
      { price: 1n, fee: 999n, wh: 1n, buyerPays: 1n, sellerGets: 1n, dsoGets: 0n },
      { price: 1n, fee: 1_000n, wh: 1n, buyerPays: 2n, sellerGets: 1n, dsoGets: 1n },
      {
        price: 333_333n,
        fee: 50_000n,
        wh: 3n,
        buyerPays: 1_150n,
        sellerGets: 1_000n,
        dsoGets: 150n,
      },
      {
        price: 199_999n,
        fee: 15_001n,
        wh: 7n,
        buyerPays: 1_505n,
        sellerGets: 1_400n,
        dsoGets: 105n,
      },
      { price: 0n, fee: 15_001n, wh: 7n, buyerPays: 105n, sellerGets: 0n, dsoGets: 105n },
    ];
    for (const each of OFFERS) {
      it(`of an offer at ${each.price} with a fee of ${each.fee}: ${each.wh} Wh cost the taker ${each.buyerPays}`, () =>
        expectPaid(offer({ price: each.price }), each));
    }

    const BIDS: Case[] = [
      { ...nothing, price: 200_000n, wh: 1n, buyerPays: 200n, sellerGets: 200n },
      { ...nothing, price: 1n, wh: 1n, buyerPays: 1n, sellerGets: 1n },
      { ...nothing, price: 2_001n, wh: 1n, buyerPays: 3n, sellerGets: 3n },
      { price: 1n, fee: 1n, wh: 1n, buyerPays: 0n, sellerGets: 0n, dsoGets: 0n },
      { price: 2_001n, fee: 1_001n, wh: 1n, buyerPays: 2n, sellerGets: 1n, dsoGets: 1n },
      { price: 333_333n, fee: 50_000n, wh: 3n, buyerPays: 1_000n, sellerGets: 850n, dsoGets: 150n },
      {
        price: 199_999n,
        fee: 15_001n,
        wh: 7n,
        buyerPays: 1_400n,
        sellerGets: 1_295n,
        dsoGets: 105n,
      },
    ];
    for (const each of BIDS) {
      it(`of a bid at ${each.price} with a fee of ${each.fee}: ${each.wh} Wh bring the taker ${each.sellerGets}`, () =>
        expectPaid(bid({ price: each.price }), each));
    }

    it("is rounded once for all slots together", async () => {
      await accept(offer({ price: 1n }), slots(0, 8, 1n));
      expect(await moneyOf(jane)).to.equal(1n);
    });

    it("does not move for a gift", async () => {
      await accept(offer({ price: 0n }), slots(0, 1, 500n), { by: carol, limit: 0n });
      expect([await moneyOf(jane), await moneyOf(carol)]).to.deep.equal([0n, 0n]);
      expect(await energyOf(carol)).to.deep.equal(slots(0, 1, 500n));
    });

    it("of a gift to a bid does not move either", async () => {
      await accept(bid({ price: 0n }), slots(0, 1, 500n));
      expect([await moneyOf(jane), await moneyOf(bob)]).to.deep.equal([0n, 1_000n * EURO]);
      expect(await energyOf(bob)).to.deep.equal(slots(0, 1, 500n));
    });

    it("goes to the DSO of the day", async () => {
      await setNetworkFee(30_000n);
      const order = offer();
      await accept(order, slots(0, 1, 10n));
      await operate().setDso(1, carol.address);
      await accept(order, slots(0, 1, 20n));
      expect([await moneyOf(world.dso), await moneyOf(carol)]).to.deep.equal([300n, 600n]);
    });

    it("stays right when the DSO itself is buyer or seller", async () => {
      await setNetworkFee(30_000n);
      await operate().setDso(1, bob.address);
      await accept(offer(), slots(0, 1, 100n));
      expect([await moneyOf(bob), await moneyOf(jane)]).to.deep.equal([
        1_000n * EURO - 20_000n,
        20_000n,
      ]);
      await operate().setDso(1, jane.address);
      await accept(offer(), slots(0, 1, 100n));
      expect([await moneyOf(bob), await moneyOf(jane)]).to.deep.equal([
        1_000n * EURO - 43_000n,
        43_000n,
      ]);
    });

    describe("when the operator raises the network fee", () => {
      it("brings an offer's maker no less", async () => {
        const order = offer();
        await accept(order, slots(0, 1, 100n));
        await setNetworkFee(90_000n);
        await accept(order, slots(0, 1, 100n));
        expect(await moneyOf(jane)).to.equal(2n * 20_000n);
        expect(await moneyOf(bob)).to.equal(1_000n * EURO - 20_000n - 29_000n);
      });

      it("costs a bid's maker no more", async () => {
        const order = bid();
        await accept(order, slots(0, 1, 100n));
        await setNetworkFee(90_000n);
        await accept(order, slots(0, 1, 100n));
        expect(await moneyOf(bob)).to.equal(1_000n * EURO - 2n * 20_000n);
        expect(await moneyOf(jane)).to.equal(20_000n + 11_000n);
      });
    });
  });

  describe("the taker's limit", () => {
    beforeEach(() => setNetworkFee(30_000n));

    it("holds for a buyer to the base unit, fee included", async () => {
      // 100 Wh: 20000 for the seller and 3000 for the DSO.
      const order = offer();
      await wasRefused(
        accept(order, slots(0, 1, 100n), { limit: 22_999n }),
        "Trading_LimitMissed",
      ).withArgs(23_000n, 22_999n);
      await accept(order, slots(0, 1, 100n), { limit: 23_000n });
      expect(await moneyOf(bob)).to.equal(1_000n * EURO - 23_000n);
    });

    it("holds for a seller to the base unit, fee deducted", async () => {
      const order = bid();
      await wasRefused(
        accept(order, slots(0, 1, 100n), { limit: 17_001n }),
        "Trading_LimitMissed",
      ).withArgs(17_000n, 17_001n);
      await accept(order, slots(0, 1, 100n), { limit: 17_000n });
      expect(await moneyOf(jane)).to.equal(17_000n);
    });

    it("does not let a bid's fee exceed its price", async () => {
      await wasRefused(
        accept(bid({ price: 29_999n }), slots(0, 1, 1_000n)),
        "Trading_ChargeExceedsPrice",
      ).withArgs(30_000n, 29_999n);
      await accept(bid({ price: 30_000n }), slots(0, 1, 1_000n));
      expect([await moneyOf(jane), await moneyOf(world.dso)]).to.deep.equal([0n, 30_000n]);
    });
  });

  describe("energy", () => {
    /** Lets a whole day pass, of which Jane exported 1 kWh in every slot. */
    async function wholeDay() {
      await world.passSlots(96);
      await world.report(roof, slots(8, 88, 1_000n));
    }

    it("of an offer moves slot by slot from maker to taker, and says so", async () => {
      await setNetworkFee(30_000n);
      const order = offer();
      const takenWh = new Map([
        [START_SLOT, 1n],
        [START_SLOT + 3, 1_000n],
        [START_SLOT + 7, 20n],
      ]);
      const ids = [0, 3, 7].map((slot) =>
        energyIdOf({ microgrid: 1, source: "Solar", slot: START_SLOT + slot }),
      );
      await expect(accept(order, takenWh))
        .to.emit(world.marketplace, "Traded")
        .withArgs(
          await world.marketplace.hashOrder(order),
          jane.address,
          bob.address,
          order.nonce,
          1_021n,
          204_200n + 30_630n,
          30_630n,
        )
        .and.to.emit(world.energy, "TransferBatch")
        .withArgs(world.addresses.market, jane.address, bob.address, ids, [1n, 1_000n, 20n]);
      expect(await energyOf(bob)).to.deep.equal(takenWh);
      const leftWh = slots(0, 8, 1_000n)
        .set(START_SLOT, 999n)
        .set(START_SLOT + 7, 980n);
      leftWh.delete(START_SLOT + 3);
      expect(await energyOf(jane)).to.deep.equal(leftWh);
    });

    it("of a bid moves from taker to maker, and says so", async () => {
      await setNetworkFee(30_000n);
      const order = bid();
      await expect(accept(order, slots(4, 1, 100n)))
        .to.emit(world.marketplace, "Traded")
        .withArgs(
          await world.marketplace.hashOrder(order),
          bob.address,
          jane.address,
          order.nonce,
          100n,
          20_000n,
          3_000n,
        )
        .and.to.emit(world.energy, "TransferSingle")
        .withArgs(
          world.addresses.market,
          jane.address,
          bob.address,
          energyIdOf({ microgrid: 1, source: "Solar", slot: START_SLOT + 4 }),
          100n,
        );
      expect(await energyOf(bob)).to.deep.equal(slots(4, 1, 100n));
      expect((await energyOf(jane)).get(START_SLOT + 4)).to.equal(900n);
    });

    it("moves for a whole day at once", async () => {
      await wholeDay();
      const order = offer();
      await accept(order, slots(0, 96, 70n));
      expect(await energyOf(bob, 12)).to.deep.equal(slots(0, 96, 70n));
      expect(await energyOf(jane, 12)).to.deep.equal(slots(0, 96, 930n));
      expect(await moneyOf(jane)).to.equal(96n * 14_000n);
      const [filledWh] = await world.marketplace.fillOf(jane.address, order.nonce);
      expect(filledWh).to.equal(96n * 70n);
    });

    it("moves from the middle of a block to the middle of another", async () => {
      await wholeDay();
      await accept(offer(), slots(3, 8, 70n));
      expect(await energyOf(bob)).to.deep.equal(slots(3, 8, 70n));
    });

    it("moves to the last Wh, and can be sold on", async () => {
      await accept(offer(), slots(0, 8, 1_000n));
      expect(await energyOf(jane)).to.deep.equal(new Map());
      await world.fund(carol, EURO);
      await accept(world.order(flat), slots(5, 1, 400n), { by: carol });
      expect(await energyOf(carol)).to.deep.equal(slots(5, 1, 400n));
    });

    it("that the seller lacks is named by its slot's id", async () => {
      const takenWh = slots(1, 5, 10n).set(START_SLOT + 3, 1_001n);
      await expect(accept(offer(), takenWh))
        .to.be.revertedWithCustomError(world.energy, "ERC1155InsufficientBalance")
        .withArgs(
          jane.address,
          1_000n,
          1_001n,
          energyIdOf({ microgrid: 1, source: "Solar", slot: START_SLOT + 3 }),
        );
    });

    it("that a bid's taker lacks is named as well", async () => {
      await expect(accept(bid(), slots(6, 2, 10n), { by: carol }))
        .to.be.revertedWithCustomError(world.energy, "ERC1155InsufficientBalance")
        .withArgs(
          carol.address,
          0n,
          10n,
          energyIdOf({ microgrid: 1, source: "Solar", slot: START_SLOT + 6 }),
        );
    });

    it("is of the source that the taker names", async () => {
      const turbine = await world.meter(jane, { source: "Wind" });
      await world.report(turbine, slots(0, 1, 300n));
      await accept(offer(), slots(0, 1, 100n), { source: "Wind" });
      expect(await energyOf(bob, 1, WIND)).to.deep.equal(slots(0, 1, 100n));
      expect(await energyOf(bob, 1, SOLAR)).to.deep.equal(new Map());
      await expect(accept(offer(), slots(0, 1, 201n), { source: "Wind" }))
        .to.be.revertedWithCustomError(world.energy, "ERC1155InsufficientBalance")
        .withArgs(
          jane.address,
          200n,
          201n,
          energyIdOf({ microgrid: 1, source: "Wind", slot: START_SLOT }),
        );
    });

    it("is of the order's microgrid", async () => {
      await world.found();
      await expect(accept(offer({ microgrid: 2 }), slots(0, 1, 1n)))
        .to.be.revertedWithCustomError(world.energy, "ERC1155InsufficientBalance")
        .withArgs(
          jane.address,
          0n,
          1n,
          energyIdOf({ microgrid: 2, source: "Solar", slot: START_SLOT }),
        );
    });

    it("that is no profile is refused", async () => {
      const order = offer();
      const signature = await world.sign(order, jane);
      const take = world.take(slots(0, 8, 1n));
      for (let lane = 0n; lane < 8n; lane++) {
        const word = (take.energy[0] ?? 0n) | (1n << (32n * lane + 31n));
        await wasRefused(
          marketAs(bob).accept(order, signature, { ...take, energy: [word] }),
          "Profile_Malformed",
        ).withArgs(word);
      }
    });

    it("of no Wh is refused", async () => {
      const order = offer();
      const signature = await world.sign(order, jane);
      for (const energy of [[], [0n], [0n, 0n]]) {
        await wasRefused(
          marketAs(bob).accept(order, signature, { ...world.take(slots(0, 1, 1n)), energy }),
          "Trading_NothingTaken",
        );
      }
    });
  });

  describe("the order's terms", () => {
    it("hold to the slot on either side", async () => {
      const [firstSlot, lastSlot] = [START_SLOT + 2, START_SLOT + 5];
      const order = offer({ firstSlot, lastSlot });
      for (const [energyWh, stray] of [
        [slots(1, 3, 1n), 1],
        [slots(1, 1, 1n), 1],
        [slots(4, 3, 1n), 6],
        [slots(6, 1, 1n), 6],
        [slots(-1, 1, 1n), -1],
        [slots(8, 1, 1n), 8],
      ] as const) {
        await wasRefused(accept(order, energyWh), "Orders_OutsideSlots").withArgs(
          START_SLOT + stray,
          firstSlot,
          lastSlot,
        );
      }
      await accept(order, slots(2, 4, 1n));
      expect(await energyOf(bob)).to.deep.equal(slots(2, 4, 1n));
    });

    it("may name a single slot", async () => {
      const order = offer({ firstSlot: START_SLOT + 7, lastSlot: START_SLOT + 7 });
      await accept(order, slots(7, 1, 1n));
      await wasRefused(accept(order, slots(6, 2, 1n)), "Orders_OutsideSlots").withArgs(
        START_SLOT + 6,
        START_SLOT + 7,
        START_SLOT + 7,
      );
    });

    it("may name no slot at all, and then nothing can be taken", async () => {
      const [firstSlot, lastSlot] = [START_SLOT + 4, START_SLOT + 3];
      for (const slot of [3, 4]) {
        await wasRefused(
          accept(offer({ firstSlot, lastSlot }), slots(slot, 1, 1n)),
          "Orders_OutsideSlots",
        ).withArgs(START_SLOT + slot, firstSlot, lastSlot);
      }
    });

    it("name no slot beyond the last one there is", async () => {
      const lastSlot = 2 ** 32 - 1;
      const order = offer({ firstSlot: 0, lastSlot });
      const signature = await world.sign(order, jane);
      for (const firstBlock of [2 ** 29, 2 ** 29 + testBlock(0), 2 ** 32 - 1]) {
        await wasRefused(
          marketAs(bob).accept(order, signature, {
            ...world.take(slots(0, 1, 1n)),
            firstBlock,
            energy: [1n],
          }),
          "Orders_OutsideSlots",
        ).withArgs(firstBlock * 8, 0n, lastSlot);
      }
    });

    it("hold to the source", async () => {
      const sources = sourceMask("Wind", "Grid");
      await wasRefused(
        accept(offer({ sources }), slots(0, 1, 1n)),
        "Orders_SourceNotNamed",
      ).withArgs(sources, SOLAR);
      await wasRefused(
        accept(offer({ sources: 0 }), slots(0, 1, 1n), { source: "Wind" }),
        "Orders_SourceNotNamed",
      ).withArgs(0n, WIND);
      await accept(offer({ sources: sourceMask("Solar") }), slots(0, 1, 1n));
    });

    for (const side of [OFFER, BID]) {
      it(`hold to the counterparty of ${side === OFFER ? "an offer" : "a bid"}`, async () => {
        const make = side === OFFER ? offer : bid;
        const named = side === OFFER ? bob : jane;
        const order = make({ counterparty: named.address });
        await wasRefused(
          accept(order, slots(0, 1, 1n), { by: carol }),
          "Orders_NotCounterparty",
        ).withArgs(named.address, carol.address);
        await accept(order, slots(0, 1, 1n), { by: named });
      });

      it(`keep a forward ${side === OFFER ? "offer" : "bid"} for later`, async () => {
        const make = side === OFFER ? offer : bid;
        const order = make({ forward: true });
        await wasRefused(accept(order, slots(0, 1, 1n)), "Spot_IsForward").withArgs(
          order.maker,
          order.nonce,
        );
      });

      it(`let nobody trade with oneself (${side === OFFER ? "offer" : "bid"})`, async () => {
        const order = world.order(roof, { side });
        await wasRefused(
          accept(order, slots(0, 1, 1n), { by: jane }),
          "Trading_SelfTrade",
        ).withArgs(jane.address);
      });
    }

    it("need no meter, for only the maker's own energy and money move", async () => {
      for (const meter of [zeroAddress, flat.device.address, carol.address]) {
        await accept(offer({ meter }), slots(0, 1, 1n));
      }
      for (const meter of [zeroAddress, roof.device.address, carol.address]) {
        await accept(bid({ meter }), slots(0, 1, 1n));
      }
      expect(await energyOf(bob)).to.deep.equal(slots(0, 1, 6n));
    });

    it("name a microgrid that there is", async () => {
      for (const microgrid of [0, 2]) {
        await expect(accept(offer({ microgrid }), slots(0, 1, 1n)))
          .to.be.revertedWithCustomError(world.meters, "Microgrids_Unknown")
          .withArgs(microgrid);
      }
    });

    it("say nothing of the taker's own counter", async () => {
      await marketAs(bob).cancelAll(world.addresses.euro);
      await accept(offer(), slots(0, 1, 1n));
      expect(await energyOf(bob)).to.deep.equal(slots(0, 1, 1n));
    });
  });

  describe("insufficient escrow", () => {
    it("of an offer's taker is refused by a base unit", async () => {
      await world.fund(carol, 19_999n);
      const order = offer();
      await wasRefused(
        accept(order, slots(0, 1, 100n), { by: carol }),
        "Escrow_InsufficientBalance",
      ).withArgs(world.addresses.euro, carol.address, 19_999n, 20_000n);
      await world.fund(carol, 1n);
      await accept(order, slots(0, 1, 100n), { by: carol });
      expect(await moneyOf(carol)).to.equal(0n);
    });

    it("of a bid's maker is refused by a base unit", async () => {
      const balance = 1_000n * EURO;
      await wasRefused(
        accept(bid({ price: balance + 1n }), slots(0, 1, 1_000n)),
        "Escrow_InsufficientBalance",
      ).withArgs(world.addresses.euro, bob.address, balance, balance + 1n);
      await accept(bid({ price: balance }), slots(0, 1, 1_000n));
      expect(await moneyOf(bob)).to.equal(0n);
    });

    it("is of the microgrid's own currency", async () => {
      const dollar = await world.ethers.deployContract("TestEuro");
      await world.found({ charter: { currency: await dollar.getAddress() } });
      const elsewhere = await world.meter(jane, { microgrid: 2 });
      await world.report(elsewhere, slots(0, 1, 100n));
      await wasRefused(
        accept(world.order(elsewhere), slots(0, 1, 100n)),
        "Escrow_InsufficientBalance",
      ).withArgs(await dollar.getAddress(), bob.address, 0n, 20_000n);
    });
  });

  describe("a closed microgrid", () => {
    it("refuses every trade until it opens again", async () => {
      await operate().setMode(1, 2);
      for (const order of [offer(), bid()]) {
        await wasRefused(accept(order, slots(0, 1, 1n)), "Trading_Closed").withArgs(1n);
      }
      await operate().setMode(1, 0);
      await accept(offer(), slots(0, 1, 1n));
      await accept(bid(), slots(0, 1, 1n));
    });

    it("keeps nobody from withdrawing, cancelling, transferring, retiring and reporting", async () => {
      await operate().setMode(1, 2);
      await marketAs(bob).withdraw(world.addresses.euro, 1_000n * EURO, carol.address);
      expect(await world.euro.balanceOf(carol.address)).to.equal(1_000n * EURO);

      const order = offer();
      await marketAs(jane).cancel([order.nonce]);
      await marketAs(jane).cancelAll(world.addresses.euro);
      expect(await world.marketplace.fillOf(jane.address, order.nonce)).to.deep.equal([0n, true]);

      const id = energyIdOf({ microgrid: 1, source: "Solar", slot: START_SLOT });
      const tokenAs = world.energy.connect(jane.signer);
      await tokenAs.safeTransferFrom(jane.address, carol.address, id, 10n, "0x");
      expect(await energyOf(carol)).to.deep.equal(slots(0, 1, 10n));

      const { firstBlock, words } = packProfile(slots(1, 1, 1_000n));
      await tokenAs.retire(1, SOLAR, firstBlock, [...words], jane.address, "tea");
      expect((await energyOf(jane)).has(START_SLOT + 1)).to.equal(false);

      await world.passSlots(9);
      await world.report(roof, slots(8, 1, 5n));
      expect((await energyOf(jane)).get(START_SLOT + 8)).to.equal(5n);
    });

    it("is no hindrance to another microgrid", async () => {
      await world.found();
      await operate().setMode(2, 2);
      await accept(offer(), slots(0, 1, 1n));
    });
  });

  describe("an islanded microgrid", () => {
    const CAP = 250_000n;
    const RATION_WH = 250n;
    beforeEach(() => operate().setMode(1, 1));

    it("sells to a meter of the buyer's there", async () => {
      await accept(offer(), slots(0, 1, 10n), { meter: flat.device.address });
      await accept(bid(), slots(0, 1, 10n));
      expect(await energyOf(bob)).to.deep.equal(slots(0, 1, 20n));
    });

    it("sells to no buyer without one", async () => {
      for (const meter of [zeroAddress, roof.device.address, carol.address]) {
        for (const attempt of [
          accept(offer(), slots(0, 1, 10n), { meter }),
          accept(bid({ meter }), slots(0, 1, 10n)),
        ]) {
          await wasRefused(attempt, "Trading_BadMeter").withArgs(meter, bob.address, 1n);
        }
      }
    });

    it("asks for no meter once it is connected again", async () => {
      await operate().setMode(1, 0);
      await accept(offer(), slots(0, 1, 10n));
    });

    it("caps what a buyer pays per kWh, fee included", async () => {
      await setNetworkFee(30_000n);
      const meter = flat.device.address;
      await wasRefused(
        accept(offer({ price: CAP - 29_999n }), slots(0, 1, 10n), { meter }),
        "Trading_AboveIslandCap",
      ).withArgs(CAP + 1n, CAP);
      await wasRefused(
        accept(bid({ price: CAP + 1n }), slots(0, 1, 10n)),
        "Trading_AboveIslandCap",
      ).withArgs(CAP + 1n, CAP);
      await accept(offer({ price: CAP - 30_000n }), slots(0, 1, 10n), { meter });
      await accept(bid({ price: CAP }), slots(0, 1, 10n));
      expect(await moneyOf(bob)).to.equal(1_000n * EURO - 5_000n);
    });

    it("rations an ordinary meter in every slot, over all its purchases", async () => {
      const meter = flat.device.address;
      await accept(offer(), slots(2, 2, RATION_WH - 1n), { meter });
      const takenWh = slots(1, 1, RATION_WH).set(START_SLOT + 3, 2n);
      await wasRefused(accept(bid(), takenWh), "Trading_RationExceeded").withArgs(
        meter,
        START_SLOT + 3,
        RATION_WH - 1n,
        2n,
        RATION_WH,
      );
      await accept(bid(), takenWh.set(START_SLOT + 3, 1n));
      const { firstBlock, words } = packProfile(
        slots(1, 2, RATION_WH - 1n)
          .set(START_SLOT + 1, RATION_WH)
          .set(START_SLOT + 3, RATION_WH),
      );
      expect(await world.marketplace.rationedOf(meter, firstBlock)).to.equal(words[0]);
    });

    it("rations nobody when the ration is beyond what a slot holds", async () => {
      await operate().setTariffs(1, { ...world.tariffs, islandRation: 2 ** 32 - 1 });
      await accept(offer(), slots(0, 1, 1_000n), { meter: flat.device.address });
      expect(await energyOf(bob)).to.deep.equal(slots(0, 1, 1_000n));
    });

    it("does not ration a critical load", async () => {
      const clinic = await world.meter(bob, { critical: true });
      const meter = clinic.device.address;
      await accept(offer(), slots(0, 1, RATION_WH + 1n), { meter });
      await accept(bid({ meter }), slots(0, 1, RATION_WH + 1n));
      expect(await energyOf(bob)).to.deep.equal(slots(0, 1, 2n * RATION_WH + 2n));
    });
  });

  describe("in one call", () => {
    it("a buyer who never approved anything permits, deposits and accepts", async () => {
      const { interface: market } = world.marketplace;
      const { euro, market: spender } = world.addresses;
      const value = 20_000n;
      const permitUntil = START + 86_400;
      await world.euro.mint(carol.address, value);
      const permit = await carol.signer.signTypedData(
        { name: "Test Euro", version: "1", chainId: world.chainId, verifyingContract: euro },
        {
          Permit: [
            { name: "owner", type: "address" },
            { name: "spender", type: "address" },
            { name: "value", type: "uint256" },
            { name: "nonce", type: "uint256" },
            { name: "deadline", type: "uint256" },
          ],
        },
        { owner: carol.address, spender, value, nonce: 0n, deadline: permitUntil },
      );
      const { r, s, yParity } = parseSignature(hex(permit));
      const order = offer();
      await marketAs(carol).multicall([
        market.encodeFunctionData("depositWithPermit", [
          euro,
          value,
          permitUntil,
          27 + yParity,
          r,
          s,
        ]),
        market.encodeFunctionData("accept", [
          order,
          await world.sign(order, jane),
          world.take(slots(0, 1, 100n)),
        ]),
      ]);
      expect(await energyOf(carol)).to.deep.equal(slots(0, 1, 100n));
      expect([await moneyOf(carol), await moneyOf(jane)]).to.deep.equal([0n, 20_000n]);
    });

    it("several orders are taken, or none", async () => {
      const { interface: market } = world.marketplace;
      const [first, second] = [offer(), offer({ price: 100_000n })];
      const call = async (order: Order, wh: bigint) =>
        market.encodeFunctionData("accept", [
          order,
          await world.sign(order, jane),
          world.take(slots(0, 1, wh)),
        ]);
      const before = await everything(first);
      await expect(marketAs(bob).multicall([await call(first, 600n), await call(second, 401n)]))
        .to.be.revertedWithCustomError(world.energy, "ERC1155InsufficientBalance")
        .withArgs(
          jane.address,
          400n,
          401n,
          energyIdOf({ microgrid: 1, source: "Solar", slot: START_SLOT }),
        );
      expect(await everything(first)).to.deep.equal(before);

      await marketAs(bob).multicall([await call(first, 600n), await call(second, 400n)]);
      expect(await moneyOf(jane)).to.equal(120_000n + 40_000n);
      expect(await energyOf(bob)).to.deep.equal(slots(0, 1, 1_000n));
    });
  });

  it("leaves everything as it was when it fails at the very end", async () => {
    await setNetworkFee(30_000n);
    const order = offer();
    await accept(order, slots(0, 8, 100n));
    const before = await everything(order);
    // Order and money are good; in the last slot a Wh is missing.
    await expect(accept(order, slots(0, 8, 100n).set(START_SLOT + 7, 901n)))
      .to.be.revertedWithCustomError(world.energy, "ERC1155InsufficientBalance")
      .withArgs(
        jane.address,
        900n,
        901n,
        energyIdOf({ microgrid: 1, source: "Solar", slot: START_SLOT + 7 }),
      );
    expect(await everything(order)).to.deep.equal(before);
  });
});
