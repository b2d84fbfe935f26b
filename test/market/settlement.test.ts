import {
  type Batch,
  bulkDigest,
  bulkSignature,
  bulkTreeOfHashes,
  clearingPrices,
  costOf,
  hashOrderStruct,
  LANE_MAX_WH,
  marketDomain,
  ORDER_TYPES,
  type Order,
  planBatches,
  type SignedOrder,
  sourceMask,
  TRANSACTION_GAS_CAP,
} from "@wattline/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { after, before, beforeEach, describe, it } from "mocha";
import { type Address, getAddress, type Hex, keccak256, toHex, zeroHash } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { batchOf, eventsOf, type Pairing } from "../support/batch.ts";
import { PATIENCE_MS, runs } from "../support/runs.ts";
import {
  BID,
  CLOSED,
  CONNECTED,
  chargeOf,
  createTraders,
  energyIn,
  ISLANDED,
  OFFER,
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

/** How a {@link ContractWallet} answers. */
const [RIGHT, BURN_GAS] = [0, 3];

describe("Settlement", () => {
  let world: World;
  let traders: ReturnType<typeof createTraders>;
  let jane: Person;
  let joe: Person;
  let bob: Person;
  let carol: Person;
  let stranger: Person;
  let meters: Awaited<ReturnType<typeof street>>;

  before(async () => {
    world = await createWorld();
    traders = createTraders(world);
    [jane, joe, bob, carol] = [
      traders.meet("Jane"),
      traders.meet("Joe"),
      traders.meet("Bob"),
      traders.meet("Carol"),
    ];
    stranger = traders.meet("a stranger");
  });
  after(() => world.close());

  /** Jane and Joe have 1 kWh of solar energy in each of the first 16 slots, Joe wind as well; Bob and Carol have 1000 euros. */
  async function street() {
    await world.found();
    const known = {
      roof: await world.meter(jane),
      barn: await world.meter(joe),
      mill: await world.meter(joe, { source: "Wind" }),
      flat: await world.meter(bob),
      clinic: await world.meter(carol, { critical: true }),
    };
    await world.passSlots(16);
    for (const each of [known.roof, known.barn, known.mill]) {
      await world.report(each, slots(0, 16, 1_000n));
    }
    await world.fund(bob, 1_000n * EURO);
    await world.fund(carol, 1_000n * EURO);
    return known;
  }
  beforeEach(async () => {
    meters = await world.networkHelpers.loadFixture(street);
  });

  const personOf = (maker: Address): Person => {
    const found = [jane, joe, bob, carol, stranger].find(({ address }) => address === maker);
    if (found === undefined) throw new Error(`Nobody is ${maker}.`);
    return found;
  };

  async function signed(
    meter: MeterOf,
    overrides: Partial<Order>,
    signer?: Person,
  ): Promise<SignedOrder> {
    const order = world.order(meter, overrides);
    return { order, signature: await world.sign(order, signer ?? personOf(order.maker)) };
  }
  const offerOf = (
    meter: MeterOf,
    price: bigint,
    overrides: Partial<Order> = {},
    signer?: Person,
  ) => signed(meter, { side: OFFER, price, ...overrides }, signer);
  const bidOf = (meter: MeterOf, price: bigint, overrides: Partial<Order> = {}, signer?: Person) =>
    signed(meter, { side: BID, price, ...overrides }, signer);

  type BatchArguments = ReturnType<typeof batchOf>;
  const send = ({ orders, signatures, matches }: BatchArguments, by = stranger, gasLimit = 0n) =>
    world.marketplace
      .connect(by.signer)
      .settle(orders, signatures, matches, gasLimit === 0n ? {} : { gasLimit });
  const argumentsOf = ({ orders, signatures, matches }: Batch): BatchArguments => ({
    orders: [...orders],
    signatures: [...signatures],
    matches: matches.map((match) => ({ ...match, energy: [...match.energy] })),
  });
  const settle = (pairings: readonly Pairing[], unmatched: readonly SignedOrder[] = []) =>
    send(batchOf(pairings, unmatched));

  const wasRefused = (attempt: Promise<unknown>, error: string) =>
    traders.refusedByMarket(attempt, error);

  const hashOf = ({ order }: SignedOrder) => world.marketplace.hashOrder(order);
  const selectorOf = (error: string): string => {
    const fragment = world.marketplace.interface.getError(error);
    if (fragment === null) throw new Error(`The marketplace has no error ${error}.`);
    return fragment.selector;
  };

  type Sent = Awaited<ReturnType<typeof settle>>;
  const named = async (sent: Sent, name: string) =>
    (await eventsOf(world, sent)).filter((event) => event.name === name);

  /** The prices of the tests' slots in which energy was cleared. */
  async function pricesOf(sent: Sent): Promise<Map<number, bigint>> {
    const [cleared, ...others] = await named(sent, "Cleared");
    expect(others).to.deep.equal([]);
    const first = (Number(cleared?.args.firstBlock) - testBlock(0)) * 8;
    const prices = [...(cleared?.args.prices ?? [])].map((price: bigint, i): [number, bigint] => [
      first + i,
      price,
    ]);
    return new Map(prices.filter(([, price]) => price !== 0n));
  }

  const moneyOf = (holder: Person) => traders.moneyOf(holder);
  const allMoney = async () => {
    const amounts: Record<string, bigint> = {};
    for (const person of [jane, joe, bob, carol, world.dso]) {
      amounts[person.name] = await moneyOf(person);
    }
    return amounts;
  };
  const filledOf = async ({ order }: SignedOrder) =>
    (await world.marketplace.fillOf(order.maker, order.nonce)).energy;

  describe("the price", () => {
    it("is one in every slot, made by those who trade in it", async () => {
      const janes = await offerOf(meters.roof, 100_000n);
      const joes = await offerOf(meters.barn, 150_000n);
      const bobs = await bidOf(meters.flat, 300_000n);
      const carols = await bidOf(meters.clinic, 201_001n);
      const sent = await settle([
        { offer: janes, bid: bobs, energyWh: energyIn({ 0: 400n, 1: 300n }) },
        { offer: joes, bid: carols, energyWh: energyIn({ 1: 500n, 2: 100n }) },
        { offer: joes, bid: bobs, energyWh: energyIn({ 9: 1_000n }) },
      ]);
      // Slot 1: the offers at 100,000 and 150,000 meet the bids at 300,000 and 201,001.
      expect(await pricesOf(sent)).to.deep.equal(
        new Map([
          [0, 200_000n],
          [1, 175_500n],
          [2, 175_500n],
          [9, 225_000n],
        ]),
      );
      expect(await allMoney()).to.deep.equal({
        Jane: 80_000n + 52_650n,
        Joe: 87_750n + 17_550n + 225_000n,
        Bob: 1_000n * EURO - 80_000n - 52_650n - 225_000n,
        Carol: 1_000n * EURO - 87_750n - 17_550n,
        dso: 0n,
      });
    });

    it("is said once, for every slot of the blocks from the first to the last", async () => {
      const offer = await offerOf(meters.roof, 100_000n);
      const bid = await bidOf(meters.flat, 200_000n);
      const sent = await settle([
        { offer, bid, energyWh: energyIn({ 10: 5n }) },
        { offer, bid, energyWh: energyIn({ 3: 5n }) },
      ]);
      const prices = Array.from({ length: 16 }, (_, i) => (i === 3 || i === 10 ? 150_000n : 0n));
      await expect(sent).to.emit(world.marketplace, "Cleared").withArgs(1, testBlock(0), prices);
    });

    it("is the midpoint rounded down", async () => {
      const [offer, bid] = [await offerOf(meters.roof, 100n), await bidOf(meters.flat, 103n)];
      const sent = await settle([{ offer, bid, energyWh: energyIn({ 0: 1_000n }) }]);
      expect(await pricesOf(sent)).to.deep.equal(new Map([[0, 101n]]));
      expect(await moneyOf(jane)).to.equal(101n);
    });

    it("is the limit of both where they are equal", async () => {
      const [offer, bid] = [await offerOf(meters.roof, 77n), await bidOf(meters.flat, 77n)];
      const sent = await settle([{ offer, bid, energyWh: energyIn({ 0: 1_000n }) }]);
      expect(await pricesOf(sent)).to.deep.equal(new Map([[0, 77n]]));
    });

    it("is none for gifts", async () => {
      const [offer, bid] = [await offerOf(meters.roof, 0n), await bidOf(meters.flat, 0n)];
      const sent = await settle([{ offer, bid, energyWh: energyIn({ 0: 1_000n }) }]);
      expect(await pricesOf(sent)).to.deep.equal(new Map());
      expect(await traders.energyOf(bob)).to.deep.equal(energyIn({ 0: 1_000n }));
      expect(await moneyOf(bob)).to.equal(1_000n * EURO);
    });

    it("meets the lowest bid even when that is nothing", async () => {
      const gift = await offerOf(meters.roof, 0n);
      const [poor, rich] = [await bidOf(meters.flat, 0n), await bidOf(meters.clinic, 200n)];
      const sent = await settle([
        { offer: gift, bid: rich, energyWh: energyIn({ 0: 100n }) },
        { offer: gift, bid: poor, energyWh: energyIn({ 0: 100n }) },
      ]);
      expect(await pricesOf(sent)).to.deep.equal(new Map());
      expect(await moneyOf(jane)).to.equal(0n);
    });

    it("has the network fee on top of the offer, for the DSO", async () => {
      await traders.setTariffs({ networkFee: 10_001n });
      const [offer, bid] = [
        await offerOf(meters.roof, 99_999n),
        await bidOf(meters.flat, 200_004n),
      ];
      const sent = await settle([{ offer, bid, energyWh: energyIn({ 0: 7n }) }]);
      // (110,000 + 200,004) / 2
      expect(await pricesOf(sent)).to.deep.equal(new Map([[0, 155_002n]]));
      // 155,002 x 7 / 1000 rounded up, 10,001 x 7 / 1000 rounded down
      expect((await named(sent, "Matched")).map(({ args }) => [...args])).to.deep.equal([
        [await hashOf(offer), await hashOf(bid), offer.order.nonce, bid.order.nonce, 1_086n, 70n],
      ]);
      expect(await allMoney()).to.deep.equal({
        Jane: 1_016n,
        Joe: 0n,
        Bob: 1_000n * EURO - 1_086n,
        Carol: 1_000n * EURO,
        dso: 70n,
      });
    });

    it("lies within every matched limit, wherever they lie, and money is conserved", async () => {
      const networkFee = 50n;
      await traders.setTariffs({ networkFee });
      const price = fc.bigInt(0n, 1_000n);
      const wh = fc.dictionary(fc.constantFrom("0", "7", "8"), fc.bigInt(1n, 40n));
      const book = fc.array(fc.record({ price, wh }), { minLength: 1, maxLength: 5 });
      const property = fc.asyncProperty(book, book, async (offers, bids) => {
        const supplies = [];
        for (const [i, { price, wh }] of offers.entries()) {
          const offer = await offerOf(i % 2 === 0 ? meters.roof : meters.barn, price);
          supplies.push({ ...offer, source: "Solar" as const, energyWh: energyIn(wh) });
        }
        const demands = [];
        for (const [i, { price, wh }] of bids.entries()) {
          const bid = await bidOf(i % 2 === 0 ? meters.flat : meters.clinic, price);
          demands.push({ ...bid, energyWh: energyIn(wh) });
        }
        const [batch] = planBatches(supplies, demands, { networkFee });
        if (batch === undefined) return;
        const sum = async () => Object.values(await allMoney()).reduce((a, b) => a + b);
        const before = await sum();
        const sent = await send(argumentsOf(batch));
        const planned = [...clearingPrices(batch, networkFee)].map(
          ([at, amount]): [number, bigint] => [at - slot(0), amount],
        );
        expect(await pricesOf(sent)).to.deep.equal(
          new Map(planned.filter(([, amount]) => amount !== 0n).sort(([a], [b]) => a - b)),
        );
        expect(await sum()).to.equal(before);
        const matched = await named(sent, "Matched");
        expect(matched.length).to.equal(batch.matches.length);
        for (const [i, { args }] of matched.entries()) {
          const match = batch.matches[i];
          const [offer, bid] = [batch.orders[match?.offer ?? -1], batch.orders[match?.bid ?? -1]];
          const traded = (match?.energy ?? []).reduce((total, word) => {
            for (let rest = word; rest !== 0n; rest >>= 32n) total += rest & LANE_MAX_WH;
            return total;
          }, 0n);
          expect(args.charge).to.equal(chargeOf(networkFee, traded));
          expect(args.cost <= costOf(bid?.price ?? 0n, traded)).to.equal(true);
          expect(args.cost - args.charge >= costOf(offer?.price ?? 0n, traded)).to.equal(true);
        }
      });
      await fc.assert(property, runs(20));
    }).timeout(PATIENCE_MS);
  });

  describe("the money", () => {
    it("is held at the bid's limit, and what is beyond the price comes back", async () => {
      const [offer, bid] = [
        await offerOf(meters.roof, 100_000n),
        await bidOf(meters.flat, 200_001n),
      ];
      const leave = (amount: bigint) =>
        traders.marketAs(bob).withdraw(world.addresses.euro, 1_000n * EURO - amount, bob.address);
      // 200,001 x 7 / 1000 rounded up
      await leave(1_401n);
      await settle([{ offer, bid, energyWh: energyIn({ 0: 7n }) }]);
      // 150,000 x 7 / 1000
      expect(await moneyOf(bob)).to.equal(1_401n - 1_050n);
      expect(await moneyOf(jane)).to.equal(1_050n);
    });

    it("is rounded once for all slots of a match", async () => {
      const [offer, bid] = [await offerOf(meters.roof, 1n), await bidOf(meters.flat, 1n)];
      await settle([{ offer, bid, energyWh: slots(0, 16, 1n) }]);
      expect([await moneyOf(jane), await moneyOf(bob)]).to.deep.equal([1n, 1_000n * EURO - 1n]);
    });

    it("and the energy of sellers and buyers in several matches add up", async () => {
      const janes = await offerOf(meters.roof, 100_000n);
      const joes = await offerOf(meters.barn, 120_000n);
      const bobs = await bidOf(meters.flat, 220_000n);
      const carols = await bidOf(meters.clinic, 240_000n);
      await settle([
        { offer: janes, bid: bobs, energyWh: energyIn({ 0: 100n }) },
        { offer: janes, bid: carols, energyWh: energyIn({ 0: 200n }) },
        { offer: joes, bid: bobs, energyWh: energyIn({ 0: 300n }) },
        { offer: joes, bid: carols, energyWh: energyIn({ 0: 400n, 8: 50n }) },
        { offer: janes, bid: bobs, energyWh: energyIn({ 0: 10n }) },
      ]);
      // 170 per Wh in slot 0, 180 in slot 8
      expect(await allMoney()).to.deep.equal({
        Jane: 310n * 170n,
        Joe: 700n * 170n + 50n * 180n,
        Bob: 1_000n * EURO - 410n * 170n,
        Carol: 1_000n * EURO - 600n * 170n - 50n * 180n,
        dso: 0n,
      });
      expect(await traders.energyOf(bob)).to.deep.equal(energyIn({ 0: 410n }));
      expect(await traders.energyOf(carol)).to.deep.equal(energyIn({ 0: 600n, 8: 50n }));
      expect((await traders.energyOf(jane)).get(slot(0))).to.equal(690n);
      expect((await traders.energyOf(joe)).get(slot(0))).to.equal(300n);
      expect([
        await filledOf(janes),
        await filledOf(joes),
        await filledOf(bobs),
        await filledOf(carols),
      ]).to.deep.equal([310n, 750n, 410n, 650n]);
      await traders.expectEscrowWhole();
    });

    it("of the DSO is paid once for the batch, each match rounded down", async () => {
      await traders.setTariffs({ networkFee: 999n });
      const [offer, bid] = [await offerOf(meters.roof, 0n), await bidOf(meters.flat, 10_000n)];
      await settle([
        { offer, bid, energyWh: energyIn({ 0: 2n }) },
        { offer, bid, energyWh: energyIn({ 1: 3n }) },
      ]);
      // 1.998 and 2.997
      expect(await moneyOf(world.dso)).to.equal(1n + 2n);
    });

    it("that a maker earns as seller is there as buyer in the next batch, not in this one", async () => {
      const janes = await offerOf(meters.roof, 100_000n);
      const joes = await offerOf(meters.barn, 100_000n);
      const bobs = await bidOf(meters.flat, 100_000n);
      const wanted = await bidOf(meters.roof, 100_000n);
      const purchase = { offer: joes, bid: wanted, energyWh: energyIn({ 1: 10n }) };
      const first = await settle([
        { offer: janes, bid: bobs, energyWh: energyIn({ 0: 10n }) },
        purchase,
      ]);
      expect((await named(first, "Skipped")).map(({ args }) => args.reason)).to.deep.equal([
        selectorOf("Escrow_InsufficientBalance"),
      ]);
      await settle([purchase]);
      expect(await moneyOf(jane)).to.equal(0n);
      expect((await traders.energyOf(jane)).get(slot(1))).to.equal(1_010n);
    });
  });

  describe("a batch that crosses is refused, with the slot and both prices:", () => {
    it("in one match", async () => {
      const [offer, bid] = [
        await offerOf(meters.roof, 200_001n),
        await bidOf(meters.flat, 200_000n),
      ];
      await wasRefused(
        settle([{ offer, bid, energyWh: energyIn({ 5: 1n }) }]),
        "Settlement_Crossed",
      ).withArgs(slot(5), 200_001n, 200_000n);
    });

    it("by the network fee alone", async () => {
      const [offer, bid] = [
        await offerOf(meters.roof, 200_000n),
        await bidOf(meters.flat, 200_000n),
      ];
      const pairing = { offer, bid, energyWh: energyIn({ 5: 1n }) };
      await traders.setTariffs({ networkFee: 1n });
      await wasRefused(settle([pairing]), "Settlement_Crossed").withArgs(
        slot(5),
        200_001n,
        200_000n,
      );
      await traders.setTariffs({ networkFee: 0n });
      await settle([pairing]);
    });

    it("between matches that would each do alone", async () => {
      const cheap = {
        offer: await offerOf(meters.roof, 100n),
        bid: await bidOf(meters.flat, 120n),
        energyWh: energyIn({ 8: 1n, 9: 1n }),
      };
      const dear = {
        offer: await offerOf(meters.barn, 200n),
        bid: await bidOf(meters.clinic, 300n),
        energyWh: energyIn({ 9: 1n, 10: 1n }),
      };
      await wasRefused(settle([cheap, dear]), "Settlement_Crossed").withArgs(slot(9), 200n, 120n);
      await wasRefused(settle([dear, cheap]), "Settlement_Crossed").withArgs(slot(9), 200n, 120n);
      const apart = { ...dear, energyWh: energyIn({ 10: 1n }) };
      expect(await pricesOf(await settle([cheap, apart]))).to.deep.equal(
        new Map([
          [8, 110n],
          [9, 110n],
          [10, 250n],
        ]),
      );
    });

    it("even for an offer at the highest price of all", async () => {
      await traders.setTariffs({ networkFee: 1n });
      const [offer, bid] = [
        await offerOf(meters.roof, 2n ** 96n - 1n),
        await bidOf(meters.flat, 1_000n),
      ];
      await wasRefused(
        settle([{ offer, bid, energyWh: energyIn({ 0: 1n }) }]),
        "Settlement_Crossed",
      ).withArgs(slot(0), 2n ** 96n, 1_000n);
    });
  });

  describe("a match is skipped, without sinking the others and without a say in their price,", () => {
    interface Case {
      readonly offer?: Partial<Order>;
      readonly bid?: Partial<Order>;
      readonly signers?: { readonly offer?: () => Person; readonly bid?: () => Person };
      /** What happens before the orders are signed. */
      readonly beforeSigning?: () => Promise<unknown>;
      /** What happens between matching and settling. */
      readonly meanwhile?: (orders: { offer: SignedOrder; bid: SignedOrder }) => Promise<unknown>;
      readonly reason: string;
    }

    const authorize = (maker: Person, allowance: bigint) =>
      traders.marketAs(maker).authorize(world.addresses.euro, stranger.address, allowance);
    const byStranger = () => stranger;
    const cancel = ({ order }: SignedOrder) =>
      traders.marketAs(personOf(order.maker)).cancel([order.nonce]);
    const cancelAll = (maker: Person) => traders.marketAs(maker).cancelAll(world.addresses.euro);

    const CASES: Record<string, Case> = {
      "when the offer has expired": { offer: { deadline: START }, reason: "Orders_Expired" },
      "when the bid has expired": { bid: { deadline: START }, reason: "Orders_Expired" },
      "when the offer was cancelled": {
        meanwhile: ({ offer }) => cancel(offer),
        reason: "Orders_IsCancelled",
      },
      "when the bid was cancelled": {
        meanwhile: ({ bid }) => cancel(bid),
        reason: "Orders_IsCancelled",
      },
      "when the offer was filled meanwhile": {
        offer: { energy: 150 },
        meanwhile: ({ offer }) => traders.accept(carol, offer.order, energyIn({ 1: 51n })),
        reason: "Orders_Overfilled",
      },
      "when the bid was filled meanwhile": {
        bid: { energy: 150 },
        meanwhile: ({ bid }) => traders.accept(joe, bid.order, energyIn({ 1: 51n })),
        reason: "Orders_Overfilled",
      },
      "when the offer never had that much": { offer: { energy: 99 }, reason: "Orders_Overfilled" },
      "when the seller has raised the counter": {
        meanwhile: () => cancelAll(jane),
        reason: "Orders_CounterRaised",
      },
      "when the buyer has raised the counter": {
        meanwhile: () => cancelAll(bob),
        reason: "Orders_CounterRaised",
      },
      "when the offer is signed by somebody else": {
        signers: { offer: byStranger },
        reason: "Orders_BadSignature",
      },
      "when the bid is signed by somebody else": {
        signers: { bid: byStranger },
        reason: "Orders_BadSignature",
      },
      "when the seller's delegate was revoked": {
        beforeSigning: () => authorize(jane, EURO),
        signers: { offer: byStranger },
        meanwhile: () => authorize(jane, 0n),
        reason: "Orders_BadSignature",
      },
      "when the buyer's delegate was revoked": {
        beforeSigning: () => authorize(bob, EURO),
        signers: { bid: byStranger },
        meanwhile: () => authorize(bob, 0n),
        reason: "Orders_BadSignature",
      },
      "when the seller's delegate has too little left": {
        // 100 Wh at the offer's 100,000 are more than at the feed-in tariff
        beforeSigning: () => authorize(jane, 9_999n),
        signers: { offer: byStranger },
        reason: "Orders_AllowanceExceeded",
      },
      "when the buyer's delegate has too little left": {
        // 100 Wh at the bid's limit of 210,000
        beforeSigning: () => authorize(bob, 20_999n),
        signers: { bid: byStranger },
        reason: "Orders_AllowanceExceeded",
      },
      "when the buyer has taken the money out": {
        meanwhile: () =>
          traders
            .marketAs(bob)
            .withdraw(world.addresses.euro, 1_000n * EURO - 20_999n, bob.address),
        reason: "Escrow_InsufficientBalance",
      },
      "when the seller has sold the energy": {
        meanwhile: async () =>
          traders.accept(carol, world.order(meters.roof), energyIn({ 0: 901n })),
        reason: "Settlement_NotCovered",
      },
      "when the offer is for another neighbour": {
        offer: { counterparty: "0x00000000000000000000000000000000000000aa" },
        reason: "Orders_NotCounterparty",
      },
      "when the bid is for another neighbour": {
        bid: { counterparty: "0x00000000000000000000000000000000000000aa" },
        reason: "Orders_NotCounterparty",
      },
      "when the offer does not name the source": {
        offer: { sources: sourceMask("Wind") },
        reason: "Orders_SourceNotNamed",
      },
      "when the bid does not name the source": {
        bid: { sources: sourceMask("Wind", "Hydro") },
        reason: "Orders_SourceNotNamed",
      },
    };

    for (const [name, each] of Object.entries(CASES)) {
      it(name, async () => {
        await each.beforeSigning?.();
        const { offer: offerSigner, bid: bidSigner } = each.signers ?? {};
        // Both would move the price of 225,000 that the others make among themselves.
        const offer = await offerOf(meters.roof, 100_000n, each.offer, offerSigner?.());
        const bid = await bidOf(meters.flat, 210_000n, each.bid, bidSigner?.());
        const skipped = { offer, bid, energyWh: energyIn({ 0: 100n }) };
        const rest = {
          offer: await offerOf(meters.barn, 150_000n),
          bid: await bidOf(meters.clinic, 300_000n),
          energyWh: energyIn({ 0: 100n }),
        };
        await each.meanwhile?.({ offer, bid });

        const state = async () => ({
          fills: [await filledOf(offer), await filledOf(bid)],
          money: [await moneyOf(jane), await moneyOf(bob)],
          energy: [await traders.energyOf(jane), await traders.energyOf(bob)],
          allowances: [
            await allowanceOf(jane, stranger.address),
            await allowanceOf(bob, stranger.address),
          ],
        });
        const before = await state();
        const joeHad = await moneyOf(joe);
        const sent = await settle([skipped, rest]);

        expect((await named(sent, "Skipped")).map(({ args }) => [...args])).to.deep.equal([
          [await hashOf(offer), await hashOf(bid), selectorOf(each.reason)],
        ]);
        expect((await named(sent, "Matched")).length).to.equal(1);
        expect(await state()).to.deep.equal(before);
        expect(await pricesOf(sent)).to.deep.equal(new Map([[0, 225_000n]]));
        expect((await moneyOf(joe)) - joeHad).to.equal(22_500n);
      });
    }

    const allowanceOf = (maker: Person, delegate: Address) =>
      world.marketplace.allowanceOf(maker.address, world.addresses.euro, delegate);

    it("and the same pairing settles when nothing is wrong with it", async () => {
      const sent = await settle([
        {
          offer: await offerOf(meters.roof, 100_000n),
          bid: await bidOf(meters.flat, 210_000n),
          energyWh: energyIn({ 0: 100n }),
        },
        {
          offer: await offerOf(meters.barn, 150_000n),
          bid: await bidOf(meters.clinic, 300_000n),
          energyWh: energyIn({ 0: 100n }),
        },
      ]);
      expect(await named(sent, "Skipped")).to.deep.equal([]);
      expect(await pricesOf(sent)).to.deep.equal(new Map([[0, 180_000n]]));
    });

    it("all of them, and the batch says that nothing was cleared", async () => {
      const [offer, bid] = [
        await offerOf(meters.roof, 1n, { deadline: START }),
        await bidOf(meters.flat, 2n),
      ];
      const sent = await settle([{ offer, bid, energyWh: energyIn({ 0: 1n }) }]);
      expect((await named(sent, "Skipped")).length).to.equal(1);
      expect(await pricesOf(sent)).to.deep.equal(new Map());
    });

    it("even where it would cross", async () => {
      const sent = await settle([
        {
          offer: await offerOf(meters.roof, 900_000n, { deadline: START }),
          bid: await bidOf(meters.flat, 1n),
          energyWh: energyIn({ 0: 1n }),
        },
        {
          offer: await offerOf(meters.barn, 150_000n),
          bid: await bidOf(meters.clinic, 300_000n),
          energyWh: energyIn({ 0: 1n }),
        },
      ]);
      expect(await pricesOf(sent)).to.deep.equal(new Map([[0, 225_000n]]));
    });

    it("by one slot that is not covered, and leaves what is there to the next match", async () => {
      const offer = await offerOf(meters.roof, 100n, { energy: 1_500 });
      const [bobs, carols] = [await bidOf(meters.flat, 200n), await bidOf(meters.clinic, 200n)];
      const sent = await settle([
        { offer, bid: bobs, energyWh: energyIn({ 0: 300n, 1: 1_001n }) },
        { offer, bid: carols, energyWh: energyIn({ 0: 500n, 1: 1_000n }) },
      ]);
      expect((await named(sent, "Skipped")).map(({ args }) => args.reason)).to.deep.equal([
        selectorOf("Settlement_NotCovered"),
      ]);
      expect([await filledOf(offer), await filledOf(bobs), await filledOf(carols)]).to.deep.equal([
        1_500n,
        0n,
        1_500n,
      ]);
    });

    it("when an earlier match of the batch has used up the order, the money or the allowance", async () => {
      await traders.marketAs(bob).authorize(world.addresses.euro, stranger.address, 35_000n);
      await traders
        .marketAs(carol)
        .withdraw(world.addresses.euro, 1_000n * EURO - 35_000n, carol.address);
      const offer = await offerOf(meters.roof, 100_000n);
      const short = await offerOf(meters.barn, 100_000n, { energy: 150 });
      const bobs = await bidOf(meters.flat, 200_000n, {}, stranger);
      const carols = await bidOf(meters.clinic, 200_000n);
      const sent = await settle([
        { offer, bid: bobs, energyWh: energyIn({ 0: 100n }) },
        { offer, bid: bobs, energyWh: energyIn({ 1: 100n }) },
        { offer, bid: carols, energyWh: energyIn({ 0: 100n }) },
        { offer, bid: carols, energyWh: energyIn({ 1: 100n }) },
        { offer: short, bid: carols, energyWh: energyIn({ 2: 75n }) },
        { offer: short, bid: bobs, energyWh: energyIn({ 2: 75n }) },
        { offer: short, bid: bobs, energyWh: energyIn({ 3: 76n }) },
      ]);
      expect((await named(sent, "Skipped")).map(({ args }) => args.reason)).to.deep.equal([
        selectorOf("Orders_AllowanceExceeded"),
        selectorOf("Escrow_InsufficientBalance"),
        selectorOf("Orders_Overfilled"),
      ]);
    });
  });

  describe("a batch that makes no sense is refused:", () => {
    const pairing = async (): Promise<Pairing> => ({
      offer: await offerOf(meters.roof, 100n),
      bid: await bidOf(meters.flat, 200n),
      energyWh: energyIn({ 0: 10n }),
    });
    /** A good batch, changed a little. */
    const changed = async (change: (batch: BatchArguments) => Partial<BatchArguments>) => {
      const batch = batchOf([await pairing()]);
      return send({ ...batch, ...change(batch) });
    };
    const withMatch = (overrides: Partial<BatchArguments["matches"][number]>) =>
      changed(({ matches }) => ({ matches: matches.map((match) => ({ ...match, ...overrides })) }));

    it("without orders, or without matches", async () => {
      await wasRefused(
        changed(() => ({ orders: [], signatures: [] })),
        "Settlement_Empty",
      );
      await wasRefused(
        changed(() => ({ matches: [] })),
        "Settlement_Empty",
      );
    });

    it("with more orders than signatures, or fewer", async () => {
      await wasRefused(
        changed(({ signatures }) => ({ signatures: signatures.slice(1) })),
        "Settlement_LengthMismatch",
      ).withArgs(2, 1);
      await wasRefused(
        changed(({ signatures }) => ({ signatures: [...signatures, "0x"] })),
        "Settlement_LengthMismatch",
      ).withArgs(2, 3);
    });

    it("with a match of an order that is not there", async () => {
      await wasRefused(withMatch({ offer: 2 }), "Settlement_BadIndex").withArgs(0, 2, 2);
      await wasRefused(withMatch({ bid: 65_535 }), "Settlement_BadIndex").withArgs(0, 65_535, 2);
      await wasRefused(
        changed(({ matches: [match] }) => ({
          matches: match === undefined ? [] : [match, { ...match, bid: 7 }],
        })),
        "Settlement_BadIndex",
      ).withArgs(1, 7, 2);
    });

    it("with a bid for an offer, or an offer for a bid", async () => {
      await wasRefused(withMatch({ offer: 1 }), "Settlement_WrongSide").withArgs(0, 1);
      await wasRefused(withMatch({ bid: 0 }), "Settlement_WrongSide").withArgs(0, 0);
    });

    it("over several microgrids, even by an order that nothing matches", async () => {
      await world.found();
      const elsewhere = await world.meter(carol, { microgrid: 2 });
      const { offer, bid, energyWh } = await pairing();
      const foreign = await bidOf(elsewhere, 200n);
      await wasRefused(
        settle([{ offer, bid: foreign, energyWh }]),
        "Settlement_MixedMicrogrids",
      ).withArgs(1, 2);
      await wasRefused(
        settle([{ offer, bid, energyWh }], [foreign]),
        "Settlement_MixedMicrogrids",
      ).withArgs(1, 2);
    });

    it("of a microgrid that does not exist", async () => {
      const [offer, bid] = [
        await offerOf(meters.roof, 100n, { microgrid: 9 }),
        await bidOf(meters.flat, 200n, { microgrid: 9 }),
      ];
      await traders
        .refusedByMeters(
          settle([{ offer, bid, energyWh: energyIn({ 0: 10n }) }]),
          "Microgrids_Unknown",
        )
        .withArgs(9);
    });

    it("with a forward", async () => {
      const { offer, energyWh } = await pairing();
      const bid = await bidOf(meters.flat, 200n, { forward: true });
      await wasRefused(settle([{ offer, bid, energyWh }]), "Spot_IsForward").withArgs(
        bob.address,
        bid.order.nonce,
      );
    });

    it("in which somebody trades with oneself", async () => {
      const { offer, energyWh } = await pairing();
      const bid = await bidOf(meters.roof, 200n);
      await wasRefused(settle([{ offer, bid, energyWh }]), "Trading_SelfTrade").withArgs(
        jane.address,
      );
    });

    it("with a slot outside the offer or the bid", async () => {
      const { offer, bid } = await pairing();
      const early = await offerOf(meters.roof, 100n, { lastSlot: slot(3) });
      const late = await bidOf(meters.flat, 200n, { firstSlot: slot(3) });
      const energyWh = energyIn({ 2: 1n, 3: 1n, 4: 1n });
      await wasRefused(settle([{ offer: early, bid, energyWh }]), "Orders_OutsideSlots").withArgs(
        slot(4),
        early.order.firstSlot,
        slot(3),
      );
      await wasRefused(settle([{ offer, bid: late, energyWh }]), "Orders_OutsideSlots").withArgs(
        slot(2),
        slot(3),
        late.order.lastSlot,
      );
    });

    it("with a lane beyond 31 bits", async () => {
      const word = (1n << 31n) | 5n;
      await wasRefused(withMatch({ energy: [word] }), "Profile_Malformed").withArgs(word);
    });

    it("with a match of nothing", async () => {
      await wasRefused(withMatch({ energy: [0n, 0n] }), "Trading_NothingTaken");
      await wasRefused(withMatch({ energy: [] }), "Trading_NothingTaken");
    });

    it("of a closed microgrid", async () => {
      await traders.setMode(CLOSED);
      const good = await pairing();
      await wasRefused(settle([good]), "Trading_Closed").withArgs(1);
      await traders.setMode(CONNECTED);
      await settle([good]);
    });

    it("and a good match before a bad one has moved nothing", async () => {
      const good = await pairing();
      const bad = { ...good, offer: await offerOf(meters.flat, 1n) };
      const before = await allMoney();
      await wasRefused(settle([good, bad]), "Trading_SelfTrade");
      expect(await filledOf(good.offer)).to.equal(0n);
      expect(await allMoney()).to.deep.equal(before);
    });
  });

  describe("nobody can block a batch:", () => {
    const pairing = async (): Promise<Pairing> => ({
      offer: await offerOf(meters.roof, 100_000n),
      bid: await bidOf(meters.flat, 200_000n),
      energyWh: energyIn({ 0: 10n }),
    });

    it("anyone may send it", async () => {
      for (const by of [jane, bob, world.operator, stranger]) {
        await send(batchOf([await pairing()]), by);
      }
      expect(await moneyOf(jane)).to.equal(4n * 1_500n);
    });

    it("not a buyer that is a contract without any hook, nor a DSO that is one", async () => {
      await traders.setTariffs({ networkFee: 10_000n });
      await world.meters.connect(world.operator.signer).setDso(1, world.addresses.euro);
      const wallet = await world.ethers.deployContract("ContractWallet");
      await wallet.setUp(bob.address, RIGHT);
      const address = getAddress(await wallet.getAddress());
      await world.meters.connect(bob.signer).handOverMeter(meters.flat.device.address, address);
      const data = (name: "approve" | "deposit") =>
        name === "approve"
          ? world.euro.interface.encodeFunctionData(name, [world.addresses.market, EURO])
          : world.marketplace.interface.encodeFunctionData(name, [world.addresses.euro, EURO]);
      await world.euro.mint(address, EURO);
      await wallet.execute(world.addresses.euro, data("approve"));
      await wallet.execute(world.addresses.market, data("deposit"));
      const bid = await bidOf(meters.flat, 200_000n, { maker: address }, bob);
      await settle([{ ...(await pairing()), bid }]);
      const { euro } = world.addresses;
      expect((await world.marketplace.accountOf(euro, address)).balance).to.equal(EURO - 1_550n);
      expect((await world.marketplace.accountOf(euro, euro)).balance).to.equal(100n);
    });

    it("not a buyer whose slot is full", async () => {
      const plant = await world.meter(joe, { capacityW: 2 ** 32 - 1 });
      const mostWh = 2n ** 30n - 1n;
      await world.report(plant, slots(0, 1, mostWh));
      await world.report(await world.meter(bob, { capacityW: 2 ** 32 - 1 }), slots(0, 1, mostWh));
      const gift = world.order(plant, { price: 0n, energy: 2 ** 31 - 1 });
      await traders.accept(bob, gift, slots(0, 1, mostWh));
      // 1 Wh still fits.
      expect((await traders.energyOf(bob)).get(slot(0))).to.equal(LANE_MAX_WH - 1n);
      const rest = {
        offer: await offerOf(meters.barn, 100_000n),
        bid: await bidOf(meters.clinic, 200_000n),
        energyWh: energyIn({ 0: 10n }),
      };
      const sent = await settle([await pairing(), rest]);
      expect((await named(sent, "Skipped")).map(({ args }) => args.reason)).to.deep.equal([
        selectorOf("Settlement_NotCovered"),
      ]);
      expect(await moneyOf(joe)).to.equal(1_500n);
    });

    it("not wallets that burn all gas they are given", async () => {
      const pairings = [];
      for (let i = 0; i < 3; i++) {
        const wallet = await world.ethers.deployContract("ContractWallet");
        await wallet.setUp(bob.address, BURN_GAS);
        const maker = getAddress(await wallet.getAddress());
        const bid = await bidOf(meters.flat, 200_000n, { maker }, bob);
        pairings.push({ ...(await pairing()), bid });
      }
      for (let i = 0; i < 5; i++) pairings.push(await pairing());
      const sent = await send(batchOf(pairings), stranger, TRANSACTION_GAS_CAP);
      expect((await named(sent, "Skipped")).map(({ args }) => args.reason)).to.deep.equal(
        Array.from({ length: 3 }, () => selectorOf("Orders_BadSignature")),
      );
      expect(await moneyOf(jane)).to.equal(5n * 1_500n);
    });

    it("not a seller whose account is as full as it can be", async () => {
      const { euro } = world.addresses;
      const room = 2n ** 128n - 1n - (await world.euro.balanceOf(world.addresses.market));
      await world.euro.mint(jane.address, room + 1n);
      await world.euro.connect(jane.signer).approve(world.addresses.market, room + 1n);
      await wasRefused(
        traders.marketAs(jane).deposit(euro, room + 1n),
        "Escrow_BalanceOverflow",
      ).withArgs(2n ** 128n - 1n - room, room + 1n);
      await traders.marketAs(jane).deposit(euro, room);
      await settle([await pairing()]);
      expect(await moneyOf(jane)).to.equal(room + 1_500n);
    });
  });

  describe("for whom and from what an order is", () => {
    const energyWh = energyIn({ 0: 10n });

    it("is kept: a friend's price for one neighbour", async () => {
      const gift = await offerOf(meters.roof, 0n, { counterparty: bob.address });
      const sent = await settle([
        { offer: gift, bid: await bidOf(meters.clinic, 100n), energyWh },
        { offer: gift, bid: await bidOf(meters.flat, 0n), energyWh },
      ]);
      expect((await named(sent, "Skipped")).map(({ args }) => args.reason)).to.deep.equal([
        selectorOf("Orders_NotCounterparty"),
      ]);
      expect(await traders.energyOf(bob)).to.deep.equal(energyWh);
    });

    it("may be said by both sides", async () => {
      await settle([
        {
          offer: await offerOf(meters.roof, 100n, { counterparty: bob.address }),
          bid: await bidOf(meters.flat, 100n, { counterparty: jane.address }),
          energyWh,
        },
      ]);
      expect(await traders.energyOf(bob)).to.deep.equal(energyWh);
    });

    it("tells the sources apart in one slot, which still has one price", async () => {
      const wind = await offerOf(meters.barn, 150n, { sources: sourceMask("Wind") });
      const solar = await offerOf(meters.roof, 100n);
      const any = await bidOf(meters.flat, 300n);
      const sunny = await bidOf(meters.clinic, 200n, { sources: sourceMask("Solar") });
      const sent = await settle([
        { offer: wind, bid: any, energyWh, source: "Wind" },
        { offer: wind, bid: sunny, energyWh, source: "Wind" },
        { offer: solar, bid: any, energyWh },
        { offer: solar, bid: sunny, energyWh },
        { offer: wind, bid: any, energyWh },
      ]);
      expect((await named(sent, "Skipped")).map(({ args }) => args.reason)).to.deep.equal([
        selectorOf("Orders_SourceNotNamed"),
        selectorOf("Orders_SourceNotNamed"),
      ]);
      expect(await pricesOf(sent)).to.deep.equal(new Map([[0, 175n]]));
      expect(await traders.energyOf(bob, 1, "Wind")).to.deep.equal(energyWh);
      expect(await traders.energyOf(bob)).to.deep.equal(energyWh);
      expect(await traders.energyOf(carol, 1, "Wind")).to.deep.equal(new Map());
      expect(await traders.energyOf(carol)).to.deep.equal(energyWh);
    });
  });

  describe("of an islanded microgrid", () => {
    beforeEach(() => traders.setMode(ISLANDED));
    const operate = () => world.meters.connect(world.operator.signer);
    const { islandPriceCap: cap, islandRation } = { islandPriceCap: 250_000n, islandRation: 250n };

    describe("keeps to the price cap:", () => {
      it("a midpoint above it becomes the cap", async () => {
        const pairing = {
          offer: await offerOf(meters.roof, 240_000n),
          bid: await bidOf(meters.flat, 300_000n),
          energyWh: energyIn({ 0: 100n }),
        };
        expect(await pricesOf(await settle([pairing]))).to.deep.equal(new Map([[0, cap]]));
        expect([await moneyOf(jane), await moneyOf(bob)]).to.deep.equal([
          25_000n,
          1_000n * EURO - 25_000n,
        ]);
        await traders.setMode(CONNECTED);
        expect(await pricesOf(await settle([pairing]))).to.deep.equal(new Map([[0, 270_000n]]));
      });

      it("a midpoint below it stays", async () => {
        const [offer, bid] = [
          await offerOf(meters.roof, 100_000n),
          await bidOf(meters.flat, 300_000n),
        ];
        const sent = await settle([{ offer, bid, energyWh: energyIn({ 0: 100n }) }]);
        expect(await pricesOf(sent)).to.deep.equal(new Map([[0, 200_000n]]));
      });

      it("an offer above it is skipped, fee included", async () => {
        await traders.setTariffs({ networkFee: 10_000n });
        const bid = await bidOf(meters.flat, 400_000n);
        const sent = await settle([
          {
            offer: await offerOf(meters.roof, cap - 10_000n + 1n),
            bid,
            energyWh: energyIn({ 0: 100n }),
          },
          {
            offer: await offerOf(meters.barn, cap - 10_000n),
            bid,
            energyWh: energyIn({ 0: 100n }),
          },
        ]);
        expect((await named(sent, "Skipped")).map(({ args }) => args.reason)).to.deep.equal([
          selectorOf("Trading_AboveIslandCap"),
        ]);
        expect(await pricesOf(sent)).to.deep.equal(new Map([[0, cap]]));
        expect([await moneyOf(joe), await moneyOf(world.dso)]).to.deep.equal([24_000n, 1_000n]);
      });
    });

    it("rations nobody: the price does", async () => {
      const [offer, bid] = [await offerOf(meters.roof, 1n), await bidOf(meters.flat, 2n)];
      await settle([{ offer, bid, energyWh: energyIn({ 0: islandRation + 1n }) }]);
      expect(await filledOf(bid)).to.equal(islandRation + 1n);
    });

    describe("serves critical loads first:", () => {
      /** The clinic asks for 500 Wh in the slots 0 to 3, Bob buys from Joe. */
      const critical = (overrides: Partial<Order> = {}, signer?: Person) =>
        bidOf(meters.clinic, 200_000n, { energy: 500, lastSlot: slot(3), ...overrides }, signer);
      const served = async (bid: SignedOrder, wh: bigint) => ({
        offer: await offerOf(meters.roof, 100_000n),
        bid,
        energyWh: energyIn({ 0: wh }),
      });
      const ordinary = async (number: number) => ({
        offer: await offerOf(meters.barn, 100_000n),
        bid: await bidOf(meters.flat, 200_000n),
        energyWh: energyIn({ [number]: 100n }),
      });
      const settlesBoth = async (sent: Promise<Sent>) =>
        expect((await named(await sent, "Matched")).length).to.equal(2);

      it("no ordinary bid is filled in a slot in which one is short", async () => {
        const bid = await critical();
        for (const number of [0, 3]) {
          await wasRefused(
            settle([await ordinary(number), await served(bid, 499n)]),
            "Settlement_CriticalShort",
          ).withArgs(3, slot(number));
        }
      });

      it("nor when one is in the batch but not served at all", async () => {
        await wasRefused(
          settle([await ordinary(2)], [await critical()]),
          "Settlement_CriticalShort",
        ).withArgs(2, slot(2));
      });

      it("ordinary bids in other slots are fine", async () => {
        await settlesBoth(settle([await ordinary(4), await served(await critical(), 499n)]));
      });

      it("ordinary bids are fine once every one has what it asked for", async () => {
        await settlesBoth(settle([await ordinary(0), await served(await critical(), 500n)]));
      });

      it("one of two that are short is fine with the other", async () => {
        const lab = await world.meter(bob, { critical: true });
        const [first, second] = [
          await served(await critical(), 300n),
          await served(await bidOf(lab, 200_000n, { energy: 500 }), 300n),
        ];
        await settlesBoth(settle([first, second]));
      });

      it("while grid-connected there is no such rule", async () => {
        await traders.setMode(CONNECTED);
        await settlesBoth(settle([await ordinary(0), await served(await critical(), 499n)]));
      });

      const LIVELESS: Record<string, () => Promise<SignedOrder>> = {
        "that has expired": () => critical({ deadline: START }),
        "that was cancelled": async () => {
          const bid = await critical();
          await traders.marketAs(carol).cancel([bid.order.nonce]);
          return bid;
        },
        "whose maker has raised the counter": async () => {
          const bid = await critical();
          await traders.marketAs(carol).cancelAll(world.addresses.euro);
          return bid;
        },
        "that its maker has not signed": () => critical({}, stranger),
        "whose maker can't pay": async () => {
          // 500 Wh at 200,000
          await traders
            .marketAs(carol)
            .withdraw(world.addresses.euro, 1_000n * EURO - 99_999n, carol.address);
          return critical();
        },
        "whose maker's delegate has too little left": async () => {
          await traders.marketAs(carol).authorize(world.addresses.euro, stranger.address, 99_999n);
          return critical({}, stranger);
        },
        "of a meter that is somebody else's": () => critical({ meter: meters.flat.device.address }),
        "of no meter": () => critical({ meter: "0x0000000000000000000000000000000000000000" }),
        "of a meter that is retired": async () => {
          await operate().retireMeter(meters.clinic.device.address);
          return critical();
        },
        "of a meter that the maker has handed over": async () => {
          await world.meters
            .connect(carol.signer)
            .handOverMeter(meters.clinic.device.address, stranger.address);
          return critical();
        },
      };
      for (const [which, bid] of Object.entries(LIVELESS)) {
        it(`one ${which} stands in nobody's way`, async () => {
          const sent = await settle([await ordinary(0)], [await bid()]);
          expect((await named(sent, "Matched")).length).to.equal(1);
        });
      }

      it("one that can just pay does stand in the way", async () => {
        await traders
          .marketAs(carol)
          .withdraw(world.addresses.euro, 1_000n * EURO - 100_000n, carol.address);
        await wasRefused(
          settle([await ordinary(0)], [await critical()]),
          "Settlement_CriticalShort",
        );
      });

      it("one whose delegate has just enough left does too", async () => {
        await traders.marketAs(carol).authorize(world.addresses.euro, stranger.address, 100_000n);
        await wasRefused(
          settle([await ordinary(0)], [await critical({}, stranger)]),
          "Settlement_CriticalShort",
        );
      });

      it("an ordinary match that is skipped is in nobody's way", async () => {
        const broken = await ordinary(0);
        await traders.marketAs(bob).cancel([broken.bid.order.nonce]);
        const sent = await settle([broken, await served(await critical(), 499n)]);
        expect((await named(sent, "Matched")).length).to.equal(1);
      });
    });
  });

  describe("takes no more gas than the sdk plans with, when everybody is new:", () => {
    const networkFee = 10_000n;
    const keyOf = (name: string) => privateKeyToAccount(keccak256(toHex(name)));
    const domain = () => marketDomain(world.chainId, world.addresses.market);
    const signAs = (name: string, order: Order): Promise<Hex> =>
      keyOf(name).signTypedData({
        domain: domain(),
        types: ORDER_TYPES,
        primaryType: "Order",
        message: order,
      });

    async function newcomer(name: string): Promise<Person> {
      const { address } = keyOf(name);
      await world.networkHelpers.setBalance(address, 10n ** 18n);
      return { name, address, signer: await world.ethers.getImpersonatedSigner(address) };
    }

    /** Who signs a maker's orders, and how. */
    const SIGNING = {
      "signed by their makers": ({ name }: Person, order: Order) => signAs(name, order),
      "signed by delegates": async (maker: Person, order: Order) => {
        const delegate = `delegate of ${maker.name}`;
        const { address } = keyOf(delegate);
        await traders.marketAs(maker).authorize(world.addresses.euro, address, EURO);
        return signAs(delegate, order);
      },
      "under the longest proofs": async ({ name }: Person, order: Order) => {
        const others = new Array<Hex>(2 ** 15).fill(zeroHash);
        const tree = bulkTreeOfHashes([hashOrderStruct(order), ...others], zeroHash);
        const signature = await keyOf(name).sign({ hash: bulkDigest(domain(), tree) });
        return bulkSignature(tree, 0, signature);
      },
    } as const;

    interface Shape {
      readonly pairs: number;
      readonly slotsEach: number;
      readonly signing: keyof typeof SIGNING;
    }
    const SHAPES: Shape[] = [
      { pairs: 1, slotsEach: 1, signing: "signed by their makers" },
      { pairs: 1, slotsEach: 16, signing: "signed by their makers" },
      { pairs: 8, slotsEach: 1, signing: "signed by their makers" },
      { pairs: 8, slotsEach: 16, signing: "signed by their makers" },
      { pairs: 8, slotsEach: 1, signing: "signed by delegates" },
      { pairs: 2, slotsEach: 1, signing: "under the longest proofs" },
    ];

    for (const { pairs, slotsEach, signing } of SHAPES) {
      it(`${pairs} pairs × ${slotsEach} slots, ${signing}`, async () => {
        await traders.setTariffs({ networkFee });
        const supplies = [];
        const demands = [];
        for (let i = 0; i < pairs; i++) {
          const seller = await newcomer(`seller ${i}`);
          const buyer = await newcomer(`buyer ${i}`);
          const [roof, flat] = [await world.meter(seller), await world.meter(buyer)];
          // 1 Wh stays: to clear a balance would be rewarded.
          await world.report(roof, slots(0, slotsEach, 6n));
          await world.fund(buyer, EURO);
          const energyWh = slots(0, slotsEach, 5n);
          const offer = world.order(roof, { price: 1_000n });
          const bid = world.order(flat, { price: 90_000n, side: BID });
          supplies.push({
            order: offer,
            signature: await SIGNING[signing](seller, offer),
            source: "Solar" as const,
            energyWh,
          });
          demands.push({ order: bid, signature: await SIGNING[signing](buyer, bid), energyWh });
        }
        const [batch, ...others] = planBatches(supplies, demands, { networkFee });
        expect(others).to.deep.equal([]);
        if (batch === undefined) throw new Error("Nothing was planned.");
        const sent = await send(argumentsOf(batch), stranger, batch.gas);
        expect((await named(sent, "Matched")).length).to.equal(pairs);
        // Nor is so much kept in reserve that batches would be half as big as they could be.
        const used = (await sent.wait())?.gasUsed ?? 0n;
        expect(2n * used > batch.gas).to.equal(true);
      });
    }
  });
});
