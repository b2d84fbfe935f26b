import { expect } from "chai";
import { describe, it } from "mocha";
import {
  type Address,
  concat,
  type Hex,
  hashTypedData,
  keccak256,
  recoverAddress,
  slice,
  toHex,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { bulkSignature, bulkTree, bulkTypedData, EMPTY_ORDER } from "../src/bulk.ts";
import { FIRST_FIRM_NONCE } from "../src/deals/order.ts";
import { hashOrder, type SignatureFacts, signerOf } from "../src/signatures.ts";
import { marketDomain, ORDER_TYPES, type Order } from "../src/typedData.ts";

const account = (name: string) => privateKeyToAccount(keccak256(toHex(name)));
const JANE = account("Jane");
const AGENT = account("agent");
const DOMAIN = marketDomain(31_337, "0x00000000000000000000000000000000000000aa");

const order: Order = {
  ...EMPTY_ORDER,
  maker: JANE.address,
  microgrid: 1,
  energy: 1_000,
  price: 170_000n,
};

const facts = ({
  delegates = [],
  lockSigners = [],
  accepted = [],
}: {
  delegates?: readonly Address[];
  lockSigners?: readonly Address[];
  accepted?: readonly Hex[];
} = {}): SignatureFacts => ({
  recover: (hash, signature) => recoverAddress({ hash, signature }).catch(() => undefined),
  isDelegate: (delegate) => delegates.includes(delegate),
  isLockSigner: (signer) => lockSigners.includes(signer),
  isAccepted: (digest) => accepted.includes(digest),
});

const sign = (who: typeof JANE, message: Order) =>
  who.signTypedData({
    domain: DOMAIN,
    types: ORDER_TYPES,
    primaryType: "Order",
    message: { ...message },
  });

describe("The signer of an order", () => {
  it("is its maker", async () => {
    const signature = await sign(JANE, order);
    expect(await signerOf(DOMAIN, { order, signature }, facts())).to.deep.equal({ by: "maker" });
  });

  it("hashes an order as a wallet does", () => {
    const typed = {
      domain: DOMAIN,
      types: ORDER_TYPES,
      primaryType: "Order",
      message: { ...order },
    } as const;
    expect(hashOrder(DOMAIN, order)).to.equal(hashTypedData(typed));
  });

  it("is a delegate while it is authorised", async () => {
    const signature = await sign(AGENT, order);
    const delegates = [AGENT.address];
    expect(await signerOf(DOMAIN, { order, signature }, facts({ delegates }))).to.deep.equal({
      by: "delegate",
      delegate: AGENT.address,
    });
    expect(await signerOf(DOMAIN, { order, signature }, facts())).to.equal(undefined);
  });

  it("is a contract wallet that accepts the digest", async () => {
    const accepted = [hashOrder(DOMAIN, order)];
    const signed = { order, signature: "0x1234" as const };
    expect(await signerOf(DOMAIN, signed, facts({ accepted }))).to.deep.equal({ by: "wallet" });
    expect(await signerOf(DOMAIN, signed, facts())).to.equal(undefined);
  });

  it("of a firm order is its maker or its lock's signer, neither a delegate nor a wallet", async () => {
    const firm = { ...order, nonce: FIRST_FIRM_NONCE };
    const lockSigners = [AGENT.address];
    const everybody = facts({ delegates: lockSigners, accepted: [hashOrder(DOMAIN, firm)] });
    const byJane = { order: firm, signature: await sign(JANE, firm) };
    const byAgent = { order: firm, signature: await sign(AGENT, firm) };
    expect(await signerOf(DOMAIN, byJane, facts())).to.deep.equal({ by: "maker" });
    expect(await signerOf(DOMAIN, byAgent, facts({ lockSigners }))).to.deep.equal({
      by: "lockSigner",
      signer: AGENT.address,
    });
    expect(await signerOf(DOMAIN, byAgent, everybody)).to.equal(undefined);
    // An ordinary order is none of the lock's.
    const plain = { order, signature: await sign(AGENT, order) };
    expect(await signerOf(DOMAIN, plain, facts({ lockSigners }))).to.equal(undefined);
  });

  it("is found under every order of a bulk signature, and under no other", async () => {
    const orders = Array.from({ length: 5 }, (_, i) => ({ ...order, nonce: BigInt(i) }));
    const { message, ...typed } = bulkTypedData(DOMAIN, orders);
    const signature = await JANE.signTypedData({ ...typed, message: { ...message } });
    const tree = bulkTree(orders);
    for (const [i, one] of orders.entries()) {
      const signed = { order: one, signature: bulkSignature(tree, i, signature) };
      expect(await signerOf(DOMAIN, signed, facts())).to.deep.equal({ by: "maker" });
    }
    const foreign = {
      order: { ...order, price: 1n },
      signature: bulkSignature(tree, 0, signature),
    };
    expect(await signerOf(DOMAIN, foreign, facts())).to.equal(undefined);
  });

  it("is undefined for a signature of another order or an invalid one", async () => {
    const signature = await sign(JANE, { ...order, price: 1n });
    for (const wrong of [
      signature,
      "0x",
      slice(signature, 1),
      concat([signature, signature]),
    ] as const) {
      expect(await signerOf(DOMAIN, { order, signature: wrong }, facts())).to.equal(undefined);
    }
  });
});
