import type { Address, Hex } from "viem";
import type { EventNamed } from "../../history/events.ts";
import { LANE_MAX_WH } from "../../profile.ts";
import { hashOrder, signerOf } from "../../signatures.ts";
import type { Order } from "../../typedData.ts";
import { maskOfSlots } from "../../words.ts";
import type { Check } from "../checks.ts";
import { type AuditContext, expect } from "../context.ts";
import type { MessageCode, ValuesOf } from "../messages.ts";
import { accountIn, allowanceKey, fillIn } from "../state.ts";
import { setAllowance } from "./plain.ts";

/** A fill of an order, with its calldata. */
export interface Fill {
  readonly order: Order;
  readonly signature: Hex;
  readonly currency: Address;
  /** The other party. */
  readonly taker: Address;
  readonly source: number;
  readonly firstBlock: number;
  readonly energy: readonly bigint[];
  /** The Wh that count as filled: sent for an offer, arrived for a bid. */
  readonly filledWh: bigint;
  /** The order's hash in the event. */
  readonly orderHash: Hex;
  /** The signer, where it is known already: a batch judges signers as of its start. */
  readonly signer?: JudgedSigner;
}

/** Who signed an order: a word for the rows, and the delegate if one signed. */
export interface JudgedSigner {
  readonly by: "maker" | "delegate" | "wallet" | "nobody" | "not seen" | "not checked";
  readonly delegate?: Address | undefined;
}

/**
 * Judges a fill against its order before it is recorded: signature, deadline, counter, cancellation, energy, slots,
 * source and counterparty.
 */
export async function judgeFill(context: AuditContext, fill: Fill): Promise<JudgedSigner> {
  const { order, currency, taker, source, firstBlock, energy, filledWh, orderHash } = fill;
  const { maker, nonce, microgrid } = order;
  const where = { maker, nonce, orderHash };
  const { counter } = accountIn(context.state, currency, maker);
  const { filledWh: before, cancelled } = fillIn(context.state, maker, nonce);
  const signedWh = BigInt(order.energy) > LANE_MAX_WH ? LANE_MAX_WH : BigInt(order.energy);
  const must = <Code extends MessageCode>(
    check: Check,
    holds: boolean,
    code: Code,
    values: ValuesOf<Code>,
  ) => expect(context, check, holds, code, values, microgrid);

  must("calldata", hashOrder(context.domains.market, order) === orderHash, "other-order", where);
  must("deadline", context.time <= order.deadline, "filled-late", {
    ...where,
    deadline: order.deadline,
    time: context.time,
  });
  must("counter", order.counter === counter, "other-counter", {
    ...where,
    signed: order.counter,
    counter,
  });
  must("cancelled", !cancelled, "filled-cancelled", where);
  must("overfill", before + filledWh <= signedWh, "filled-beyond", {
    ...where,
    signedWh,
    filledBeforeWh: before,
    filledWh,
  });
  const isOpenTo = BigInt(order.counterparty) === 0n || order.counterparty === taker;
  must("order-terms", isOpenTo, "order-for-another", {
    ...where,
    counterparty: order.counterparty,
    taker,
  });
  must("order-terms", ((order.sources >> source) & 1) === 1, "other-source", { ...where, source });
  const within = energy.every((word, offset) => {
    const mask = maskOfSlots(firstBlock + offset, order.firstSlot, order.lastSlot + 1);
    return (word & ~mask) === 0n;
  });
  must("order-terms", within, "other-slots", {
    ...where,
    firstSlot: order.firstSlot,
    lastSlot: order.lastSlot,
  });
  const signer = fill.signer ?? (await judgeSigner(context, order, fill.signature, currency));
  if (signer.by !== "not checked" && signer.by !== "not seen") {
    must("order-signature", signer.by !== "nobody", "order-not-signed", {
      ...where,
      signature: fill.signature,
    });
  }
  return signer;
}

/** Who signed an order, according to the chain's state at that time. */
export async function judgeSigner(
  context: AuditContext,
  order: Order,
  signature: Hex,
  currency: Address,
): Promise<JudgedSigner> {
  if (!context.checksSignatures) return { by: "not checked" };
  if (context.isSignedByNamed({ kind: "order", order, signature })) return { by: "maker" };
  let unanswered = false;
  const signer = await signerOf(
    context.domains.market,
    { order, signature },
    {
      recover: context.recover,
      isDelegate: (delegate) =>
        context.state.allowances.has(allowanceKey(order.maker, currency, delegate)),
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
 * Records the draws on delegates' allowances.
 * @param due What each delegate should have drawn; undefined without calldata.
 */
export function recordDraws(
  context: AuditContext,
  drawn: readonly EventNamed<"Drawn">[],
  due:
    | readonly { readonly maker: Address; readonly delegate: Address; readonly amount: bigint }[]
    | undefined,
): void {
  for (const { args } of drawn) {
    const key = allowanceKey(args.maker, args.currency, args.delegate);
    const left = context.state.allowances.get(key) ?? 0n;
    expect(context, "allowance", args.amount <= left, "allowance-overdrawn", {
      delegate: args.delegate,
      maker: args.maker,
      left,
      spent: args.amount,
    });
    setAllowance(context, key, args.amount < left ? left - args.amount : 0n);
  }
  if (due === undefined) return;
  expect(context, "allowance", drawn.length === due.length, "other-draws", {
    due: due.length,
    found: drawn.length,
  });
  due.forEach(({ maker, delegate, amount }, index) => {
    const event = drawn[index]?.args;
    if (event?.maker !== maker || event.delegate !== delegate) return;
    expect(context, "allowance", event.amount === amount, "other-draw", {
      delegate,
      found: event.amount,
      due: amount,
    });
  });
}
