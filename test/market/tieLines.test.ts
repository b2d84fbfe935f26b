import { energyIdOf, type Order, packProfile, unpackProfile } from "@wattline/sdk";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import {
  BID,
  CLOSED,
  CONNECTED,
  createTraders,
  energyIn,
  ISLANDED,
  type Position,
  slot,
} from "../support/traders.ts";
import {
  createWorld,
  EURO,
  type MeterOf,
  type Person,
  slots,
  testBlock,
  type World,
} from "../support/world.ts";

const MONEY = 1_000n * EURO;
const PRICE = 200_000n;
const BOND = 50_000n;
const NOTICE = 7 * 86_400;

/** What the two microgrids agree to: 5 % lost, 2 kWh a slot, and a charge that differs by direction. */
const LINE = { lossBps: 500, capacity: 2_000, wheelingUp: 30_001n, wheelingDown: 11_000n };
type Line = typeof LINE;

const LANE_MAX = 2 ** 31 - 1;

describe("Tie lines", () => {
  let world: World;
  let traders: ReturnType<typeof createTraders>;
  /** Runs the second microgrid. */
  let hilda: Person;
  let secondDso: Person;
  let jane: Person;
  let bob: Person;
  let carol: Person;
  /** In the first microgrid, Jane's. */
  let roof: MeterOf;
  /** In the second microgrid, Bob's. */
  let barn: MeterOf;

  before(async () => {
    world = await createWorld();
    traders = createTraders(world);
    [hilda, secondDso] = [traders.meet("Hilda"), traders.meet("second DSO")];
    [jane, bob, carol] = [traders.meet("Jane"), traders.meet("Bob"), traders.meet("Carol")];
    await backToNothing();
  });
  after(() => world.close());

  const nothing = async () => {};
  /** A fixture starts from the state in which it is first loaded: every part of this file starts from none. */
  const backToNothing = () => world.networkHelpers.loadFixture(nothing);

  /** Two microgrids under two operators, with a roof and energy in either, and no line yet. */
  async function apart() {
    const operator = traders.metersAs(world.operator);
    await world.found();
    await world.found({ charter: { name: "Windy Hill" } });
    const meters = {
      roof: await world.meter(jane),
      barn: await world.meter(bob, { microgrid: 2 }),
    };
    await operator.setDso(2, secondDso.address);
    await operator.handOver(2, hilda.address);
    await traders.metersAs(hilda).acceptHandOver(2);
    await world.passSlots(8);
    await world.report(meters.roof, slots(0, 8, 1_000n));
    await world.report(meters.barn, slots(0, 8, 1_000n));
    for (const person of [jane, bob, carol]) await world.fund(person, MONEY);
    return meters;
  }

  /** The same, joined by a line. */
  async function joined() {
    const meters = await apart();
    await agree(LINE);
    return meters;
  }

  afterEach(() => traders.expectEscrowWhole());

  const propose = (by: Person, mine: number, other: number, line: Line) =>
    traders.metersAs(by).proposeTieLine(mine, other, line);
  const first = (line: Line) => propose(world.operator, 1, 2, line);
  const second = (line: Line) => propose(hilda, 2, 1, line);

  async function agree(line: Line) {
    await first(line);
    return second(line);
  }

  const now = () => world.networkHelpers.time.latest();

  /** The line as it is in force, seen from either end. */
  async function inForce() {
    const up = await world.meters.crossingOf(1, 2);
    const down = await world.meters.crossingOf(2, 1);
    expect([up.lossBps, up.capacity]).to.deep.equal([down.lossBps, down.capacity]);
    return {
      lossBps: Number(up.lossBps),
      capacity: Number(up.capacity),
      wheelingUp: up.wheeling,
      wheelingDown: down.wheeling,
    };
  }

  describe("agreeing", () => {
    before(backToNothing);
    beforeEach(async () => {
      ({ roof, barn } = await world.networkHelpers.loadFixture(apart));
    });

    const noLine = (from = 1, to = 2) =>
      traders
        .refusedByMeters(world.meters.crossingOf(from, to), "Microgrids_NoTieLine")
        .withArgs(from, to);

    for (const [name, opens, closes] of [
      ["the lower-numbered", first, second],
      ["the higher-numbered", second, first],
    ] as const) {
      it(`takes both operators, and is in force at once (${name} proposes)`, async () => {
        await expect(opens(LINE))
          .to.emit(world.meters, "TieLineProposed")
          .withArgs(1n, 2n, opens === first ? 1n : 2n, Object.values(LINE))
          .and.to.not.emit(world.meters, "TieLineAgreed");
        await noLine();
        const agreed = closes(LINE);
        await expect(agreed).to.not.emit(world.meters, "TieLineProposed");
        await expect(agreed)
          .to.emit(world.meters, "TieLineAgreed")
          .withArgs(1n, 2n, Object.values(LINE), await now());
        expect(await inForce()).to.deep.equal(LINE);
      });
    }

    it("does not come about by one operator saying it twice", async () => {
      await first(LINE);
      await expect(first(LINE)).to.emit(world.meters, "TieLineProposed");
      await noLine();
      await second(LINE);
      expect(await inForce()).to.deep.equal(LINE);
    });

    for (const [name, value] of [
      ["lossBps", 501],
      ["capacity", 1_999],
      ["wheelingUp", 30_000n],
      ["wheelingDown", 0n],
    ] as const) {
      it(`differs by ${name}: an answer with other terms is a counter-proposal`, async () => {
        const counter: Line = { ...LINE, [name]: value };
        await first(LINE);
        await expect(second(counter))
          .to.emit(world.meters, "TieLineProposed")
          .withArgs(1n, 2n, 2n, Object.values(counter));
        await noLine();
        await first(counter);
        expect(await inForce()).to.deep.equal(counter);
      });
    }

    it("is on what was proposed last", async () => {
      const better = { ...LINE, lossBps: 100 };
      await first(LINE);
      await first(better);
      // What Hilda would have agreed to is no longer on the table.
      await second(LINE);
      await noLine();
      await first(LINE);
      expect(await inForce()).to.deep.equal(LINE);
    });

    it("is used up: the same terms again start a new round", async () => {
      await agree(LINE);
      await expect(second(LINE))
        .to.emit(world.meters, "TieLineProposed")
        .and.to.not.emit(world.meters, "TieLineAgreed");
    });

    it("is each pair's own", async () => {
      await world.found();
      await agree(LINE);
      await noLine(1, 3);
      await noLine(3, 2);
      await propose(world.operator, 1, 3, LINE);
      await traders
        .refusedByMeters(world.meters.crossingOf(1, 3), "Microgrids_NoTieLine")
        .withArgs(1n, 3n);
      await propose(world.operator, 3, 1, LINE);
      expect((await world.meters.crossingOf(3, 1)).wheeling).to.equal(LINE.wheelingDown);
    });

    it("is not for others to do", async () => {
      for (const [by, mine, other, operator] of [
        [carol, 1, 2, world.operator],
        [hilda, 1, 2, world.operator],
        [world.operator, 2, 1, hilda],
      ] as const) {
        await traders
          .refusedByMeters(propose(by, mine, other, LINE), "Microgrids_NotOperator")
          .withArgs(mine, by.address, operator.address);
      }
    });

    it("is not with a microgrid of another currency or slot length", async () => {
      const dollar = await world.ethers.deployContract("TestEuro");
      const hourly = await world.found({ charter: { slotSeconds: 3_600 } });
      const foreign = await world.found({ charter: { currency: await dollar.getAddress() } });
      for (const other of [hourly, foreign]) {
        for (const [mine, theirs] of [
          [1, other],
          [other, 1],
        ] as const) {
          await traders
            .refusedByMeters(
              propose(world.operator, mine, theirs, LINE),
              "Microgrids_TieLineMismatch",
            )
            .withArgs(mine, theirs);
        }
      }
    });

    it("is neither with oneself nor with nobody", async () => {
      await traders
        .refusedByMeters(propose(world.operator, 1, 1, LINE), "Microgrids_BadTieLine")
        .withArgs(1n, 1n, LINE.lossBps, LINE.capacity);
      for (const [mine, other] of [
        [1, 3],
        [3, 1],
        [1, 0],
      ] as const) {
        await traders
          .refusedByMeters(propose(world.operator, mine, other, LINE), "Microgrids_Unknown")
          .withArgs(mine === 3 ? mine : other);
      }
    });

    it("is on less than a total loss, and on what a slot can hold", async () => {
      for (const bad of [
        { ...LINE, lossBps: 10_000 },
        { ...LINE, lossBps: 65_535 },
        { ...LINE, capacity: LANE_MAX + 1 },
      ]) {
        await traders
          .refusedByMeters(first(bad), "Microgrids_BadTieLine")
          .withArgs(1n, 2n, bad.lossBps, bad.capacity);
      }
      const extreme = { ...LINE, lossBps: 9_999, capacity: LANE_MAX };
      await agree(extreme);
      expect(await inForce()).to.deep.equal(extreme);
    });
  });

  describe("a change", () => {
    before(backToNothing);
    beforeEach(async () => {
      ({ roof, barn } = await world.networkHelpers.loadFixture(joined));
    });
    const tighter = { ...LINE, lossBps: 800, capacity: 500 };
    const wider = { ...LINE, lossBps: 100, capacity: 9_000 };

    it("takes effect after the notice, to the second", async () => {
      expect(await world.meters.NOTICE()).to.equal(NOTICE);
      const agreed = await agree(tighter);
      const effectiveAt = (await now()) + NOTICE;
      await expect(agreed)
        .to.emit(world.meters, "TieLineAgreed")
        .withArgs(1n, 2n, Object.values(tighter), effectiveAt);
      await world.networkHelpers.time.increaseTo(effectiveAt - 1);
      expect(await inForce()).to.deep.equal(LINE);
      await world.networkHelpers.time.increaseTo(effectiveAt);
      expect(await inForce()).to.deep.equal(tighter);
    });

    it("agreed during another's notice takes its place, with a notice of its own", async () => {
      await agree(tighter);
      const firstEffect = (await now()) + NOTICE;
      await world.networkHelpers.time.increaseTo(firstEffect - 100);
      await agree(wider);
      const secondEffect = (await now()) + NOTICE;
      await world.networkHelpers.time.increaseTo(firstEffect + 1);
      expect(await inForce()).to.deep.equal(LINE);
      await world.networkHelpers.time.increaseTo(secondEffect - 1);
      expect(await inForce()).to.deep.equal(LINE);
      await world.networkHelpers.time.increaseTo(secondEffect);
      expect(await inForce()).to.deep.equal(wider);
    });

    it("agreed after another has taken effect leaves that one in force meanwhile", async () => {
      await agree(tighter);
      await world.networkHelpers.time.increase(NOTICE);
      await agree(wider);
      expect(await inForce()).to.deep.equal(tighter);
      await world.networkHelpers.time.increase(NOTICE);
      expect(await inForce()).to.deep.equal(wider);
    });

    it("is nothing while only one has proposed it", async () => {
      await first(tighter);
      await world.networkHelpers.time.increase(2 * NOTICE);
      expect(await inForce()).to.deep.equal(LINE);
    });

    it("to no capacity closes the line after the notice", async () => {
      await agree({ ...LINE, capacity: 0 });
      await traders.accept(bob, world.order(roof), slots(0, 1, 100n), { microgrid: 2 });
      await world.networkHelpers.time.increase(NOTICE);
      await traders
        .refusedByMarket(
          traders.accept(bob, world.order(roof), slots(0, 2, 100n), { microgrid: 2 }),
          "Trading_LineFull",
        )
        .withArgs(1n, 2n, slot(0), 100n, 100n, 0n);
      expect(await traders.energyOf(bob, 2)).to.deep.equal(
        slots(0, 8, 1_000n).set(slot(0), 1_095n),
      );
    });
  });

  const offer = (of: MeterOf, overrides: Partial<Order> = {}) =>
    world.order(of, { price: PRICE, ...overrides });
  const bid = (of: MeterOf, overrides: Partial<Order> = {}) =>
    offer(of, { side: BID, ...overrides });

  async function gains() {
    return {
      jane: (await traders.moneyOf(jane)) - MONEY,
      bob: (await traders.moneyOf(bob)) - MONEY,
      firstDso: await traders.moneyOf(world.dso),
      secondDso: await traders.moneyOf(secondDso),
    };
  }

  /** Wh of a slot that hold `wh` more than the kWh that everybody's roof has made. */
  const kWhAnd = (wh: Readonly<Record<number, bigint>>) => {
    const energyWh = slots(0, 8, 1_000n);
    for (const [number, more] of Object.entries(wh)) {
      energyWh.set(slot(Number(number)), 1_000n + more);
    }
    return energyWh;
  };

  const flowOf = async (from: number, to: number) =>
    unpackProfile({
      firstBlock: testBlock(0),
      words: [await world.marketplace.flowOf(from, to, testBlock(0))],
    });

  describe("energy that is there", () => {
    before(backToNothing);
    beforeEach(async () => {
      ({ roof, barn } = await world.networkHelpers.loadFixture(joined));
    });

    /** 120 Wh in two slots, of which 5 and 0 are lost. */
    const SENT = energyIn({ 0: 101n, 3: 19n });
    const ARRIVED = { 0: 96n, 3: 19n };
    const ids = (microgrid: number) =>
      [0, 3].map((number) => energyIdOf({ microgrid, source: "Solar", slot: slot(number) }));

    interface Way {
      readonly name: string;
      readonly from: number;
      readonly to: number;
      /** Of the direction, for 120 Wh: 120 x 30.001 or 120 x 11. */
      readonly charge: bigint;
    }
    const WAYS: Way[] = [
      { name: "up", from: 1, to: 2, charge: 3_600n },
      { name: "down", from: 2, to: 1, charge: 1_320n },
    ];
    for (const { name, from, to, charge } of WAYS) {
      const people = () =>
        from === 1
          ? { seller: jane, sells: roof, buyer: bob, buys: barn }
          : { seller: bob, sells: barn, buyer: jane, buys: roof };

      async function expectMoved(order: Order, taker: Person, microgrid: number, cost: bigint) {
        const { seller, buyer } = people();
        const market = world.addresses.market;
        const isOffer = order.maker === seller.address;
        const trade = await traders.accept(taker, order, SENT, { microgrid });
        await expect(trade)
          .to.emit(world.marketplace, "Crossed")
          .withArgs(from, to, testBlock(0), packProfile(SENT).words, 120n, 115n);
        await expect(trade)
          .to.emit(world.energy, "TransferBatch")
          .withArgs(market, seller.address, "0x".padEnd(42, "0"), ids(from), [101n, 19n]);
        await expect(trade)
          .to.emit(world.energy, "TransferBatch")
          .withArgs(market, "0x".padEnd(42, "0"), buyer.address, ids(to), [96n, 19n]);
        await expect(trade)
          .to.emit(world.marketplace, "Traded")
          .withArgs(
            await world.marketplace.hashOrder(order),
            order.maker,
            taker.address,
            order.nonce,
            isOffer ? 120n : 115n,
            cost,
            charge,
          );
        expect(await traders.energyOf(seller, from)).to.deep.equal(kWhAnd({ 0: -101n, 3: -19n }));
        expect(await traders.energyOf(buyer, to)).to.deep.equal(kWhAnd(ARRIVED));
        expect(await flowOf(from, to)).to.deep.equal(SENT);
        expect(await flowOf(to, from)).to.deep.equal(new Map());
        const [filledWh] = await world.marketplace.fillOf(order.maker, order.nonce);
        expect(filledWh).to.equal(isOffer ? 120n : 115n);
        expect(await gains()).to.deep.equal({
          [seller === jane ? "jane" : "bob"]: cost - charge,
          [seller === jane ? "bob" : "jane"]: -cost,
          firstDso: charge / 2n,
          secondDso: charge / 2n,
        });
      }

      it(`of an offer goes ${name}: the buyer pays what was sent and the charge`, () => {
        const { sells, buyer } = people();
        return expectMoved(offer(sells), buyer, to, 24_000n + charge);
      });

      it(`of a bid goes ${name}: the seller bears loss and charge`, () => {
        const { buys, seller } = people();
        // 0.95 of the price for each Wh sent, of which the charge is part.
        return expectMoved(bid(buys), seller, from, 22_800n);
      });
    }

    it("pays the odd unit of the charge to the receiving DSO", async () => {
      // 1 Wh up is 30.001 base units; 101 Wh are 3030.1; 1 Wh down is 11.
      await traders.accept(bob, offer(roof), slots(0, 1, 1n), { microgrid: 2 });
      expect(await gains()).to.deep.include({ firstDso: 15n, secondDso: 15n });
      await traders.accept(jane, offer(barn), slots(0, 1, 1n), { microgrid: 1 });
      expect(await gains()).to.deep.include({ firstDso: 15n + 6n, secondDso: 15n + 5n });
      await traders.accept(bob, offer(roof), slots(1, 1, 101n), { microgrid: 2 });
      expect(await gains()).to.deep.include({ firstDso: 21n + 1_515n, secondDso: 20n + 1_515n });
    });

    it("pays the charge whole when both ends have the same DSO", async () => {
      await traders.metersAs(hilda).setDso(2, world.dso.address);
      await traders.accept(jane, offer(barn), slots(0, 1, 1n), { microgrid: 1 });
      expect(await gains()).to.deep.include({ firstDso: 11n, secondDso: 0n });
    });

    it("pays no network fee of either microgrid", async () => {
      await traders.setTariffs({ networkFee: 90_000n });
      await traders.metersAs(hilda).setTariffs(2, { ...world.tariffs, networkFee: 90_000n });
      await traders.accept(bob, offer(roof), slots(0, 1, 100n), { microgrid: 2 });
      expect((await gains()).bob).to.equal(-20_000n - 3_000n);
    });

    it("holds to the taker's limit, charge included", async () => {
      await traders
        .refusedByMarket(
          traders.accept(bob, offer(roof), SENT, { microgrid: 2, limit: 27_599n }),
          "Trading_LimitMissed",
        )
        .withArgs(27_600n, 27_599n);
      await traders.accept(bob, offer(roof), SENT, { microgrid: 2, limit: 27_600n });
      await traders
        .refusedByMarket(
          traders.accept(jane, bid(barn), SENT, { microgrid: 1, limit: 19_201n }),
          "Trading_LimitMissed",
        )
        .withArgs(19_200n, 19_201n);
      await traders.accept(jane, bid(barn), SENT, { microgrid: 1, limit: 19_200n });
    });

    it("rounds a bid's price less loss down to a base unit per kWh", async () => {
      // 0.95 x 40003 = 38002.85, less 30001: 8001 for the seller of a kWh.
      await traders.accept(jane, bid(barn, { price: 40_003n }), slots(0, 1, 1_000n), {
        microgrid: 1,
      });
      expect(await gains()).to.deep.equal({
        jane: 8_001n,
        bob: -38_002n,
        firstDso: 15_000n,
        secondDso: 15_001n,
      });
    });

    it("never costs a bid's maker more than was signed for what arrives", async () => {
      const order = bid(barn, { energy: 8 });
      // A Wh is too little to lose anything of: eight arrive, and the order is filled.
      await traders.accept(jane, order, slots(0, 8, 1n), { microgrid: 1 });
      // 190 base units a Wh, where 200 are signed.
      expect((await gains()).bob).to.equal(-1_520n);
      expect(await traders.energyOf(bob, 2)).to.deep.equal(slots(0, 8, 1_001n));
      await traders
        .refusedByMarket(
          traders.accept(jane, order, slots(0, 1, 1n), { microgrid: 1 }),
          "Orders_Overfilled",
        )
        .withArgs(bob.address, order.nonce, 0n, 1n);
    });

    it("is refused when loss and charge exceed the bid", async () => {
      // 0.95 x 31580 is 30001, the charge to the unit.
      await traders
        .refusedByMarket(
          traders.accept(jane, bid(barn, { price: 31_579n }), SENT, { microgrid: 1 }),
          "Trading_ChargeExceedsPrice",
        )
        .withArgs(30_001n, 30_000n);
      await traders.accept(jane, bid(barn, { price: 31_580n }), SENT, { microgrid: 1 });
      expect((await gains()).jane).to.equal(0n);
    });

    it("fills an offer by what is sent and a bid by what arrives", async () => {
      const sold = offer(roof, { energy: 100 });
      await traders
        .refusedByMarket(
          traders.accept(bob, sold, slots(0, 1, 101n), { microgrid: 2 }),
          "Orders_Overfilled",
        )
        .withArgs(jane.address, sold.nonce, 100n, 101n);
      await traders.accept(bob, sold, slots(0, 1, 100n), { microgrid: 2 });
      const bought = bid(barn, { energy: 95 });
      await traders
        .refusedByMarket(
          traders.accept(jane, bought, slots(0, 1, 101n), { microgrid: 1 }),
          "Orders_Overfilled",
        )
        .withArgs(bob.address, bought.nonce, 95n, 96n);
      await traders.accept(jane, bought, slots(0, 1, 100n), { microgrid: 1 });
    });

    it("goes on within each microgrid as if there were no line", async () => {
      await traders.accept(carol, offer(roof), SENT);
      expect(await traders.energyOf(carol)).to.deep.equal(SENT);
      expect(await flowOf(1, 2)).to.deep.equal(new Map());
      expect(await gains()).to.deep.include({ firstDso: 0n, secondDso: 0n });
    });

    it("that the seller lacks does not cross", async () => {
      await expect(traders.accept(bob, offer(roof), slots(0, 1, 1_001n), { microgrid: 2 }))
        .to.be.revertedWithCustomError(world.energy, "ERC1155InsufficientBalance")
        .withArgs(
          jane.address,
          1_000n,
          1_001n,
          energyIdOf({ microgrid: 1, source: "Solar", slot: slot(0) }),
        );
      expect(await flowOf(1, 2)).to.deep.equal(new Map());
    });
  });

  describe("the capacity", () => {
    const small = { ...LINE, capacity: 300 };
    async function joinedThinly() {
      const meters = await apart();
      await agree(small);
      return meters;
    }
    before(backToNothing);
    beforeEach(async () => {
      ({ roof, barn } = await world.networkHelpers.loadFixture(joinedThinly));
    });

    const up = (energyWh: ReadonlyMap<number, bigint>) =>
      traders.accept(bob, offer(roof), energyWh, { microgrid: 2 });
    const down = (energyWh: ReadonlyMap<number, bigint>) =>
      traders.accept(jane, offer(barn), energyWh, { microgrid: 1 });

    it("holds for what is sent in each slot, over all trades, exactly full being fine", async () => {
      await up(slots(0, 3, 100n));
      await traders.accept(jane, bid(barn), slots(1, 1, 100n), { microgrid: 1 });
      await traders
        .refusedByMarket(up(slots(0, 2, 101n)), "Trading_LineFull")
        .withArgs(1n, 2n, slot(1), 200n, 101n, 300n);
      await up(slots(0, 3, 100n));
      expect(await flowOf(1, 2)).to.deep.equal(energyIn({ 0: 200n, 1: 300n, 2: 200n }));
      await traders
        .refusedByMarket(up(slots(1, 1, 1n)), "Trading_LineFull")
        .withArgs(1n, 2n, slot(1), 300n, 1n, 300n);
    });

    it("is each direction's own", async () => {
      await up(slots(0, 1, 300n));
      await down(slots(0, 1, 300n));
      expect([await flowOf(1, 2), await flowOf(2, 1)]).to.deep.equal([
        slots(0, 1, 300n),
        slots(0, 1, 300n),
      ]);
      await traders
        .refusedByMarket(down(slots(0, 1, 1n)), "Trading_LineFull")
        .withArgs(2n, 1n, slot(0), 300n, 1n, 300n);
    });

    it("once lowered holds for what comes, and slots that are over it block no other", async () => {
      await up(slots(0, 1, 300n));
      await up(slots(1, 1, 100n));
      await agree({ ...small, capacity: 150 });
      await up(slots(1, 1, 20n));
      await world.networkHelpers.time.increase(NOTICE);
      await traders
        .refusedByMarket(up(slots(0, 2, 1n)), "Trading_LineFull")
        .withArgs(1n, 2n, slot(0), 300n, 1n, 150n);
      await traders
        .refusedByMarket(up(slots(1, 2, 31n)), "Trading_LineFull")
        .withArgs(1n, 2n, slot(1), 120n, 31n, 150n);
      await up(slots(1, 1, 30n));
      await up(slots(2, 1, 150n));
      expect(await flowOf(1, 2)).to.deep.equal(energyIn({ 0: 300n, 1: 150n, 2: 150n }));
    });

    it("is shared by energy that is there and energy to come", async () => {
      const forward = offer(roof, { forward: true });
      await traders.reserve(bob, forward, slots(16, 1, 200n), { microgrid: 2 });
      await traders
        .refusedByMarket(
          traders.reserve(bob, forward, slots(16, 1, 101n), { microgrid: 2 }),
          "Trading_LineFull",
        )
        .withArgs(1n, 2n, slot(16), 200n, 101n, 300n);
      await world.passSlots(17);
      await world.report(roof, slots(16, 1, 1_000n));
      await traders
        .refusedByMarket(up(slots(16, 1, 101n)), "Trading_LineFull")
        .withArgs(1n, 2n, slot(16), 200n, 101n, 300n);
      await up(slots(16, 1, 100n));
    });

    it("beyond a lane is as full as any", async () => {
      await agree({ ...LINE, capacity: LANE_MAX });
      await world.networkHelpers.time.increase(NOTICE);
      await up(slots(0, 1, 1n));
      await traders
        .refusedByMarket(
          traders.accept(bob, offer(roof), slots(0, 1, BigInt(LANE_MAX)), { microgrid: 2 }),
          "Trading_LineFull",
        )
        .withArgs(1n, 2n, slot(0), 1n, LANE_MAX, LANE_MAX);
    });
  });

  describe("nothing crosses", () => {
    before(backToNothing);
    beforeEach(async () => {
      ({ roof, barn } = await world.networkHelpers.loadFixture(apart));
    });
    const attempts = () => [
      () => traders.accept(bob, offer(roof), slots(0, 1, 1n), { microgrid: 2 }),
      () => traders.accept(jane, bid(barn), slots(0, 1, 1n), { microgrid: 1 }),
      () =>
        traders.reserve(bob, offer(roof, { forward: true }), slots(16, 1, 1n), { microgrid: 2 }),
      () =>
        traders.reserve(jane, bid(barn, { forward: true }), slots(16, 1, 1n), {
          microgrid: 1,
          meter: roof.device.address,
        }),
    ];

    it("where there is no line", async () => {
      for (const attempt of attempts()) {
        await traders.refusedByMeters(attempt(), "Microgrids_NoTieLine").withArgs(1n, 2n);
      }
    });

    it("to or from a microgrid that does not exist", async () => {
      await agree(LINE);
      for (const microgrid of [0, 3]) {
        await traders
          .refusedByMeters(
            traders.accept(bob, offer(roof), slots(0, 1, 1n), { microgrid }),
            "Microgrids_Unknown",
          )
          .withArgs(microgrid);
      }
    });

    for (const [error, mode] of [
      ["Trading_Islanded", ISLANDED],
      ["Trading_Closed", CLOSED],
    ] as const) {
      for (const microgrid of [1, 2]) {
        it(`while microgrid ${microgrid} is ${mode === ISLANDED ? "islanded" : "closed"}, whichever end it is`, async () => {
          await agree(LINE);
          const operator = traders.metersAs(microgrid === 1 ? world.operator : hilda);
          await operator.setMode(microgrid, mode);
          for (const attempt of attempts()) {
            await traders.refusedByMarket(attempt(), error).withArgs(microgrid);
          }
          await operator.setMode(microgrid, CONNECTED);
          for (const attempt of attempts()) await attempt();
        });
      }
    }
  });

  describe("energy to come", () => {
    before(backToNothing);
    beforeEach(async () => {
      ({ roof, barn } = await world.networkHelpers.loadFixture(joined));
    });

    /** The position of an order that crosses from the first microgrid to the second. */
    const upwards = (order: Order, taker: Person, differing: Partial<Position> = {}) =>
      traders.positionOf(order, taker, {
        meter: roof.device.address,
        from: 1,
        to: 2,
        charge: LINE.wheelingUp,
        lossBps: LINE.lossBps,
        ...differing,
      });

    it("locks what is sent and the charge, and is delivered less the loss", async () => {
      const order = offer(roof, { forward: true, bond: BOND });
      const reserved = await traders.reserve(bob, order, slots(16, 2, 101n), { microgrid: 2 });
      await expect(reserved)
        .to.emit(world.marketplace, "Crossed")
        .withArgs(1n, 2n, testBlock(16), packProfile(slots(16, 2, 101n)).words, 202n, 192n);
      // 202 Wh at 200 are 40400; 202 x 30.001 = 6060.2.
      expect(await gains()).to.deep.include({ bob: -46_460n, jane: -10_100n });

      await world.passSlots(18);
      await world.report(roof, slots(16, 2, 101n));
      await traders.release(carol, upwards(order, bob), 16);
      expect(await traders.energyOf(bob, 2)).to.deep.equal(
        slots(0, 8, 1_000n).set(slot(16), 96n).set(slot(17), 96n),
      );
      expect(await gains()).to.deep.equal({
        jane: 40_400n,
        bob: -46_460n,
        firstDso: 3_030n,
        secondDso: 3_030n,
      });
    });

    it("of a bid fills it by what arrives, and leaves loss and charge to the seller", async () => {
      const order = bid(barn, { forward: true, bond: BOND });
      await traders.reserve(jane, order, slots(16, 1, 1_000n), {
        microgrid: 1,
        meter: roof.device.address,
      });
      const [filledWh] = await world.marketplace.fillOf(bob.address, order.nonce);
      expect(filledWh).to.equal(950n);
      expect(await gains()).to.deep.include({ bob: -190_000n, jane: -50_000n });
      await world.passSlots(17);
      await world.report(roof, slots(16, 1, 1_000n));
      const position = upwards(order, jane, { price: 190_000n - LINE.wheelingUp });
      await traders.release(carol, position, 16);
      expect((await traders.energyOf(bob, 2)).get(slot(16))).to.equal(950n);
      expect(await gains()).to.deep.equal({
        jane: 159_999n,
        bob: -190_000n,
        firstDso: 15_000n,
        secondDso: 15_001n,
      });
    });

    it("keeps its terms when the line's change, and when the line closes", async () => {
      const order = offer(roof, { forward: true, bond: BOND, lastSlot: slot(2_000) });
      // Eight days ahead: the change takes effect before the slot comes.
      const day8 = 8 * 96;
      await traders.reserve(bob, order, slots(day8, 1, 100n), { microgrid: 2 });
      await agree({ lossBps: 9_000, capacity: 0, wheelingUp: 1n, wheelingDown: 1n });
      await world.passSlots(day8 + 1);
      expect((await inForce()).capacity).to.equal(0);
      await world.report(roof, slots(day8, 1, 100n));
      await traders.release(carol, upwards(order, bob), day8);
      const id = energyIdOf({ microgrid: 2, source: "Solar", slot: slot(day8) });
      expect(await world.energy.balanceOf(bob.address, id)).to.equal(95n);
      expect(await gains()).to.deep.equal({
        jane: 20_000n,
        bob: -23_000n,
        firstDso: 1_500n,
        secondDso: 1_500n,
      });
    });

    it("under changed terms is another position", async () => {
      const order = offer(roof, { forward: true, lastSlot: slot(2_000) });
      const changed = { ...LINE, lossBps: 1_000, wheelingUp: 40_000n };
      await traders.reserve(bob, order, slots(768, 1, 100n), { microgrid: 2 });
      await agree(changed);
      await world.networkHelpers.time.increase(NOTICE);
      await traders.reserve(bob, order, slots(768, 1, 100n), { microgrid: 2 });
      const later = upwards(order, bob, { charge: 40_000n, lossBps: 1_000 });
      for (const position of [upwards(order, bob), later]) {
        expect(await traders.reservedOf(position, 768)).to.deep.equal(slots(768, 1, 100n));
      }
    });

    it("that falls short is shared before the loss; the rest stays with the owner at home", async () => {
      const order = offer(roof, { forward: true, bond: BOND });
      await traders.reserve(bob, order, slots(16, 1, 100n), { microgrid: 2 });
      await traders.reserve(carol, order, slots(16, 1, 50n));
      await world.passSlots(17);
      await world.report(roof, slots(16, 1, 100n));
      await expect(traders.release(carol, upwards(order, bob), 16))
        .to.emit(world.marketplace, "Released")
        .withArgs(
          await world.marketplace.positionId(upwards(order, bob)),
          testBlock(16),
          packProfile(slots(16, 1, 66n)).words[0],
          13_200n,
          1_980n,
          // 23000 were locked.
          7_820n,
          1_700n,
        );
      await traders.release(carol, traders.positionOf(order, carol), 16);
      // Of 66 Wh 3.3 are lost.
      expect((await traders.energyOf(bob, 2)).get(slot(16))).to.equal(63n);
      expect(await traders.energyOf(bob, 1)).to.deep.equal(new Map());
      expect(await traders.energyOf(carol)).to.deep.equal(slots(16, 1, 33n));
      expect((await traders.energyOf(jane)).get(slot(16))).to.equal(1n);
    });

    it("is released while either end is islanded or closed", async () => {
      const order = offer(roof, { forward: true, bond: BOND });
      await traders.reserve(bob, order, slots(16, 1, 100n), { microgrid: 2 });
      await traders.setMode(ISLANDED);
      await traders.metersAs(hilda).setMode(2, CLOSED);
      await world.passSlots(17);
      await world.report(roof, slots(16, 1, 100n));
      await traders.release(carol, upwards(order, bob), 16);
      expect((await traders.energyOf(bob, 2)).get(slot(16))).to.equal(95n);
    });

    it("comes only from a meter at the line's near end", async () => {
      // Bob's barn is in the second microgrid: nothing of it is sent from the first.
      const order = bid(roof, { forward: true });
      const crossing = { microgrid: 2, meter: barn.device.address };
      await traders.reserve(bob, order, slots(16, 1, 1n), crossing);
      await traders
        .refusedByMeters(
          traders.reserve(bob, order, slots(16, 1, 1n), { ...crossing, microgrid: 1 }),
          "Meters_NotSuch",
        )
        .withArgs(barn.device.address, 1n, 0n);
    });
  });
});
