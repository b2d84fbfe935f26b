import type { Signer } from "@wattline/common/keys";
import {
  bulkDigest,
  bulkSignature,
  bulkTree,
  type Domain,
  hashOrder,
  hashWithdrawal,
  type Order,
  type SignedOrderJson,
  signedOrderToJson,
} from "@wattline/sdk";
import { type Hex, size } from "viem";
import { AgentError } from "../errors.ts";

/** Bytes of a signature that the market takes: r, s, v. */
const SIGNATURE_BYTES = 65;

/**
 * The delegate signs orders, several of them once.
 * @throws AgentError when its key is not of the curve secp256k1, or can't sign.
 */
export async function signOrders(
  delegate: Signer,
  domain: Domain,
  orders: readonly Order[],
): Promise<SignedOrderJson[]> {
  const [only] = orders;
  if (only === undefined) return [];
  if (orders.length === 1) {
    const signature = await sign(delegate, hashOrder(domain, only));
    return [signedOrderToJson({ order: only, signature })];
  }
  const tree = bulkTree(orders);
  const signature = await sign(delegate, bulkDigest(domain, tree));
  return orders.map((order, index) =>
    signedOrderToJson({ order, signature: bulkSignature(tree, index, signature) }),
  );
}

/** The delegate signs that an order leaves the relays. @throws AgentError as {@link signOrders} */
export const signWithdrawal = (delegate: Signer, domain: Domain, orderHash: Hex): Promise<Hex> =>
  sign(delegate, hashWithdrawal(domain, orderHash));

async function sign(delegate: Signer, digest: Hex): Promise<Hex> {
  const signature = await delegate.sign(digest);
  if (size(signature) === SIGNATURE_BYTES) return signature;
  throw new AgentError(
    `The delegate ${delegate.address} has a P-256 key, and orders are signed on secp256k1. Make one with: agent keys delegate.json`,
  );
}
