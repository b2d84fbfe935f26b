import { type Hex, hashTypedData, isAddressEqual } from "viem";
import type { Mandate } from "../../mandates.ts";
import { MANDATE_TYPES } from "../../typedData.ts";
import type { SeenCalls } from "../calls.ts";
import { type AuditContext, expect } from "../context.ts";

/** So many may have gone by unseen between two: through other contracts, or cancellations of nothing, which leave no event. */
const MOST_UNSEEN = 16n;

/** What was submitted for holders: each must have signed it, with the nonce that it had by then. */
export async function judgeMandates(
  context: AuditContext,
  { mandates, hidden }: Pick<SeenCalls, "mandates" | "hidden">,
): Promise<void> {
  const { state } = context;
  if (hidden) state.areMandatesKnown = false;
  for (const mandate of mandates) {
    const next = state.mandates.get(mandate.holder) ?? 0n;
    const judged = context.checksSignatures ? await nonceOf(context, mandate, next) : next;
    state.mandates.set(mandate.holder, (judged ?? next) + 1n);
    if (!context.checksSignatures) continue;
    const { holder, type } = mandate;
    if (judged === undefined && !state.areMandatesKnown) {
      context.unseen("mandates", "through-contract");
      continue;
    }
    expect(context, "mandates", judged !== undefined, "mandate-not-signed", { holder, type });
  }
}

/** The nonce with which a holder has signed a mandate: `next`, or a later one. */
async function nonceOf(
  context: AuditContext,
  { type, holder, message, signature }: Mandate,
  next: bigint,
): Promise<bigint | undefined> {
  for (let nonce = next; nonce < next + MOST_UNSEEN; nonce++) {
    const digest: Hex = hashTypedData({
      domain: context.domains.market,
      types: { [type]: MANDATE_TYPES[type] },
      primaryType: type,
      message: { ...message, nonce },
    });
    const signer = await context.recover(digest, signature);
    if (signer !== undefined && isAddressEqual(signer, holder)) return nonce;
    if ((await context.isAccepted(holder, digest, signature, context)) === true) return nonce;
  }
  return undefined;
}
