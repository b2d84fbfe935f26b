import { ORDER_TYPES, type Order } from "@wattline/sdk";
import { expect } from "chai";
import {
  concat,
  type Hex,
  hashStruct,
  keccak256,
  parseSignature,
  serializeCompactSignature,
  serializeSignature,
  signatureToCompactSignature,
  stringToHex,
  toHex,
} from "viem";
import { withBit } from "../support/calldata.ts";
import { afterADay, neighbours, scene } from "../support/neighbours.ts";
import { slots } from "../support/world.ts";

/** The order of secp256k1: s and its negative sign the same. */
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe("a taker", () => {
  const get = scene(() => afterADay([{ price: 200_000n, fee: 10_000n }]));
  const there = { microgrid: 2 };

  it("can't have an order filled whose words are not what was signed", async () => {
    const { world, jane, joe } = get();
    const { order, signature } = await world.offer(jane);
    const words = world.marketplace.interface.encodeFunctionData("accept", [
      order,
      signature,
      world.take(slots(0, 1, 10n), true, there),
    ]);
    for (const [member, bit] of [
      [13, 255],
      [8, 100],
    ] as const) {
      const at = 10 + member * 64;
      const stray = BigInt(`0x${words.slice(at, at + 64)}`) | (1n << BigInt(bit));
      const data = words.slice(0, at) + stray.toString(16).padStart(64, "0") + words.slice(at + 64);
      await expect(joe.owner.signer.sendTransaction({ to: world.addresses.market, data }))
        .to.be.revertedWithCustomError(world.marketplace, "Orders_StrayBits")
        .withArgs(member);
    }
  });

  it("can't take a limit for a price and resell at the community price", async () => {
    const { world, jane, joe } = get();
    const ask = await world.limitOffer(jane, 80_000n);
    await expect(
      world.accept(joe.owner, ask, slots(0, 1, 10n), there),
    ).to.be.revertedWithCustomError(world.marketplace, "Orders_NotSettler");
  });

  it("gains nothing by taking in small parts, from a price or from a fee", async () => {
    const { world, jane, joe } = get();
    // 200 fills of 1 Wh at 200,001 cost what one of 200 Wh does, and pay the same fee.
    const offered = await world.offer(jane, { price: 200_001n });
    const before = await world.moneyOf(joe.owner);
    for (let i = 0; i < 200; i++) await world.accept(joe.owner, offered, slots(0, 1, 1n), there);
    expect(before - (await world.moneyOf(joe.owner))).to.equal(200n * 210_001n);
    expect(await world.moneyOf(world.dso)).to.equal(200n * 10_000n);
  });

  it("gains nothing on a line by sending little at a time", async () => {
    const { world, jane, joe } = get();
    const far = await world.found();
    await world.join(2, far, { lossBps: 500, capacity: 10_000, wheelingUp: 0n, wheelingDown: 0n });
    const offered = await world.offer(jane, { crosses: true });
    for (let i = 0; i < 52; i++) {
      await world.accept(joe.owner, offered, slots(0, 1, 19n), { microgrid: far });
    }
    // 988 Wh lose 49.4, rounded up once.
    expect(await world.whOf(joe.owner, 0, far)).to.equal(938n);
  });

  it("loses on a line in every slot, however little a slot sends", async () => {
    const { world, jane, joe } = get();
    const far = await world.found();
    await world.join(2, far, { lossBps: 300, capacity: 10_000, wheelingUp: 0n, wheelingDown: 0n });
    const offered = await world.offer(jane, { crosses: true });
    const sends = () => world.accept(joe.owner, offered, slots(0, 96, 33n), { microgrid: far });
    const arrived = async () => {
      const all = Array.from({ length: 96 }, (_, number) => world.whOf(joe.owner, number, far));
      return (await Promise.all(all)).reduce((a, b) => a + b);
    };
    // 33 Wh lose 0.99, 66 lose 1.98: rounded up by slot.
    await sends();
    expect(await arrived()).to.equal(96n * 32n);
    await sends();
    expect(await arrived()).to.equal(96n * 64n);
  });

  it("can't have a take read as another than it is: a stray bit in any word of it is refused", async () => {
    const { world, jane, joe } = get();
    const { order, signature } = await world.offer(jane);
    const take = world.take(slots(0, 1, 10n), true, there);
    const data = world.marketplace.interface.encodeFunctionData("accept", [order, signature, take]);
    // Eighteen words of the order, then the places of signature and take.
    const at = 4 + Number(BigInt(`0x${data.slice(2 + 8 + 19 * 64).slice(0, 64)}`));
    for (const word of [0, 1, 2, 3, 4, 5, 7, 9]) {
      const stray = withBit(data, at + 32 * word, 255n);
      await expect(
        joe.owner.signer.sendTransaction({ to: world.addresses.market, data: stray }),
        `word ${word}`,
      ).to.revert(world.ethers);
    }
    await joe.owner.signer.sendTransaction({ to: world.addresses.market, data });
    expect(await world.whOf(joe.owner, 0, 2)).to.equal(10n);
  });

  it("gets no more of an order by another form of its signature", async () => {
    const { world, jane, joe } = get();
    const { order, signature } = await world.offer(jane, { energy: 100 });
    const { r, s, yParity } = parseSignature(signature);
    const other = toHex(CURVE_ORDER - BigInt(s), { size: 32 });
    const high = serializeSignature({ r, s: other, yParity: 1 - yParity });
    const compact = serializeCompactSignature(signatureToCompactSignature({ r, s, yParity }));
    const by = (form: Hex) =>
      world.accept(joe.owner, { order, signature: form }, slots(0, 1, 60n), there);
    for (const form of [high, concat([signature, "0x00"]), signature.slice(0, -4) as Hex]) {
      await expect(by(form)).to.be.revertedWithCustomError(
        world.marketplace,
        "Orders_BadSignature",
      );
    }
    await by(signature);
    await by(compact);
    await expect(by(compact)).to.be.revertedWithCustomError(world.marketplace, "Deals_NothingLeft");
    expect(await world.whOf(joe.owner, 0, 2)).to.equal(100n);
  });

  it("gets no more of an order by its places in a bulk signature, nor by places beyond it", async () => {
    const { world, jane, joe } = get();
    const twice = world.order(jane, { energy: 100 });
    const [dear, last] = [world.order(jane, { price: 199_000n }), world.order(jane)];
    const types = { ...ORDER_TYPES, BulkOrder: [{ name: "tree", type: "Order[2][2]" }] } as const;
    const plain = await jane.owner.key.signTypedData({
      domain: world.domain,
      types,
      primaryType: "BulkOrder",
      message: {
        tree: [
          [twice, twice],
          [dear, last],
        ],
      },
    });
    const leaf = (data: Order) => hashStruct({ data, types, primaryType: "Order" });
    const pair = (a: Hex, b: Hex) => keccak256(concat([a, b]));
    const right = pair(leaf(dear), leaf(last));
    const proof = [leaf(twice), right];
    const by = (order: Order, path: readonly Hex[], index: number) =>
      world.accept(
        joe.owner,
        {
          order,
          signature: concat([plain, ...path, toHex(index, { size: 2 }), stringToHex("bulk")]),
        },
        slots(0, 1, 40n),
        there,
      );
    const refused = async (order: Order, path: readonly Hex[], index: number) =>
      expect(by(order, path, index)).to.be.revertedWithCustomError(
        world.marketplace,
        "Orders_BadSignature",
      );
    // Too short, too long, in a wrong place, another order's.
    await refused(twice, proof.slice(0, 1), 0);
    await refused(
      twice,
      Array.from({ length: 17 }, () => right),
      0,
    );
    await refused(twice, proof, 2);
    await refused(dear, proof, 0);
    await refused(world.order(jane), proof, 0);
    for (const index of [0, 1, 0xfffd]) await by(twice, proof, index);
    expect(await world.whOf(joe.owner, 0, 2)).to.equal(100n);
    await by(dear, [leaf(last), pair(leaf(twice), leaf(twice))], 2);
    expect(await world.whOf(joe.owner, 0, 2)).to.equal(140n);
  });

  it("of the first Wh does not keep others from the rest", async () => {
    const { world, jane, joe, stranger } = get();
    const offer = await world.limitOffer(jane, 0n, { energy: 1_000 });
    const dust = await world.bid(joe, { price: 300_000n });
    const bid = await world.limitBid(joe, 300_000n, { energy: 1_000 });
    await world.settle(stranger, [{ offer, bid: dust, energyWh: slots(0, 1, 1n) }]);
    expect(
      await world.skippedBy(
        world.settle(stranger, [{ offer, bid, energyWh: slots(0, 1, 1_000n) }]),
      ),
    ).to.deep.equal([]);
    expect(await world.whOf(joe.owner, 0, 2)).to.equal(1_000n);
  });

  it("without a meter, or with a meter of somebody else, buys nothing of an islanded slot", async () => {
    const { world, jane, joe, ann } = get();
    await world.microgrids.connect(world.operator.signer).setIslanded(2, true);
    await world.passSlots(104);
    await world.report(jane, slots(97, 2, 1_000n));
    const offered = await world.offer(jane, { lastSlot: 2 ** 32 - 1 });
    const rationed = world.marketplace.interface.getError("Deals_Rationed")?.selector;
    for (const meter of [undefined, ann.device.address]) {
      await expect(
        world.accept(joe.owner, offered, slots(97, 1, 10n), {
          ...there,
          ...(meter === undefined ? {} : { meter }),
        }),
      )
        .to.be.revertedWithCustomError(world.marketplace, "Deals_NothingLeft")
        .withArgs(0, 0, rationed);
    }
    await world.accept(joe.owner, offered, slots(97, 1, 400n), {
      ...there,
      meter: joe.device.address,
    });
    expect(await world.whOf(joe.owner, 97, 2)).to.equal(250n);
  });
});

describe("a taker of forwards", () => {
  const get = scene(neighbours);

  it("can't fill a line with what is never delivered: it is free again, and has cost the wheeling charge", async () => {
    const { world, jane, joe } = get();
    const far = await world.found();
    await world.join(2, far, {
      lossBps: 0,
      capacity: 1_000,
      wheelingUp: 5_000n,
      wheelingDown: 0n,
    });
    const offered = await world.offer(jane, { forward: true, price: 0n, crosses: true });
    const [position] = await world.positionsOf(
      world.reserve(joe.owner, offered, slots(8, 80, 1_000n), { microgrid: far }),
    );
    if (position === undefined) throw new Error("Nothing was reserved.");
    await world.passSlots(96);
    await world.report(jane, slots(8, 80, 0n));
    await world.marketplace
      .connect(joe.owner.signer)
      .release([{ position, blocks: 2n ** 10n - 1n }]);
    for (let block = 0; block < 10; block++) {
      expect(await world.marketplace.flowOf(2, far, Number(position.firstBlock) + block)).to.equal(
        0n,
      );
    }
    expect(await world.moneyOf(world.dso)).to.equal(80_000n * 5_000n);
  });

  it("loses no whole Wh, and no bond, to rounding", async () => {
    const { world, jane, joe } = get();
    const offered = await world.offer(jane, { forward: true, price: 100_000n, bond: 20_000n });
    const before = await world.moneyOf(jane.owner);
    const positions = [];
    for (let i = 0; i < 10; i++) {
      const sent = await world.reserve(joe.owner, offered, slots(8, 1, 1n), { microgrid: 2 });
      positions.push(...(await world.positionsOf(sent)));
    }
    await world.passSlots(96);
    await world.report(jane, slots(8, 1, 9n));
    await world.marketplace
      .connect(joe.owner.signer)
      .release(positions.map((position) => ({ position, blocks: 1n })));
    expect(await world.whOf(joe.owner, 8, 2)).to.equal(9n);
    expect((await world.moneyOf(jane.owner)) - before).to.equal(9n * 100_000n - 20_000n);
  });

  it("can't use up a ration with what is never delivered: it is given back, once", async () => {
    const { world, jane, joe, ann } = get();
    await world.microgrids.connect(world.operator.signer).setIslanded(2, true);
    const forward = { forward: true, price: 0n };
    const meter = joe.device.address;
    const promised = async (first: number) => {
      const [position] = await world.positionsOf(
        world.reserve(joe.owner, await world.offer(jane, forward), slots(first, 4, 20_000n), {
          microgrid: 2,
          meter,
        }),
      );
      if (position === undefined) throw new Error("Nothing was reserved.");
      return position;
    };
    // Of 16 kWh a slot the ration is 250 Wh.
    const positions = [await promised(8), await promised(12)];
    await expect(promised(8)).to.be.revertedWithCustomError(world.marketplace, "Deals_NothingLeft");
    const block = Number(positions[0]?.firstBlock);
    expect(await world.marketplace.rationedOf(meter, block)).to.equal(everyLane(250n));
    await world.passSlots(96);
    await world.report(jane, slots(8, 8, 0n));
    const both = [...positions, ...positions].map((position) => ({ position, blocks: 1n }));
    await world.marketplace.connect(ann.owner.signer).release(both);
    expect(await world.marketplace.rationedOf(meter, block)).to.equal(0n);
  });
});

const everyLane = (wh: bigint): bigint =>
  Array.from({ length: 8 }, (_, lane) => wh << BigInt(32 * lane)).reduce((a, b) => a | b);
