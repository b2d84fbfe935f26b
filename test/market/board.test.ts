import { EMPTY_ORDER, type Order } from "@wattline/sdk";
import { expect } from "chai";
import { network } from "hardhat";
import { after, before, describe, it } from "mocha";

describe("The board", () => {
  let connection: Awaited<ReturnType<typeof network.create>>;

  before(async () => {
    connection = await network.create();
  });
  after(() => connection.close());

  const deploy = () => connection.ethers.deployContract("Board");
  const orders: Order[] = [1, 2].map((microgrid) => ({
    ...EMPTY_ORDER,
    maker: "0x00000000000000000000000000000000000000A1",
    microgrid,
    energy: 1_000,
    price: 170_000n,
    nonce: BigInt(microgrid),
  }));

  it("shows every pinned order with its signature, whatever it is worth", async () => {
    const board = await deploy();
    const sent = await board.pin(orders, ["0x12", "0x"]);
    const receipt = await sent.wait();
    const pinned = (receipt?.logs ?? []).map(
      ({ topics, data }) => board.interface.parseLog({ topics, data })?.args,
    );
    expect(pinned.map((args) => args?.signature)).to.deep.equal(["0x12", "0x"]);
    for (const [i, { maker, ...order }] of orders.entries()) {
      expect(pinned[i]?.maker).to.equal(maker);
      const values = pinned[i]?.order.toArray().map((value: unknown) => value);
      expect(values.map(String)).to.deep.equal([maker, ...Object.values(order)].map(String));
    }
  });

  it("takes neither nothing nor an order without a signature", async () => {
    const board = await deploy();
    await expect(board.pin([], [])).to.be.revertedWithCustomError(board, "Board_NothingPinned");
    await expect(board.pin(orders, ["0x12"]))
      .to.be.revertedWithCustomError(board, "Board_LengthMismatch")
      .withArgs(2, 1);
  });
});
