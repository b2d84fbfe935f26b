import { recoverAddress } from "@wattline/common/recover";
import {
  type Domain,
  hashOrder,
  type SignedOrderJson,
  signedDigestOf,
  signedOrderFromJson,
} from "@wattline/sdk";
import type { Address, Hex } from "viem";
import type { SignatureReading } from "../chain/snapshot.ts";

/** What can be said about a signature without asking the chain. */
export interface SignatureCheck extends SignatureReading {
  /** The order's. */
  readonly hash: Hex;
}

/** Recovers keys for orders of one request; a bulk signature is recovered once for all of its orders. */
export function signatureChecker(domain: Domain): (signed: SignedOrderJson) => SignatureCheck {
  const recovered = new Map<string, Address | undefined>();

  function recoverOnce(digest: Hex, signature: Hex): Address | undefined {
    const key = `${digest}${signature}`;
    if (!recovered.has(key)) recovered.set(key, recoverAddress(digest, signature));
    return recovered.get(key);
  }

  return (json) => {
    const signed = signedOrderFromJson(json);
    const hash = hashOrder(domain, signed.order);
    const { digest, signature } = signedDigestOf(domain, signed);
    return { hash, digest, signature, recovered: recoverOnce(digest, signature) };
  };
}
