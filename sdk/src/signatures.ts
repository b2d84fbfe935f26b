import { type Address, type Hex, hashStruct, isAddressEqual } from "viem";
import { digestOf, hashOrderStruct, type UnfoldedBulk, unfoldBulk } from "./bulk.ts";
import { isFirm } from "./deals/order.ts";
import { type Domain, ORDER_WITHDRAWAL_TYPES, type Order, type SignedOrder } from "./typedData.ts";

/**
 * The signer of an order: the maker's key, a delegate's key, or the maker's contract wallet; of a firm order the maker's key or
 * the one that its lock names.
 */
export type Signer =
  | { readonly by: "maker" }
  | { readonly by: "delegate"; readonly delegate: Address }
  | { readonly by: "lockSigner"; readonly signer: Address }
  | { readonly by: "wallet" };

/** Queries that judging a signature needs. */
export interface SignatureFacts {
  /** The signer of a 64- or 65-byte signature; undefined when it is invalid (other length, high s). */
  recover(digest: Hex, signature: Hex): Address | undefined | Promise<Address | undefined>;
  /** Whether the maker has authorised this delegate, some of the allowance is left, and its end has not passed. */
  isDelegate(delegate: Address): boolean | Promise<boolean>;
  /** Whether the maker's lock names this signer of its firm orders. */
  isLockSigner(signer: Address): boolean | Promise<boolean>;
  /** Whether the maker is a contract that accepts the signature (ERC-1271). */
  isAccepted(digest: Hex, signature: Hex): boolean | Promise<boolean>;
}

/** An order's EIP-712 digest: its name everywhere, and what its maker signs for it alone. */
export const hashOrder = (domain: Domain, order: Order): Hex =>
  digestOf(domain, hashOrderStruct(order));

/** The digest that is signed to withdraw the order with this hash from relays. */
export const hashWithdrawal = (domain: Domain, orderHash: Hex): Hex =>
  digestOf(
    domain,
    hashStruct({
      data: { orderHash },
      primaryType: "OrderWithdrawal",
      types: ORDER_WITHDRAWAL_TYPES,
    }),
  );

/** What was signed of an order, alone or in a tree, and the plain signature over it. */
export const signedDigestOf = (domain: Domain, { order, signature }: SignedOrder): UnfoldedBulk =>
  unfoldBulk(domain, order, signature) ?? { digest: hashOrder(domain, order), signature };

/**
 * Who signed an order, by the contracts' rule: what has the form of a bulk signature is nothing else; a signature is valid
 * when the maker's key made it, else when a delegate's key did, else when the maker's contract wallet accepts it. A firm order
 * is signed by the maker's key or the one that its lock names.
 * @returns undefined when no valid signer is found.
 */
export async function signerOf(
  domain: Domain,
  signed: SignedOrder,
  facts: SignatureFacts,
): Promise<Signer | undefined> {
  const { digest, signature } = signedDigestOf(domain, signed);
  return plainSignerOf(signed.order, digest, signature, facts);
}

/** Who signed a digest for an order's maker: as {@link signerOf}, without bulk signatures. */
export async function plainSignerOf(
  order: Pick<Order, "maker" | "nonce">,
  digest: Hex,
  signature: Hex,
  facts: SignatureFacts,
): Promise<Signer | undefined> {
  const recovered = await facts.recover(digest, signature);
  if (recovered !== undefined) {
    if (isAddressEqual(recovered, order.maker)) return { by: "maker" };
    if (isFirm(order)) {
      return (await facts.isLockSigner(recovered))
        ? { by: "lockSigner", signer: recovered }
        : undefined;
    }
    if (await facts.isDelegate(recovered)) return { by: "delegate", delegate: recovered };
  }
  if (isFirm(order)) return undefined;
  return (await facts.isAccepted(digest, signature)) ? { by: "wallet" } : undefined;
}
