import { type Address, type Hex, hashStruct, isAddressEqual } from "viem";
import { digestOf, hashOrderStruct, unfoldBulk } from "./bulk.ts";
import { type Domain, type Order, type SignedOrder, WITHDRAWAL_TYPES } from "./typedData.ts";

/** Who stands behind a signature: the maker's key, a delegate's key, or the maker's contract wallet. */
export type Signer =
  | { readonly by: "maker" }
  | { readonly by: "delegate"; readonly delegate: Address }
  | { readonly by: "wallet" };

/** What has to be asked elsewhere to judge a signature. */
export interface SignatureFacts {
  /** The address whose key made a 64- or 65-byte signature; undefined when it is none (other length, high s). */
  recover(digest: Hex, signature: Hex): Address | undefined | Promise<Address | undefined>;
  /** Whether the maker has authorised this delegate and left it something to spend. */
  isDelegate(delegate: Address): boolean | Promise<boolean>;
  /** Whether the maker is a contract that accepts the signature (ERC-1271). */
  isAccepted(digest: Hex, signature: Hex): boolean | Promise<boolean>;
}

/** What names an order everywhere, and what its maker signs for it alone: its EIP-712 digest. */
export const hashOrder = (domain: Domain, order: Order): Hex =>
  digestOf(domain, hashOrderStruct(order));

/** What is signed to take the order with this hash off the relays' books. */
export const hashWithdrawal = (domain: Domain, orderHash: Hex): Hex =>
  digestOf(
    domain,
    hashStruct({ data: { orderHash }, primaryType: "Withdrawal", types: WITHDRAWAL_TYPES }),
  );

/**
 * Who has signed an order, by the contracts' rule: a bulk signature is tried before a plain one; each is good when the
 * maker's key made it, else when a delegate's did, else when the maker's contract wallet accepts it.
 * @returns undefined when nobody has who may.
 */
export async function signerOf(
  domain: Domain,
  { order, signature }: SignedOrder,
  facts: SignatureFacts,
): Promise<Signer | undefined> {
  const bulk = unfoldBulk(domain, order, signature);
  return (
    (bulk && (await plainSignerOf(order.maker, bulk.digest, bulk.signature, facts))) ??
    (await plainSignerOf(order.maker, hashOrder(domain, order), signature, facts))
  );
}

/** Who has signed a digest for `maker`: as {@link signerOf}, for a signature that is not a bulk one. */
export async function plainSignerOf(
  maker: Address,
  digest: Hex,
  signature: Hex,
  facts: SignatureFacts,
): Promise<Signer | undefined> {
  const recovered = await facts.recover(digest, signature);
  if (recovered !== undefined) {
    if (isAddressEqual(recovered, maker)) return { by: "maker" };
    if (await facts.isDelegate(recovered)) return { by: "delegate", delegate: recovered };
  }
  return (await facts.isAccepted(digest, signature)) ? { by: "wallet" } : undefined;
}
