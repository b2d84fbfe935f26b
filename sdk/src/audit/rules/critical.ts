import type { MatchOutcome } from "../../history/acts.ts";
import { costOf } from "../../money.ts";
import type { Order } from "../../typedData.ts";
import { maskOfSlots } from "../../words.ts";
import { type AuditContext, expect } from "../context.ts";
import { accountIn, allowanceKey, fillIn } from "../state.ts";
import { type Batch, leftOf } from "./batch.ts";

/** While islanded, no ordinary bid is filled in a slot in which a critical load's live and funded bid wants more. */
export function judgeCriticalLoads(
  context: AuditContext,
  batch: Batch,
  outcomes: readonly MatchOutcome[],
): void {
  const { orders, matches } = batch.call;
  const critical = orders.map((order) => order.side === 1 && isCritical(context, order));
  for (const [index, bid] of orders.entries()) {
    if (critical[index] !== true || !isShort(context, batch, bid, index)) continue;
    for (const [at, match] of matches.entries()) {
      if (outcomes[at]?.skipped !== undefined || critical[match.bid] === true) continue;
      const taken = match.energy.some((word, offset) => {
        const mask = maskOfSlots(match.firstBlock + offset, bid.firstSlot, bid.lastSlot + 1);
        return (word & mask) !== 0n;
      });
      expect(
        context,
        "island",
        !taken,
        "critical-load-short",
        { maker: bid.maker, criticalOrder: batch.hashes[index] ?? "", match: at },
        batch.number,
      );
    }
  }
}

function isCritical({ state }: AuditContext, { meter: address, maker, microgrid }: Order): boolean {
  const meter = state.meters.get(address);
  return (
    meter?.critical === true &&
    meter.active &&
    meter.owner === maker &&
    meter.microgrid === microgrid
  );
}

/** Whether a live bid wants more than it got; an unfunded bid is not short. */
function isShort(context: AuditContext, batch: Batch, bid: Order, index: number): boolean {
  const { by, delegate } = batch.signers[index] ?? { by: "not seen" };
  // Without a valid signature there is no bid. Where signatures are skipped, that is not known.
  const isSigned = by === "maker" || by === "delegate" || by === "wallet";
  if (!isSigned || context.time > bid.deadline) return false;
  const { currency } = batch.microgrid;
  const account = accountIn(context.state, currency, bid.maker);
  const left = leftOf(context, bid);
  const cost = costOf(bid.price, left > 0n ? left : 0n);
  const { cancelled } = fillIn(context.state, bid.maker, bid.nonce);
  const allowed =
    delegate === undefined ||
    (context.state.allowances.get(allowanceKey(bid.maker, currency, delegate)) ?? 0n) >= cost;
  const balance = account.balance - (batch.held.get(bid.maker) ?? 0n);
  return bid.counter === account.counter && left > 0n && !cancelled && balance >= cost && allowed;
}
