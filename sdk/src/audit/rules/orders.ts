import { type Address, type Hex, isAddressEqual } from "viem";
import type { EventNamed } from "../../history/events.ts";
import { type Signer, signedDigestOf, signerOf } from "../../signatures.ts";
import type { Order } from "../../typedData.ts";
import { type AuditContext, expect } from "../context.ts";
import { accountOf, allowanceKey } from "../state.ts";

/** Who signed an order: a word for the rows, and the delegate if one signed. */
export interface JudgedSigner {
  readonly by: Signer["by"] | "nobody" | "not seen" | "not checked";
  readonly delegate?: Address | undefined;
}

/** Who signed an order, according to the chain's state at the call's start. */
export async function judgeSigner(
  context: AuditContext,
  order: Order,
  signature: Hex,
  currency: Address,
): Promise<JudgedSigner> {
  if (!context.checksSignatures) return { by: "not checked" };
  if (context.isSignedByNamed({ kind: "order", order, signature })) return { by: "maker" };
  const { state, time, domains, recover } = context;
  let unanswered = false;
  const signer = await signerOf(
    domains.market,
    { order, signature },
    {
      recover,
      isDelegate: (delegate) => {
        const allowance = state.allowances.get(allowanceKey(order.maker, currency, delegate));
        return (
          allowance !== undefined && allowance.amountMillis > 0n && time <= allowance.untilSeconds
        );
      },
      isLockSigner: (recovered) =>
        isAddressEqual(accountOf(state, currency, order.maker).signer, recovered),
      isAccepted: async (digest, plain) => {
        const answer = await context.isAccepted(order.maker, digest, plain, context);
        unanswered ||= answer === undefined;
        return answer === true;
      },
    },
  );
  if (signer !== undefined) return signer;
  if (!unanswered) return { by: "nobody" };
  context.unseen("order-signature", "wallet-not-asked");
  return { by: "not seen" };
}

/**
 * Who has to pay for an amount: a contract wallet may have its delegate's key for an owner, so that it is asked whether the
 * signature is its own when the delegate's allowance is too small.
 */
export async function payingSigner(
  context: AuditContext,
  order: Order,
  signature: Hex,
  currency: Address,
  signer: JudgedSigner,
  amountMillis: bigint,
): Promise<JudgedSigner> {
  const { delegate } = signer;
  if (delegate === undefined) return signer;
  if (amountMillis <= allowanceOf(context, order.maker, currency, delegate)) return signer;
  const { digest, signature: plain } = signedDigestOf(context.domains.market, {
    order,
    signature,
  });
  const answer = await context.isAccepted(order.maker, digest, plain, context);
  if (answer === undefined) context.unseen("allowance", "wallet-not-asked");
  if (answer === undefined) return { by: "not seen" };
  return answer ? { by: "wallet" } : signer;
}

/** What is left of a delegate's allowance, in thousandths of a base unit. */
export const allowanceOf = (
  { state }: AuditContext,
  maker: Address,
  currency: Address,
  delegate: Address,
): bigint => state.allowances.get(allowanceKey(maker, currency, delegate))?.amountMillis ?? 0n;

/** What a delegate should have drawn. */
export interface Draw {
  readonly maker: Address;
  readonly delegate: Address;
  readonly amountMillis: bigint;
}

/**
 * Records the draws on delegates' allowances.
 * @param due Undefined where it is not known who signed.
 */
export function recordDraws(
  context: AuditContext,
  drawn: readonly EventNamed<"Drawn">[],
  due: readonly Draw[] | undefined,
): void {
  for (const { args } of drawn) {
    const key = allowanceKey(args.maker, args.currency, args.delegate);
    const allowance = context.state.allowances.get(key);
    const left = allowance?.amountMillis ?? 0n;
    const isWithin = allowance !== undefined && args.amount <= left;
    expect(context, "allowance", isWithin, "allowance-overdrawn", {
      delegate: args.delegate,
      maker: args.maker,
      left,
      spent: args.amount,
    });
    if (allowance !== undefined) {
      allowance.amountMillis = args.amount < left ? left - args.amount : 0n;
    }
  }
  if (due === undefined) return;
  expect(context, "allowance", drawn.length === due.length, "other-draws", {
    due: due.length,
    found: drawn.length,
  });
  due.forEach(({ maker, delegate, amountMillis }, index) => {
    const event = drawn[index]?.args;
    if (event?.maker !== maker || event.delegate !== delegate) return;
    expect(context, "allowance", event.amount === amountMillis, "other-draw", {
      delegate,
      found: event.amount,
      due: amountMillis,
    });
  });
}
