import { bulkSignature, bulkTree, ORDER_TYPES } from "@wattline/sdk";
import { expect } from "chai";
import { concat, hashTypedData } from "viem";
import { afterADay, scene } from "../support/neighbours.ts";
import { compact, hex, withHighS } from "../support/signatures.ts";
import { DAY, START, slots } from "../support/world.ts";

describe("signed orders", () => {
  const get = scene(afterADay);
  const energyWh = slots(0, 1, 100n);
  const there = { microgrid: 2 };

  it("hash as the wallet's typed data does", async () => {
    const { world, jane } = get();
    const message = world.order(jane, { bond: 7n, crosses: true, mostAhead: 5 });
    const hash = hashTypedData({
      domain: world.domain,
      types: ORDER_TYPES,
      primaryType: "Order",
      message,
    });
    expect(await world.marketplace.hashOrder(message)).to.equal(hash);
  });

  it("are told by bit when a member has one too many", async () => {
    const { world, jane, joe } = get();
    const { order, signature } = await world.offer(jane);
    const call = world.marketplace.interface.encodeFunctionData("accept", [
      order,
      signature,
      world.take(energyWh, true, there),
    ]);
    const bits = [160, 160, 32, 1, 8, 32, 32, 32, 96, 1, 96, 32, 1, 160, 160, 64, 64, 40];
    for (const [member, bit] of bits.entries()) {
      const from = 10 + member * 64;
      const word = BigInt(`0x${call.slice(from, from + 64)}`) | (1n << BigInt(bit));
      const data =
        call.slice(0, from) + word.toString(16).padStart(64, "0") + call.slice(from + 64);
      await expect(joe.owner.signer.sendTransaction({ to: world.addresses.market, data }))
        .to.be.revertedWithCustomError(world.marketplace, "Orders_StrayBits")
        .withArgs(member);
    }
  });

  it("of up to 2^16 need one bulk signature", async () => {
    const { world, jane, joe } = get();
    const orders = [world.order(jane), world.order(jane, { price: 170_000n })] as const;
    const types = { ...ORDER_TYPES, BulkOrder: [{ name: "tree", type: "Order[2]" }] } as const;
    const plain = await jane.owner.key.signTypedData({
      domain: world.domain,
      types,
      primaryType: "BulkOrder",
      message: { tree: orders },
    });
    const tree = bulkTree(orders);
    for (const index of [0, 1] as const) {
      const signature = bulkSignature(tree, index, plain);
      await world.accept(joe.owner, { order: orders[index], signature }, energyWh, there);
    }
    expect(await world.whOf(joe.owner, 0, 2)).to.equal(200n);
    const marked = { order: orders[0], signature: concat([plain, "0x62756c6b"]) };
    await expect(world.accept(joe.owner, marked, energyWh, there)).to.be.revertedWithCustomError(
      world.marketplace,
      "Orders_BadSignature",
    );
  });

  it("are signed in 65 bytes or 64, and in no form that others can make of it", async () => {
    const { world, jane, joe } = get();
    const { order, signature } = await world.offer(jane);
    for (const other of [withHighS(signature), `${signature}00`, signature.slice(0, -4), "0x"]) {
      await expect(
        world.accept(joe.owner, { order, signature: hex(other) }, energyWh, there),
      ).to.be.revertedWithCustomError(world.marketplace, "Orders_BadSignature");
    }
    await world.accept(joe.owner, { order, signature: compact(signature) }, energyWh, there);
    expect(await world.whOf(joe.owner, 0, 2)).to.equal(100n);
  });

  it("are void once cancelled, or when the counter is raised", async () => {
    const { world, jane, joe } = get();
    const offered = await world.offer(jane);
    await world.marketplace.connect(jane.owner.signer).cancel([offered.order.nonce]);
    await expect(world.accept(joe.owner, offered, energyWh, there))
      .to.be.revertedWithCustomError(world.marketplace, "Deals_NothingLeft")
      .withArgs(0, 0, world.marketplace.interface.getError("Orders_IsCancelled")?.selector);
    const other = await world.offer(jane);
    await world.marketplace.connect(jane.owner.signer).cancelAll(world.addresses.euro);
    await expect(world.accept(joe.owner, other, energyWh, there)).to.be.revertedWithCustomError(
      world.marketplace,
      "Orders_CounterRaised",
    );
  });

  it("of a delegate draw on its allowance, as long as that lasts", async () => {
    const { world, jane, joe, ann } = get();
    const market = world.marketplace;
    const euro = world.addresses.euro;
    const authorize = (amount: bigint, until: number) =>
      market.connect(joe.owner.signer).authorize(euro, ann.owner.address, amount, until);
    await authorize(20_000n, START + 2 * DAY);
    const order = world.order(joe, { side: 1, price: 200_000n });
    const bid = await world.sign(order, ann.owner);
    await expect(
      world.accept(jane.owner, bid, slots(0, 1, 101n), there),
    ).to.be.revertedWithCustomError(market, "Orders_AllowanceExceeded");
    await world.accept(jane.owner, bid, slots(0, 1, 60n), there);
    const left = await market.allowanceOf(joe.owner.address, euro, ann.owner.address);
    expect(left.amount).to.equal(40n * 200_000n);
    await world.passTo(START + 2 * DAY + 1);
    await expect(
      world.accept(jane.owner, bid, slots(0, 1, 1n), there),
    ).to.be.revertedWithCustomError(market, "Orders_BadSignature");
  });
});
