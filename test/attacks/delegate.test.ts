import { expect } from "chai";
import { afterADay, scene } from "../support/neighbours.ts";
import { DAY, type MeterOf, START, slots } from "../support/world.ts";

const P = 200_000n;

describe("a delegate", () => {
  const get = scene(() => afterADay([{ price: P, feedIn: 0n }]));
  const there = { microgrid: 2 };
  const authorize = (maker: MeterOf, delegate: MeterOf, amount: bigint) => {
    const { world } = get();
    return world.marketplace
      .connect(maker.owner.signer)
      .authorize(world.addresses.euro, delegate.owner.address, amount, START + 30 * DAY);
  };

  it("is allowed no more than an account can hold", async () => {
    const { world, jane, ann } = get();
    const most = (2n ** 120n - 1n) / 1_000n;
    await authorize(jane, ann, most);
    await expect(authorize(jane, ann, most + 1n))
      .to.be.revertedWithCustomError(world.marketplace, "Orders_BadAllowance")
      .withArgs(most + 1n);
  });

  it("can't give energy away: a sale draws what the energy is worth at the community price", async () => {
    const { world, jane, joe, ann } = get();
    await authorize(jane, ann, 1_000n);
    const gift = await world.sign(world.order(jane, { price: 0n }), ann.owner);
    await expect(
      world.accept(joe.owner, gift, slots(0, 1, 6n), there),
    ).to.be.revertedWithCustomError(world.marketplace, "Orders_AllowanceExceeded");
    await world.accept(joe.owner, gift, slots(0, 1, 5n), there);
    const { amount } = await world.marketplace.allowanceOf(
      jane.owner.address,
      world.addresses.euro,
      ann.owner.address,
    );
    expect(amount).to.equal(0n);
  });

  it("has no allowance drained by a tariff that no rule rests on", async () => {
    const { world, jane, joe, ann } = get();
    const grid = await world.found([
      { price: 20_000n, feedIn: 1_000_000_000n, retail: 2_000_000_000n },
    ]);
    const sells = await world.meter(jane.owner, { microgrid: grid });
    await world.passSlots(200);
    await world.report(sells, slots(192, 1, 1_000n));
    await authorize(jane, ann, 100_000n);
    const posted = await world.sign(world.order(sells, { price: 20_000n }), ann.owner);
    await world.accept(joe.owner, posted, slots(192, 1, 1_000n), { microgrid: grid });
    const { amount } = await world.marketplace.allowanceOf(
      jane.owner.address,
      world.addresses.euro,
      ann.owner.address,
    );
    expect(amount).to.equal(100_000_000n - 20_000_000n);
  });

  it("that is also its contract wallet's owner key does not block the wallet's own orders", async () => {
    const { world, jane, joe } = get();
    const wallet = await world.ethers.deployContract("ContractWallet");
    await wallet.setUp(joe.owner.address, 0);
    const address = await wallet.getAddress();
    const { euro, market } = world.addresses;
    const asWallet = (to: string, data: string) => wallet.execute(to, data);
    await world.euro.mint(address, 10_000_000n);
    await asWallet(euro, world.euro.interface.encodeFunctionData("approve", [market, 10_000_000n]));
    const encode = world.marketplace.interface.encodeFunctionData.bind(world.marketplace.interface);
    await asWallet(market, encode("deposit", [euro, 10_000_000n]));
    await asWallet(market, encode("authorize", [euro, joe.owner.address, 1n, START + 30 * DAY]));
    const order = world.order(joe, { side: 1, price: P, maker: address as `0x${string}` });
    await world.accept(jane.owner, await world.sign(order, joe.owner), slots(0, 1, 100n), there);
    const { amount } = await world.marketplace.allowanceOf(address, euro, joe.owner.address);
    expect(amount).to.equal(1_000n);
  });
});
