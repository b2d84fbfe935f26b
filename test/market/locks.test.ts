import { FIRST_FIRM_NONCE } from "@wattline/sdk";
import { expect } from "chai";
import { zeroAddress } from "viem";
import { afterADay, scene } from "../support/neighbours.ts";
import { DAY, type Person, START, slots } from "../support/world.ts";

describe("locks", () => {
  const get = scene(afterADay);
  const until = START + 3 * DAY;
  const locked = async (
    holder: Person,
    settler: Person,
    signer: string = zeroAddress,
    end = until,
  ) => {
    const { world } = get();
    await world.marketplace
      .connect(holder.signer)
      .lock(world.addresses.euro, settler.address, signer, end);
  };
  const energyWh = slots(0, 1, 100n);

  it("name a settler, end at most 30 days ahead and are only prolonged", async () => {
    const { world, joe, stranger } = get();
    const refused = (settler: string, end: number) =>
      expect(
        world.marketplace
          .connect(joe.owner.signer)
          .lock(world.addresses.euro, settler, zeroAddress, end),
      ).to.be.revertedWithCustomError(world.marketplace, "Escrow_BadLock");
    await refused(zeroAddress, until);
    await refused(joe.owner.address, until);
    await refused(stranger.address, START);
    await refused(stranger.address, START + 32 * DAY);
    await locked(joe.owner, stranger);
    await refused(stranger.address, until);
    await refused(world.operator.address, until + DAY);
    await locked(joe.owner, stranger, zeroAddress, until + DAY);
    const { setNextBlockTimestamp } = world.networkHelpers.time;
    await setNextBlockTimestamp(until);
    await refused(stranger.address, until + 30 * DAY + 1);
    await setNextBlockTimestamp(until + 1);
    await locked(joe.owner, stranger, zeroAddress, until + 1 + 30 * DAY);
  });

  it("let the money move only in fills that the settler makes", async () => {
    const { world, jane, joe, ann, stranger } = get();
    await locked(joe.owner, stranger);
    const market = world.marketplace;
    const euro = world.addresses.euro;
    await expect(
      market.connect(joe.owner.signer).withdraw(euro, 1n, joe.owner.address),
    ).to.be.revertedWithCustomError(market, "Escrow_Locked");
    const offered = await world.offer(jane);
    await expect(
      world.accept(joe.owner, offered, energyWh, { microgrid: 2 }),
    ).to.be.revertedWithCustomError(market, "Escrow_Locked");
    const match = {
      offer: await world.limitOffer(jane, 0n),
      bid: await world.limitBid(joe, 300_000n),
      energyWh,
    };
    expect(await world.skippedBy(world.settle(ann.owner, [match]))).to.deep.equal([
      "Escrow_Locked",
    ]);
    expect(await world.skippedBy(world.settle(stranger, [match]))).to.deep.equal([]);
    await world.passTo(until);
    await market.connect(joe.owner.signer).withdraw(euro, 1n, joe.owner.address);
  });

  it("make firm orders, which neither cancel nor cancelAll voids", async () => {
    const { world, jane, joe, ann, stranger } = get();
    const market = world.marketplace.connect(joe.owner.signer);
    const firm = { nonce: FIRST_FIRM_NONCE, settler: stranger.address, deadline: until };
    const offer = await world.limitOffer(jane, 0n);
    const bid = await world.limitBid(joe, 300_000n, firm);
    const match = { offer, bid, energyWh };
    expect(await world.skippedBy(world.settle(stranger, [match]))).to.deep.equal(["Orders_NoLock"]);
    await locked(joe.owner, stranger);
    await market.cancelAll(world.addresses.euro);
    await expect(market.cancel([FIRST_FIRM_NONCE])).to.be.revertedWithCustomError(
      market,
      "Orders_Firm",
    );
    expect(await world.skippedBy(world.settle(ann.owner, [match]))).to.deep.equal([
      "Orders_NotSettler",
    ]);
    expect(await world.skippedBy(world.settle(stranger, [match]))).to.deep.equal([]);
    expect(
      await world.marketplace.firmFillOf(
        joe.owner.address,
        world.addresses.euro,
        stranger.address,
        FIRST_FIRM_NONCE,
      ),
    ).to.equal(100n);
    const beyond = await world.limitBid(joe, 300_000n, { ...firm, deadline: until + 1 });
    expect(
      await world.skippedBy(world.settle(stranger, [{ offer, bid: beyond, energyWh }])),
    ).to.deep.equal(["Orders_NoLock"]);
  });

  it("let the key that they name sign firm orders, and nothing else", async () => {
    const { world, jane, joe, ann, stranger } = get();
    await locked(joe.owner, stranger, ann.owner.address);
    const offer = await world.limitOffer(jane, 0n);
    const order = world.order(joe, {
      side: 1,
      price: 300_000n,
      settler: stranger.address,
      nonce: FIRST_FIRM_NONCE + 9n,
      deadline: until,
    });
    const bid = await world.sign(order, ann.owner);
    const soft = await world.sign({ ...order, nonce: 9n }, ann.owner);
    expect(
      await world.skippedBy(
        world.settle(stranger, [
          { offer, bid, energyWh },
          { offer, bid: soft, energyWh },
        ]),
      ),
    ).to.deep.equal(["Orders_BadSignature"]);
  });
});
