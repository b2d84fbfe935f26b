import type { Order, SignedOrder } from "@wattline/sdk";
import { expect } from "chai";
import { after, before, beforeEach, describe, it } from "mocha";
import { type Address, getAddress, zeroAddress } from "viem";
import { batchOf, eventsOf } from "../support/batch.ts";
import { BID, createTraders, energyIn, OFFER } from "../support/traders.ts";
import {
  createWorld,
  EURO,
  type MeterOf,
  type Person,
  slots,
  type World,
} from "../support/world.ts";

/** How a {@link ContractWallet} answers. */
const RIGHT = 0;

describe("A delegate", () => {
  let world: World;
  let traders: ReturnType<typeof createTraders>;
  let jane: Person;
  let bob: Person;
  let agent: Person;
  let second: Person;
  let euro: Address;
  let roof: MeterOf;
  let flat: MeterOf;

  before(async () => {
    world = await createWorld();
    traders = createTraders(world);
    [jane, bob, agent, second] = [
      traders.meet("Jane"),
      traders.meet("Bob"),
      traders.meet("the delegate"),
      traders.meet("another agent"),
    ];
    euro = world.addresses.euro;
  });
  after(() => world.close());

  /** Jane has a kilowatt-hour in each of the first eight slots, Bob has 1000 euros. */
  async function street() {
    await world.found();
    const meters = { roof: await world.meter(jane), flat: await world.meter(bob) };
    await world.passSlots(8);
    await world.report(meters.roof, slots(0, 8, 1_000n));
    await world.fund(bob, 1_000n * EURO);
    await world.fund(jane, 1_000n * EURO);
    return meters;
  }
  beforeEach(async () => {
    ({ roof, flat } = await world.networkHelpers.loadFixture(street));
  });

  const authorize = (
    maker: Person,
    allowance: bigint,
    { delegate = agent, currency = euro } = {},
  ) => traders.marketAs(maker).authorize(currency, delegate.address, allowance);
  const leftOf = (maker: Person, { delegate = agent, currency = euro } = {}) =>
    world.marketplace.allowanceOf(maker.address, currency, delegate.address);
  const offer = (overrides: Partial<Order> = {}) =>
    world.order(roof, { side: OFFER, ...overrides });
  const bid = (overrides: Partial<Order> = {}) => world.order(flat, { side: BID, ...overrides });
  /** Somebody takes Wh of the day's first slot of an order that the agent, or another, has signed. */
  const take = (order: Order, wh: bigint, signer = agent) =>
    traders.accept(order.side === OFFER ? bob : jane, order, energyIn({ 0: wh }), { signer });
  const wasRefused = (attempt: Promise<unknown>, error: string) =>
    traders.refusedByMarket(attempt, error);
  const wasNotSigned = async (order: Order, attempt: () => Promise<unknown>) => {
    const hash = await world.marketplace.hashOrder(order);
    await wasRefused(attempt(), "Orders_BadSignature").withArgs(order.maker, hash);
  };

  describe("is authorised", () => {
    it("by its maker, for as much as the maker says, in place of what was before", async () => {
      await expect(authorize(jane, 100n))
        .to.emit(world.marketplace, "Authorized")
        .withArgs(jane.address, euro, agent.address, 100n);
      expect(await leftOf(jane)).to.equal(100n);
      await authorize(jane, 30n);
      expect(await leftOf(jane)).to.equal(30n);
    });

    it("unless it is nobody or the maker", async () => {
      await wasRefused(
        traders.marketAs(jane).authorize(euro, zeroAddress, 1n),
        "Orders_BadDelegate",
      ).withArgs(zeroAddress);
      await wasRefused(
        traders.marketAs(jane).authorize(euro, jane.address, 1n),
        "Orders_BadDelegate",
      ).withArgs(jane.address);
    });

    it("to sign, and without that its signature is none", async () => {
      const order = offer();
      await wasNotSigned(order, () => take(order, 10n));
      await authorize(jane, EURO);
      await take(order, 10n);
      expect(await world.marketplace.fillOf(jane.address, order.nonce)).to.deep.equal([10n, false]);
    });

    it("by one maker and not by another", async () => {
      await authorize(bob, EURO);
      const order = offer();
      await wasNotSigned(order, () => take(order, 10n));
    });

    it("beside others, each with an allowance of its own", async () => {
      await authorize(bob, 5_000n);
      await authorize(bob, 7_000n, { delegate: second });
      await take(bid(), 10n);
      await take(bid(), 20n, second);
      expect(await leftOf(bob)).to.equal(3_000n);
      expect(await leftOf(bob, { delegate: second })).to.equal(3_000n);
    });

    it("in one currency and in no other", async () => {
      const other = getAddress(await (await world.ethers.deployContract("TestEuro")).getAddress());
      await authorize(bob, EURO, { currency: other });
      const order = bid();
      await wasNotSigned(order, () => take(order, 10n));
      await authorize(bob, 2_000n);
      await take(order, 10n);
      expect([await leftOf(bob), await leftOf(bob, { currency: other })]).to.deep.equal([0n, EURO]);
    });
  });

  describe("draws on its allowance", () => {
    it("what a bid costs", async () => {
      await traders.setTariffs({ networkFee: 15_000n });
      await authorize(bob, 10_000n);
      // 200,001 x 7 / 1000, rounded up; the fee is within the bid's price
      await expect(take(bid({ price: 200_001n }), 7n))
        .to.emit(world.marketplace, "Drawn")
        .withArgs(bob.address, euro, agent.address, 1_401n);
      expect(await leftOf(bob)).to.equal(10_000n - 1_401n);
      expect(await traders.moneyOf(bob)).to.equal(1_000n * EURO - 1_400n - 1n);
    });

    it("what an offer costs its buyer", async () => {
      await traders.setTariffs({ networkFee: 15_000n });
      await authorize(jane, 10_000n);
      // (200,001 + 15,000) x 7 / 1000, rounded up
      await expect(take(offer({ price: 200_001n }), 7n))
        .to.emit(world.marketplace, "Drawn")
        .withArgs(jane.address, euro, agent.address, 1_506n);
    });

    it("at least the feed-in tariff for energy that it sells, be it a gift", async () => {
      await authorize(jane, 1_000n);
      // 80,000 x 10 / 1000
      await take(offer({ price: 0n }), 10n);
      expect(await leftOf(jane)).to.equal(200n);
      await wasRefused(take(offer({ price: 0n }), 3n), "Orders_AllowanceExceeded").withArgs(
        jane.address,
        agent.address,
        200n,
        240n,
      );
    });

    it("the bond of a forward offer on top", async () => {
      await authorize(jane, 10_000n);
      const forward = offer({ forward: true, bond: 50_000n, price: 200_000n });
      await traders.reserve(bob, forward, energyIn({ 20: 10n }), { signer: agent });
      expect(await leftOf(jane)).to.equal(10_000n - 2_500n);
      await authorize(jane, 2_499n);
      await wasRefused(
        traders.reserve(bob, forward, energyIn({ 20: 10n }), { signer: agent }),
        "Orders_AllowanceExceeded",
      ).withArgs(jane.address, agent.address, 2_499n, 2_500n);
    });

    it("not the bond that a forward bid demands of its seller", async () => {
      await authorize(bob, 10_000n);
      const forward = bid({ forward: true, bond: 50_000n, price: 200_000n });
      await traders.reserve(jane, forward, energyIn({ 20: 10n }), {
        signer: agent,
        meter: roof.device.address,
      });
      expect(await leftOf(bob)).to.equal(8_000n);
    });

    it("to the last base unit, and no further", async () => {
      await authorize(bob, 2_000n);
      await wasRefused(take(bid(), 11n), "Orders_AllowanceExceeded").withArgs(
        bob.address,
        agent.address,
        2_000n,
        2_200n,
      );
      await take(bid(), 10n);
      expect(await leftOf(bob)).to.equal(0n);
      const order = bid();
      await wasNotSigned(order, () => take(order, 1n));
    });

    it("over all its orders together", async () => {
      await authorize(bob, 3_000n);
      await take(bid(), 10n);
      await wasRefused(take(bid(), 10n), "Orders_AllowanceExceeded").withArgs(
        bob.address,
        agent.address,
        1_000n,
        2_000n,
      );
    });

    it("nothing for what the maker signs", async () => {
      await authorize(bob, 1n);
      await take(bid(), 100n, bob);
      expect(await leftOf(bob)).to.equal(1n);
    });
  });

  describe("may be revoked", () => {
    it("at once, with all that it has signed", async () => {
      await authorize(bob, EURO);
      const order = bid();
      await take(order, 10n);
      await authorize(bob, 0n);
      await wasNotSigned(order, () => take(order, 10n));
      await take(order, 10n, bob);
    });

    it("and authorised again", async () => {
      await authorize(bob, EURO);
      await authorize(bob, 0n);
      await authorize(bob, EURO);
      await take(bid(), 10n);
    });

    it("without the others", async () => {
      await authorize(bob, EURO);
      await authorize(bob, EURO, { delegate: second });
      await authorize(bob, 0n);
      await take(bid(), 10n, second);
    });
  });

  describe("cannot", () => {
    beforeEach(() => authorize(bob, EURO));

    it("take money out", async () => {
      await wasRefused(
        traders.marketAs(agent).withdraw(euro, 1n, agent.address),
        "Escrow_InsufficientBalance",
      ).withArgs(euro, agent.address, 0n, 1n);
    });

    it("cancel the maker's orders, one or all", async () => {
      const order = bid();
      await traders.marketAs(agent).cancel([order.nonce]);
      await traders.marketAs(agent).cancelAll(euro);
      await take(order, 10n);
    });

    it("authorise another, or itself to more", async () => {
      await traders.marketAs(agent).authorize(euro, second.address, EURO);
      const order = bid();
      await wasNotSigned(order, () => take(order, 10n, second));
      expect(await leftOf(bob)).to.equal(EURO);
      expect(await leftOf(bob, { delegate: second })).to.equal(0n);
    });

    it("take more than the allowance by trading with the maker itself", async () => {
      await authorize(jane, 1_600n);
      const gift = offer({ price: 0n });
      const takeGift = (wh: bigint) =>
        traders.accept(agent, gift, energyIn({ 0: wh }), { signer: agent });
      // The feed-in tariff of 80,000 lets 20 Wh go.
      await wasRefused(takeGift(21n), "Orders_AllowanceExceeded");
      await takeGift(20n);
      expect(await traders.energyOf(agent)).to.deep.equal(energyIn({ 0: 20n }));
    });
  });

  describe("in a batch", () => {
    const signed = async (order: Order, signer: Person): Promise<SignedOrder> => ({
      order,
      signature: await world.sign(order, signer),
    });

    it("draws at the bid's limit and at what the offer asks for", async () => {
      await traders.setTariffs({ networkFee: 10_000n });
      await authorize(jane, 10_000n);
      await authorize(bob, 10_000n, { delegate: second });
      const { orders, signatures, matches } = batchOf([
        {
          offer: await signed(offer({ price: 100_001n }), agent),
          bid: await signed(bid({ price: 200_001n }), second),
          energyWh: energyIn({ 0: 7n }),
        },
      ]);
      const sent = await traders.marketAs(world.operator).settle(orders, signatures, matches);
      // (100,001 + 10,000) x 7 / 1000 and 200,001 x 7 / 1000, rounded up
      expect([await leftOf(jane), await leftOf(bob, { delegate: second })]).to.deep.equal([
        10_000n - 771n,
        10_000n - 1_401n,
      ]);
      const drawn = (await eventsOf(world, sent)).filter(({ name }) => name === "Drawn");
      expect(drawn.map(({ args }) => [...args])).to.deep.equal([
        [jane.address, euro, agent.address, 771n],
        [bob.address, euro, second.address, 1_401n],
      ]);
    });

    it("draws at least the feed-in tariff for energy that it sells", async () => {
      await authorize(jane, 1_000n);
      const { orders, signatures, matches } = batchOf([
        {
          offer: await signed(offer({ price: 0n }), agent),
          bid: await signed(bid({ price: 0n }), bob),
          energyWh: energyIn({ 0: 10n }),
        },
      ]);
      await traders.marketAs(world.operator).settle(orders, signatures, matches);
      expect(await leftOf(jane)).to.equal(200n);
    });
  });

  describe("of a contract wallet", () => {
    /** A wallet of Bob's with money and a meter. */
    async function walletOnTheStreet() {
      const contract = await world.ethers.deployContract("ContractWallet");
      await contract.setUp(bob.address, RIGHT);
      const address = getAddress(await contract.getAddress());
      await world.euro.mint(address, EURO);
      const { interface: token } = world.euro;
      const { interface: market } = world.marketplace;
      await contract.execute(
        euro,
        token.encodeFunctionData("approve", [world.addresses.market, EURO]),
      );
      const inMarket = (data: string) => contract.execute(world.addresses.market, data);
      await inMarket(market.encodeFunctionData("deposit", [euro, EURO]));
      const meter = await world.meter({ name: "wallet", address, signer: bob.signer });
      const authorizeAgent = (allowance: bigint) =>
        inMarket(market.encodeFunctionData("authorize", [euro, agent.address, allowance]));
      return { address, meter, authorizeAgent };
    }
    let wallet: Awaited<ReturnType<typeof walletOnTheStreet>>;
    beforeEach(async () => {
      wallet = await world.networkHelpers.loadFixture(walletOnTheStreet);
    });
    const left = () => world.marketplace.allowanceOf(wallet.address, euro, agent.address);

    it("signs within its allowance, beside the wallet itself", async () => {
      const order = world.order(wallet.meter, { side: BID });
      await wasNotSigned(order, () => take(order, 10n));
      await wallet.authorizeAgent(2_000n);
      await take(order, 4n);
      expect(await left()).to.equal(1_200n);
      await take(order, 100n, bob);
      expect(await left()).to.equal(1_200n);
      await wasRefused(take(order, 7n), "Orders_AllowanceExceeded");
    });

    it("is revoked at once", async () => {
      await wallet.authorizeAgent(2_000n);
      await wallet.authorizeAgent(0n);
      const order = world.order(wallet.meter, { side: BID });
      await wasNotSigned(order, () => take(order, 1n));
    });
  });
});
