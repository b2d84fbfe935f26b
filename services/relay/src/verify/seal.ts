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

/** What a signature says by itself, without asking the chain. */
export interface Seal {
  readonly hash: Hex;
  /** Whether the maker's own key made it; otherwise the chain is to be asked about the traces. */
  readonly byMaker: boolean;
  readonly traces: readonly Trace[];
}

/** One way in which a signature may be read. */
export interface Trace {
  readonly digest: Hex;
  readonly signature: Hex;
  /** Whose key made it; a delegate's, perhaps. */
  readonly recovered?: Address;
}

/** Recovers keys for orders that came together; one bulk signature is worked out once for all of them. */
export function sealer(domain: Domain): (signed: SignedOrderJson) => Promise<Seal> {
  const recovered = new Map<string, Address | undefined>();

  function recoverOnce(digest: Hex, signature: Hex): Address | undefined {
    const key = `${digest}${signature}`;
    if (!recovered.has(key)) recovered.set(key, recoverAddress(digest, signature));
    return recovered.get(key);
  }

  return async (json) => {
    const signed: SignedOrder = signedOrderFromJson(json);
    const traces: Trace[] = [];
    const signer = await signerOf(domain, signed, {
      recover: recoverOnce,
      isDelegate: () => false,
      isAccepted(digest, signature) {
        const key = recoverOnce(digest, signature);
        traces.push({ digest, signature, ...(key !== undefined && { recovered: key }) });
        return false;
      },
    });
    const byMaker = signer !== undefined;
    return { hash: hashOrder(domain, signed.order), byMaker, traces: byMaker ? [] : traces };
  };
}
