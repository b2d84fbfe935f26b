import {
  ANYONE,
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
import { describe, it } from "mocha";
import {
  concat,
  getAddress,
  type Hex,
  hashTypedData,
  numberToHex,
  size,
  slice,
  zeroAddress,
  zeroHash,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { neighbours, scene } from "../support/neighbours.ts";
import { compact } from "../support/signatures.ts";
import { slots } from "../support/world.ts";

/** The last bytes of a bulk signature: "bulk". */
const MARK: Hex = "0x62756c6b";
/** How a {@link ContractWallet} answers. */
const RIGHT = 0;

describe("Bulk signatures", () => {
  const get = scene(async () => {
    const before = await neighbours();
    const { world, microgrid, jane } = before;
    const dora = await world.meter(await world.person("Dora"), { microgrid });
    await world.passSlots(96);
    await world.report(jane, slots(0, 96, 1_000n));
    await world.report(dora, slots(0, 8, 1_000n));
    return { ...before, dora };
  });
  const domain = () => marketDomain(get().world.chainId, get().world.addresses.market);
  const dorasKey = () => get().dora.owner.key;
  const doras = (count: number): Order[] =>
    Array.from({ length: count }, () => get().world.order(get().dora));
  const some = () => get().world.order(get().dora);
  const janes = () => get().world.order(get().jane);

  /** Joe takes 10 Wh of the day's first slot. */
  const accept = (order: Order, signature: Hex) => {
    const { world, joe } = get();
    return world.accept(joe.owner, { order, signature }, slots(0, 1, 10n), { microgrid: 2 });
  };
  const filledWh = async ({ maker, nonce }: Order): Promise<bigint> =>
    (await get().world.marketplace.fillOf(maker, nonce)).energy;
  const wasAccepted = async (order: Order, signature: Hex) => {
    const before = await filledWh(order);
    await accept(order, signature);
    expect((await filledWh(order)) - before).to.equal(10n);
  };
  const wasNotSigned = async (order: Order, signature: Hex) => {
    const { marketplace } = get().world;
    await expect(accept(order, signature))
      .to.be.revertedWithCustomError(marketplace, "Orders_BadSignature")
      .withArgs(order.maker, await marketplace.hashOrder(order));
  };

  /** Jane's wallet shows and signs all of these orders. */
  const signNested = (orders: readonly Order[]): Promise<Hex> => {
    const { types, primaryType, message } = bulkTypedData(domain(), orders);
    return get().jane.owner.key.signTypedData({
      domain: domain(),
      types,
      primaryType,
      message: { ...message },
    });
  };
  const signTree = (tree: BulkTree, key = dorasKey()) =>
    key.sign({ hash: bulkDigest(domain(), tree) });

  describe("cover an order at any place of a tree", () => {
    for (let levels = 1; levels <= MOST_BULK_LEVELS; levels++) {
      it(`of ${levels} level${levels === 1 ? "" : "s"}`, async () => {
        const count = 2 ** levels;
        const orders = new Map(
          [0, Math.floor(count / 3), count - 1].map((index) => [index, some()]),
        );
        const leaves = Array.from({ length: count }, (_, index) => {
          const order = orders.get(index);
          return order === undefined ? numberToHex(index, { size: 32 }) : hashOrderStruct(order);
        });
        const tree = bulkTreeOfHashes(leaves, zeroHash);
        const plain = await signTree(tree);
        for (const [index, order] of orders) {
          const signature = bulkSignature(tree, index, plain);
          expect(size(signature)).to.equal(65 + 32 * levels + 6);
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
      const last = orders[2] ?? some();
      const four = bulkTree([...orders, last]);
      const plain = await signTree(bulkTree(orders));
      await accept(last, bulkSignature(four, 2, plain));
      // Five of the ten Wh are left of the one fill.
      await accept(last, bulkSignature(four, 3, plain));
      expect(await filledWh(last)).to.equal(15n);
    });
  });

  describe("of a wallet that shows every order", () => {
    it("are good", async () => {
      const orders = [janes(), janes(), janes()];
      const plain = await signNested(orders);
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
      expect([size(long), size(short)]).to.deep.equal([65 + 38, 64 + 38]);
      await wasAccepted(first, long);
      await wasAccepted(second, short);
    });

    it("and one over a single order needs no tree", async () => {
      const { order, signature } = await get().world.offer(get().jane);
      await wasAccepted(order, signature);
    });

    it("of a delegate, who draws on its allowance", async () => {
      const { world, jane, dora } = get();
      const { euro } = world.addresses;
      const orders = [janes(), janes()];
      const tree = bulkTree(orders);
      const signature = bulkSignature(tree, 1, await signTree(tree));
      const order = orders[1] ?? janes();
      const authorize = (amount: bigint) =>
        world.marketplace
          .connect(jane.owner.signer)
          .authorize(euro, dora.owner.address, amount, 2n ** 40n - 1n);
      await wasNotSigned(order, signature);
      await authorize(5_000n);
      await wasAccepted(order, signature);
      // A sale draws what the energy is worth at the community price: 10 Wh at 200,000.
      const allowance = await world.marketplace.allowanceOf(
        jane.owner.address,
        euro,
        dora.owner.address,
      );
      expect(allowance.amount).to.equal(5_000_000n - 2_000_000n);
      await authorize(0n);
      await wasNotSigned(order, signature);
    });

    it("that a contract wallet stands by", async () => {
      const { world, jane, dora, joe } = get();
      const wallet = await world.ethers.deployContract("ContractWallet");
      await wallet.setUp(dora.owner.address, RIGHT);
      const maker = getAddress(await wallet.getAddress());
      const bids = [0, 1].map(() =>
        world.order(jane, { maker, meter: zeroAddress, side: 1, price: 0n }),
      );
      const tree = bulkTree(bids);
      const [order = bids[0] ?? janes()] = bids;
      const signature = bulkSignature(tree, 0, await signTree(tree));
      const sell = () =>
        world.accept(jane.owner, { order, signature }, slots(0, 1, 10n), { microgrid: 2 });
      await sell();
      expect(await filledWh(order)).to.equal(10n);
      await wallet.setUp(joe.owner.address, RIGHT);
      await expect(sell()).to.be.revertedWithCustomError(world.marketplace, "Orders_BadSignature");
    });
  });

  describe("are refused", () => {
    /** Eight orders, the sixth of which is to be accepted. */
    async function eight() {
      const orders = doras(8);
      const tree = bulkTree(orders);
      const plain = await signTree(tree);
      const order = orders[5] ?? some();
      return { orders, tree, plain, order, good: bulkSignature(tree, 5, plain) };
    }
    const proofAt = (level: number) => 65 + 32 * level;

    it("unless nothing is wrong with them", async () => {
      const { order, good } = await eight();
      await wasAccepted(order, good);
    });

    it("with another index", async () => {
      const { order, good } = await eight();
      for (const index of [0, 1, 2, 3, 4, 6, 7]) {
        await wasNotSigned(
          order,
          concat([slice(good, 0, -6), numberToHex(index, { size: 2 }), MARK]),
        );
      }
    });

    it("with the index and proof of another order", async () => {
      const { order, tree, plain } = await eight();
      for (const index of [0, 4, 7]) await wasNotSigned(order, bulkSignature(tree, index, plain));
    });

    it("with a sibling that is not", async () => {
      const { order, good } = await eight();
      for (let level = 0; level < 3; level++) {
        const [before, after] = [slice(good, 0, proofAt(level)), slice(good, proofAt(level + 1))];
        await wasNotSigned(order, concat([before, zeroHash, after]));
      }
    });

    it("with the siblings in another order", async () => {
      const { order, good } = await eight();
      const siblings = [0, 1, 2].map((level) => slice(good, proofAt(level), proofAt(level + 1)));
      await wasNotSigned(
        order,
        concat([slice(good, 0, 65), ...siblings.reverse(), slice(good, -6)]),
      );
    });

    it("with a sibling too few or too many", async () => {
      const { order, good } = await eight();
      const end = slice(good, -6);
      await wasNotSigned(order, concat([slice(good, 0, proofAt(2)), end]));
      await wasNotSigned(order, concat([slice(good, 0, proofAt(3)), zeroHash, end]));
      await wasNotSigned(order, concat([slice(good, 0, 65), end]));
      await wasNotSigned(order, slice(good, 0, size(good) - 1));
      await wasNotSigned(order, concat([good, zeroHash]));
    });

    it("of a tree of 17 levels", async () => {
      const order = some();
      let [node, proof]: [Hex, Hex[]] = [hashOrderStruct(order), []];
      for (let level = 0; level < 17; level++) {
        proof = [...proof, zeroHash];
        node = bulkTreeOfHashes([node, zeroHash], zeroHash).hashes[1]?.[0] ?? "0x";
      }
      const tree = { hashes: [...new Array<Hex[]>(17).fill([]), [node]], padding: [] };
      const plain = await signTree(tree);
      await wasNotSigned(order, concat([plain, ...proof, "0x0000", MARK]));
    });

    it("of another maker, another chain or another marketplace", async () => {
      const { order, tree } = await eight();
      const bobs = privateKeyToAccount(`0x${"b0".repeat(32)}`);
      await wasNotSigned(order, bulkSignature(tree, 5, await signTree(tree, bobs)));
      for (const other of [
        marketDomain(get().world.chainId + 1, get().world.addresses.market),
        marketDomain(get().world.chainId, get().world.addresses.meters),
      ]) {
        const plain = await dorasKey().sign({ hash: bulkDigest(other, tree) });
        await wasNotSigned(order, bulkSignature(tree, 5, plain));
      }
    });

    it("for an order that is not in the tree, or was altered", async () => {
      const { order, good } = await eight();
      await wasNotSigned({ ...order, price: order.price - 1n }, good);
      await wasNotSigned(some(), good);
    });

    it("when they are over an inner node, as if that were an order", async () => {
      const { order, good, plain, tree } = await eight();
      // The order's parent as a leaf of a tree with one level less: the type names the levels.
      const shallow = concat([
        slice(good, 0, 65),
        slice(good, proofAt(1), proofAt(3)),
        numberToHex(5 >> 1, { size: 2 }),
        MARK,
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
      const single = await dorasKey().signTypedData({
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
    const { world, jane, joe, stranger } = get();
    const offers = [janes(), janes()].map((order) => ({ ...order, settler: ANYONE }));
    const tree = bulkTree(offers);
    const plain = await signNested(offers);
    const bid = await world.limitBid(joe, 200_000n);
    const [first, second] = offers.map((order, index) => ({
      order,
      signature: bulkSignature(tree, index, plain),
    }));
    if (first === undefined || second === undefined) throw new Error("There are two offers.");
    await world.marketplace.connect(jane.owner.signer).cancel([first.order.nonce]);
    const energyWh = slots(0, 1, 10n);
    const sent = world.settle(stranger, [
      { offer: first, bid, energyWh },
      { offer: second, bid, energyWh },
    ]);
    expect(await world.skippedBy(sent)).to.deep.equal(["Orders_IsCancelled"]);
    expect(await filledWh(second.order)).to.equal(10n);
  });
});
