import { expect } from "chai";
import { describe, it } from "mocha";
import {
  concat,
  type Hex,
  hashTypedData,
  keccak256,
  numberToHex,
  recoverTypedDataAddress,
  size,
  slice,
  toHex,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import {
  type BulkPadding,
  bulkDigest,
  bulkProof,
  bulkRoot,
  bulkSignature,
  bulkTree,
  bulkTreeOfHashes,
  bulkTypedData,
  EMPTY_ORDER,
  hashOrderStruct,
} from "../src/bulk.ts";
import { marketDomain, type Order } from "../src/typedData.ts";

const JANE = privateKeyToAccount(keccak256(toHex("Jane")));
const DOMAIN = marketDomain(31_337, "0x00000000000000000000000000000000000000aa");

const orders = (count: number): Order[] =>
  Array.from({ length: count }, (_, i) => ({
    ...EMPTY_ORDER,
    maker: JANE.address,
    microgrid: 1,
    sources: 1,
    firstSlot: 100 + i,
    lastSlot: 100 + i,
    energy: 1_000,
    price: 200_000n + BigInt(i),
    nonce: BigInt(i),
    deadline: 2_000_000_000,
  }));

const hashes = (count: number): Hex[] =>
  Array.from({ length: count }, (_, i) => keccak256(numberToHex(i, { size: 32 })));

/** The root to which an order's hash and its proof lead, as the contract climbs. */
const climb = (leaf: Hex, index: number, proof: readonly Hex[]): Hex =>
  proof.reduce(
    (node, sibling, level) =>
      keccak256(concat(((index >> level) & 1) === 0 ? [node, sibling] : [sibling, node])),
    leaf,
  );

describe("A bulk signature", () => {
  for (const padding of ["last", "empty"] satisfies BulkPadding[]) {
    for (const count of [2, 3, 4, 5, 8, 9]) {
      it(`signs ${count} orders (padding: ${padding}) as a wallet hashes the nested orders`, () => {
        const typedData = bulkTypedData(DOMAIN, orders(count), padding);
        const digest = bulkDigest(DOMAIN, bulkTree(orders(count), padding));
        expect(digest).to.equal(hashTypedData(typedData));
      });
    }
  }

  it("names the levels in its type", () => {
    const types = [2, 4, 5].map(
      (count) => bulkTypedData(DOMAIN, orders(count)).types.BulkOrder[0]?.type,
    );
    expect(types).to.deep.equal(["Order[2]", "Order[2][2]", "Order[2][2][2]"]);
  });

  it("pads with the last order or with one that nobody can sign", () => {
    const [first, second, third] = orders(3);
    expect(bulkTypedData(DOMAIN, orders(3)).message.tree).to.deep.equal([
      [first, second],
      [third, third],
    ]);
    expect(bulkTypedData(DOMAIN, orders(3), "empty").message.tree).to.deep.equal([
      [first, second],
      [third, EMPTY_ORDER],
    ]);
  });

  it("proves every order of a tree of any height", () => {
    for (const count of [2, 3, 7, 16, 33, 100]) {
      const leaves = hashes(count);
      const tree = bulkTreeOfHashes(leaves, keccak256("0x"));
      for (const [index, leaf] of leaves.entries()) {
        expect(climb(leaf, index, bulkProof(tree, index)), `${index} of ${count}`).to.equal(
          bulkRoot(tree),
        );
      }
    }
  });

  it("covers 2^16 orders", () => {
    const leaves = hashes(2 ** 16);
    const tree = bulkTreeOfHashes(leaves, keccak256("0x"));
    for (const index of [0, 1, 12_345, 2 ** 16 - 1]) {
      const proof = bulkProof(tree, index);
      expect(proof.length).to.equal(16);
      expect(climb(leaves[index] ?? "0x", index, proof)).to.equal(bulkRoot(tree));
    }
  });

  it("is the tree's signature, the siblings, the index in two bytes and a mark", async () => {
    const tree = bulkTree(orders(3));
    const plain = await JANE.signTypedData(bulkTypedData(DOMAIN, orders(3)));
    const packed = bulkSignature(tree, 2, plain);
    const [first, second, third] = orders(3).map(hashOrderStruct);
    expect(size(packed)).to.equal(65 + 2 * 32 + 2 + 4);
    expect(slice(packed, 0, 65)).to.equal(plain);
    expect(slice(packed, 65, 97)).to.equal(third);
    expect(slice(packed, 97, 129)).to.equal(keccak256(concat([first ?? "0x", second ?? "0x"])));
    expect(slice(packed, 129, 131)).to.equal("0x0002");
    expect(slice(packed, 131)).to.equal(toHex("bulk"));
  });

  it("of a wallet is one of the digest", async () => {
    const typedData = bulkTypedData(DOMAIN, orders(4));
    const signature = await JANE.sign({ hash: bulkDigest(DOMAIN, bulkTree(orders(4))) });
    expect(await recoverTypedDataAddress({ ...typedData, signature })).to.equal(JANE.address);
  });

  it("covers neither one order nor more than 2^16", () => {
    const refusal = "A bulk signature covers 2 to 65536 orders";
    expect(() => bulkTree([])).to.throw(RangeError, refusal);
    expect(() => bulkTree(orders(1))).to.throw(RangeError, refusal);
    expect(() => bulkTypedData(DOMAIN, orders(1))).to.throw(RangeError, refusal);
    expect(() => bulkTreeOfHashes(new Array(2 ** 16 + 1).fill("0x"), "0x")).to.throw(
      RangeError,
      refusal,
    );
  });

  it("is of an order in the tree, not of its padding", () => {
    const tree = bulkTree(orders(3));
    for (const index of [-1, 3, 4, 0.5]) {
      expect(() => bulkProof(tree, index)).to.throw(RangeError, "there is no index");
    }
  });

  it("has 64 or 65 bytes before the index", () => {
    expect(() => bulkSignature(bulkTree(orders(2)), 0, "0x1234")).to.throw(
      RangeError,
      "A signature has 64 or 65 bytes, this one 2.",
    );
  });
});
