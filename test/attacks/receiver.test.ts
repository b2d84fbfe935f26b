import { expect } from "chai";
import { afterADay, scene } from "../support/neighbours.ts";
import { ANYONE, slots } from "../support/world.ts";

describe("who is to receive, or to be asked", () => {
  const get = scene(() => afterADay());

  it("sinks no batch as a wallet that burns gas or reverts, and is asked once", async () => {
    const { world, jane, joe, stranger } = get();
    const energyWh = slots(0, 1, 100n);
    for (const answer of [1, 2, 3]) {
      const wallet = await world.ethers.deployContract("ContractWallet");
      await wallet.setUp(joe.owner.address, answer);
      const maker = (await wallet.getAddress()) as `0x${string}`;
      // As long as a bulk signature, with its mark.
      const { order, signature } = await world.sign(
        world.order(joe, { side: 1, price: 300_000n, settler: ANYONE, maker }),
        joe.owner,
      );
      const bulk = { order, signature: `${signature}${"00".repeat(34)}62756c6b` as const };
      const offer = await world.limitOffer(jane, 0n);
      const good = await world.limitBid(joe, 300_000n);
      const sent = await world.settle(stranger, [
        { offer, bid: bulk, energyWh },
        { offer, bid: good, energyWh },
      ]);
      expect(await world.skippedBy(sent)).to.deep.equal(["Orders_BadSignature"]);
      expect((await sent.wait())?.gasUsed).to.be.below(700_000n);
    }
    expect(await world.whOf(joe.owner, 0, 2)).to.equal(300n);
  });

  it("gets energy as a contract without a receiver's function, too", async () => {
    const { world, jane, joe } = get();
    const wallet = await world.ethers.deployContract("ContractWallet");
    await wallet.setUp(joe.owner.address, 0);
    const { euro, market } = world.addresses;
    await world.euro.mint(await wallet.getAddress(), 1_000_000n);
    const encode = world.marketplace.interface.encodeFunctionData.bind(world.marketplace.interface);
    await wallet.execute(
      euro,
      world.euro.interface.encodeFunctionData("approve", [market, 1_000_000n]),
    );
    await wallet.execute(market, encode("deposit", [euro, 1_000_000n]));
    const { order, signature } = await world.offer(jane, { price: 100_000n });
    const take = world.take(slots(0, 1, 10n), true, { microgrid: 2 });
    await wallet.execute(market, encode("accept", [order, signature, take]));
    expect(
      await world.whOf(
        { ...joe.owner, address: (await wallet.getAddress()) as `0x${string}` },
        0,
        2,
      ),
    ).to.equal(10n);
  });
});
