import {
  type BulkTree,
  bulkDigest,
  bulkSignature,
  bulkTree,
  bulkTreeOfHashes,
  bulkTypedData,
  hashOrderStruct,
  MOST_BULK_LEVELS,
  marketDomain,
  ORDER_TYPES,
  type Order,
} from "@wattline/sdk";
import { expect } from "chai";
import { TypedDataEncoder } from "ethers";
import { after, before, beforeEach, describe, it } from "mocha";
import { concat, type Hex, hashTypedData, numberToHex, size, slice, zeroHash } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { batchOf, eventsOf } from "../support/batch.ts";
import { compact, hex } from "../support/signatures.ts";
import { BID, createTraders, energyIn } from "../support/traders.ts";
import {
  createWorld,
  EURO,
  type MeterOf,
  type Person,
  slots,
  type World,
} from "../support/world.ts";

/** Dora's key signs a digest directly, as an agent's does. */
const DORAS_KEY = privateKeyToAccount(`0x${"d0".repeat(32)}`);
/** How a {@link ContractWallet} answers. */
const RIGHT = 0;

describe("Bulk signatures", () => {
  let world: World;
  let traders: ReturnType<typeof createTraders>;
  let jane: Person;
  let bob: Person;
  let dora: Person;
  let roof: MeterOf;
  let barn: MeterOf;
  let flat: MeterOf;

  before(async () => {
    world = await createWorld();
    traders = createTraders(world);
    [jane, bob] = [traders.meet("Jane"), traders.meet("Bob")];
    dora = { name: "Dora", address: DORAS_KEY.address, signer: jane.signer };
  });
  after(() => world.close());

  /** Jane and Dora have a kilowatt-hour in each of the first eight slots, Bob has 1000 euros. */
  async function street() {
    await world.found();
    const meters = {
      roof: await world.meter(jane),
      barn: await world.meter(dora),
      flat: await world.meter(bob),
    };
    await world.passSlots(8);
    await world.report(meters.roof, slots(0, 8, 1_000n));
    await world.report(meters.barn, slots(0, 8, 1_000n));
    await world.fund(bob, 1_000n * EURO);
    return meters;
  }
  beforeEach(async () => {
    ({ roof, barn, flat } = await world.networkHelpers.loadFixture(street));
  });

  const domain = () => marketDomain(world.chainId, world.addresses.market);
  const doras = (count: number): Order[] => Array.from({ length: count }, () => world.order(barn));

  /** Bob takes 10 Wh of the day's first slot. */
  const accept = (order: Order, signature: Hex) =>
    traders.marketAs(bob).accept(order, signature, world.take(energyIn({ 0: 10n })));
  const wasAccepted = async (order: Order, signature: Hex) => {
    const before = (await world.marketplace.fillOf(order.maker, order.nonce)).energy;
    await accept(order, signature);
    const after = (await world.marketplace.fillOf(order.maker, order.nonce)).energy;
    expect(after - before).to.equal(10n);
  };
  const wasNotSigned = async (order: Order, signature: Hex) => {
    const hash = await world.marketplace.hashOrder(order);
    await traders
      .refusedByMarket(accept(order, signature), "Orders_BadSignature")
      .withArgs(order.maker, hash);
  };

  const signTree = (tree: BulkTree, key = DORAS_KEY) =>
    key.sign({ hash: bulkDigest(domain(), tree) });

  describe("cover an order at any place of a tree", () => {
    for (let levels = 1; levels <= MOST_BULK_LEVELS; levels++) {
      it(`of ${levels} level${levels === 1 ? "" : "s"}`, async () => {
        const count = 2 ** levels;
        const orders = new Map(
          [0, Math.floor(count / 3), count - 1].map((index) => [index, world.order(barn)]),
        );
        const leaves = Array.from({ length: count }, (_, index) => {
          const order = orders.get(index);
          return order === undefined ? numberToHex(index, { size: 32 }) : hashOrderStruct(order);
        });
        const tree = bulkTreeOfHashes(leaves, zeroHash);
        const plain = await signTree(tree);
        for (const [index, order] of orders) {
          const signature = bulkSignature(tree, index, plain);
          expect(size(signature)).to.equal(65 + 2 + 32 * levels);
          await wasAccepted(order, signature);
        }
      });
    }

    it("every one of five orders, in a tree padded either way", async () => {
      for (const padding of ["last", "empty"] as const) {
        const orders = doras(5);
        const tree = bulkTree(orders, padding);
        const plain = await signTree(tree);
        for (const [index, order] of orders.entries()) {
          await wasAccepted(order, bulkSignature(tree, index, plain));
        }
      }
    });

    it("twice over where padding repeats the last, whose fill is one", async () => {
      const orders = doras(3).map((order) => ({ ...order, energy: 15 }));
      const last = orders[2] ?? world.order(barn);
      const four = bulkTree([...orders, last]);
      const plain = await signTree(bulkTree(orders));
      await accept(last, bulkSignature(four, 2, plain));
      await traders.refusedByMarket(
        accept(last, bulkSignature(four, 3, plain)),
        "Orders_Overfilled",
      );
    });
  });

  describe("of a wallet that shows every order", () => {
    it("are good", async () => {
      const orders = [world.order(roof), world.order(roof), world.order(roof)];
      const { types, message } = bulkTypedData(domain(), orders);
      const plain = hex(await jane.signer.signTypedData(domain(), { ...types }, { ...message }));
      const tree = bulkTree(orders);
      for (const [index, order] of orders.entries()) {
        await wasAccepted(order, bulkSignature(tree, index, plain));
      }
    });

    it("are over what viem and ethers hash", () => {
      for (const count of [2, 3, 8]) {
        const orders = doras(count);
        const typedData = bulkTypedData(domain(), orders);
        const digest = bulkDigest(domain(), bulkTree(orders));
        expect(hashTypedData(typedData)).to.equal(digest);
        const { types, message } = typedData;
        expect(TypedDataEncoder.hash(domain(), { ...types }, { ...message })).to.equal(digest);
      }
    });
  });

  describe("hold a plain signature", () => {
    it("of 65 bytes or of 64", async () => {
      const orders = doras(2);
      const [first, second] = orders;
      if (first === undefined || second === undefined) throw new Error("Two orders, please.");
      const tree = bulkTree(orders);
      const plain = await signTree(tree);
      const [long, short] = [bulkSignature(tree, 0, plain), bulkSignature(tree, 1, compact(plain))];
      expect([size(long), size(short)]).to.deep.equal([65 + 34, 64 + 34]);
      await wasAccepted(first, long);
      await wasAccepted(second, short);
    });

    it("and one over a single order needs no tree", async () => {
      const order = world.order(roof);
      await wasAccepted(order, await world.sign(order, jane));
    });

    it("of a delegate, who draws on its allowance", async () => {
      const orders = [world.order(roof), world.order(roof)];
      const tree = bulkTree(orders);
      const signature = bulkSignature(tree, 1, await signTree(tree));
      const order = orders[1] ?? world.order(roof);
      const authorize = (allowance: bigint) =>
        traders.marketAs(jane).authorize(world.addresses.euro, DORAS_KEY.address, allowance);
      await wasNotSigned(order, signature);
      await authorize(5_000n);
      await wasAccepted(order, signature);
      expect(
        await world.marketplace.allowanceOf(jane.address, world.addresses.euro, DORAS_KEY.address),
      ).to.equal(3_000n);
      await authorize(0n);
      await wasNotSigned(order, signature);
    });

    it("that a contract wallet stands by", async () => {
      const wallet = await world.ethers.deployContract("ContractWallet");
      await wallet.setUp(DORAS_KEY.address, RIGHT);
      const maker = hex(await wallet.getAddress());
      await world.meters.connect(jane.signer).handOverMeter(roof.device.address, maker);
      const orders = [0, 1].map(() => world.order(roof, { maker, price: 0n }));
      // The wallet has no energy: what it signs is held against its signature before that.
      const [order] = orders;
      if (order === undefined) throw new Error("Two orders, please.");
      const tree = bulkTree(orders);
      await expect(
        accept(order, bulkSignature(tree, 0, await signTree(tree))),
      ).to.be.revertedWithCustomError(world.energy, "ERC1155InsufficientBalance");
      await wallet.setUp(bob.address, RIGHT);
      await wasNotSigned(order, bulkSignature(tree, 0, await signTree(tree)));
    });
  });

  describe("are refused", () => {
    /** Eight orders, the sixth of which is to be accepted. */
    async function eight() {
      const orders = doras(8);
      const tree = bulkTree(orders);
      const plain = await signTree(tree);
      const order = orders[5] ?? world.order(barn);
      return { orders, tree, plain, order, good: bulkSignature(tree, 5, plain) };
    }
    const proofAt = (level: number) => 65 + 2 + 32 * level;

    it("unless nothing is wrong with them", async () => {
      const { order, good } = await eight();
      await wasAccepted(order, good);
    });

    it("with another index", async () => {
      const { order, good } = await eight();
      for (const index of [0, 1, 2, 3, 4, 6, 7]) {
        const other = numberToHex(index, { size: 2 });
        await wasNotSigned(order, concat([slice(good, 0, 65), other, slice(good, 67)]));
      }
    });

    it("with the index and proof of another order", async () => {
      const { order, tree, plain } = await eight();
      for (const index of [0, 4, 7]) await wasNotSigned(order, bulkSignature(tree, index, plain));
    });

    it("with a sibling that is not", async () => {
      const { order, good } = await eight();
      for (let level = 0; level < 3; level++) {
        const [before, after] = [slice(good, 0, proofAt(level)), proofAt(level + 1)];
        const rest = after < size(good) ? slice(good, after) : "0x";
        await wasNotSigned(order, concat([before, zeroHash, rest]));
      }
    });

    it("with the siblings in another order", async () => {
      const { order, good } = await eight();
      const siblings = [0, 1, 2].map((level) => slice(good, proofAt(level), proofAt(level + 1)));
      await wasNotSigned(order, concat([slice(good, 0, 67), ...siblings.reverse()]));
    });

    it("with a sibling too few or too many", async () => {
      const { order, good } = await eight();
      await wasNotSigned(order, slice(good, 0, proofAt(2)));
      await wasNotSigned(order, concat([good, zeroHash]));
      await wasNotSigned(order, slice(good, 0, 67));
      await wasNotSigned(order, slice(good, 0, size(good) - 1));
    });

    it("of a tree of 17 levels", async () => {
      const order = world.order(barn);
      let [node, proof]: [Hex, Hex[]] = [hashOrderStruct(order), []];
      for (let level = 0; level < 17; level++) {
        proof = [...proof, zeroHash];
        node = bulkTreeOfHashes([node, zeroHash], zeroHash).hashes[1]?.[0] ?? "0x";
      }
      const tree = { hashes: [...new Array<Hex[]>(17).fill([]), [node]], padding: [] };
      const plain = await signTree(tree);
      await wasNotSigned(order, concat([plain, "0x0000", ...proof]));
    });

    it("of another maker, another chain or another marketplace", async () => {
      const { order, tree } = await eight();
      const bobs = privateKeyToAccount(`0x${"b0".repeat(32)}`);
      await wasNotSigned(order, bulkSignature(tree, 5, await signTree(tree, bobs)));
      for (const other of [
        marketDomain(world.chainId + 1, world.addresses.market),
        marketDomain(world.chainId, world.addresses.meters),
      ]) {
        const plain = await DORAS_KEY.sign({ hash: bulkDigest(other, tree) });
        await wasNotSigned(order, bulkSignature(tree, 5, plain));
      }
    });

    it("for an order that is not in the tree, or was altered", async () => {
      const { order, good } = await eight();
      await wasNotSigned({ ...order, price: order.price - 1n }, good);
      await wasNotSigned(world.order(barn), good);
    });

    it("when they are over an inner node, as if that were an order", async () => {
      const { order, good, plain, tree } = await eight();
      // The order's parent as a leaf of a tree with one level less: the type names the levels.
      const shallow = concat([
        slice(good, 0, 65),
        numberToHex(5 >> 1, { size: 2 }),
        slice(good, proofAt(1)),
      ]);
      await wasNotSigned(order, shallow);
      // The order as if it were an inner node of a higher tree.
      const inner = tree.hashes[1] ?? [];
      const higher = bulkTreeOfHashes([hashOrderStruct(order), ...inner.slice(1)], zeroHash);
      await wasNotSigned(order, bulkSignature(higher, 0, plain));
    });

    it("when the tree's signature is given for one order, or an order's for the tree", async () => {
      const { order, plain, tree } = await eight();
      await wasNotSigned(order, plain);
      const single = await DORAS_KEY.signTypedData({
        domain: domain(),
        types: ORDER_TYPES,
        primaryType: "Order",
        message: order,
      });
      await wasNotSigned(order, bulkSignature(tree, 5, single));
      await wasAccepted(order, single);
    });
  });

  it("settle in a batch, the cancelled order alone left out", async () => {
    const offers = [world.order(roof, { price: 100n }), world.order(roof, { price: 100n })];
    const { types, message } = bulkTypedData(domain(), offers);
    const plain = hex(await jane.signer.signTypedData(domain(), { ...types }, { ...message }));
    const tree = bulkTree(offers);
    const order = world.order(flat, { side: BID, price: 200n });
    const bid = { order, signature: await world.sign(order, bob) };
    const [first, second] = offers.map((offer, index) => ({
      order: offer,
      signature: bulkSignature(tree, index, plain),
    }));
    if (first === undefined || second === undefined) throw new Error("Two offers, please.");
    await traders.marketAs(jane).cancel([first.order.nonce]);
    const { orders, signatures, matches } = batchOf([
      { offer: first, bid, energyWh: energyIn({ 0: 10n }) },
      { offer: second, bid, energyWh: energyIn({ 0: 10n }) },
    ]);
    const sent = await traders.marketAs(bob).settle(orders, signatures, matches);
    expect((await eventsOf(world, sent)).map(({ name }) => name)).to.deep.equal([
      "Skipped",
      "Matched",
      "Cleared",
    ]);
    expect(await world.marketplace.fillOf(jane.address, second.order.nonce)).to.deep.equal([
      10n,
      false,
    ]);
  });
});
