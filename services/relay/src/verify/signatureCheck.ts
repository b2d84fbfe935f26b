import { recoverAddress } from "@wattline/common/recover";
import {
  type Domain,
  hashOrder,
  type SignedOrder,
  type SignedOrderJson,
  signedOrderFromJson,
  signerOf,
} from "@wattline/sdk";
import type { Address, Hex } from "viem";

/** What can be said about a signature without asking the chain. */
export interface SignatureCheck {
  readonly hash: Hex;
  /** Whether the maker's own key made it. If not, the chain must be asked about the possible signers. */
  readonly byMaker: boolean;
  readonly possibleSigners: readonly PossibleSigner[];
}

/** One reading of a signature, plain or bulk. */
export interface PossibleSigner {
  readonly digest: Hex;
  readonly signature: Hex;
  /** The key that made it, which may be a delegate's. */
  readonly recovered?: Address;
}

/** Recovers keys for orders of one request; a bulk signature is recovered once for all of its orders. */
export function signatureChecker(
  domain: Domain,
): (signed: SignedOrderJson) => Promise<SignatureCheck> {
  const recovered = new Map<string, Address | undefined>();

  function recoverOnce(digest: Hex, signature: Hex): Address | undefined {
    const key = `${digest}${signature}`;
    if (!recovered.has(key)) recovered.set(key, recoverAddress(digest, signature));
    return recovered.get(key);
  }

  return async (json) => {
    const signed: SignedOrder = signedOrderFromJson(json);
    const possibleSigners: PossibleSigner[] = [];
    const signer = await signerOf(domain, signed, {
      recover: recoverOnce,
      isDelegate: () => false,
      isAccepted(digest, signature) {
        const key = recoverOnce(digest, signature);
        possibleSigners.push({ digest, signature, ...(key !== undefined && { recovered: key }) });
        return false;
      },
    });
    const byMaker = signer !== undefined;
    return {
      hash: hashOrder(domain, signed.order),
      byMaker,
      possibleSigners: byMaker ? [] : possibleSigners,
    };
  };
}
