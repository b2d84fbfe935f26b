import { SOURCES } from "../../energyId.ts";
import type { MatchOutcome, SettleAct } from "../../history/acts.ts";
import { movedWh } from "../../history/moves.ts";
import { ceilDiv } from "../../money.ts";
import { LANES, laneOf } from "../../profile.ts";
import type { CallOf } from "../calls.ts";
import { type AuditContext, expect, expectEqual } from "../context.ts";
import { chargeOf, credit, debit, fill, payDsos, recordMove } from "../ledger.ts";
import { runOf, slotsOf } from "../runs.ts";
import type { MicrogridState } from "../state.ts";
import { type Batch, judgeMatch, openBatch } from "./batch.ts";
import { judgeCriticalLoads } from "./critical.ts";

type Settled = Extract<MatchOutcome, { readonly skipped?: undefined }>;

/** A batch: one price per slot, every match paid at it, every order kept, no match skipped without a reason. */
export async function judgeSettle(
  context: AuditContext,
  act: SettleAct,
  call: CallOf<"settle"> | undefined,
): Promise<void> {
  const { microgrid: number, firstBlock, prices } = act.cleared.args;
  const microgrid = context.state.microgrids.get(number);
  if (microgrid === undefined) {
    context.found("logs", "batch-in-unknown-microgrid", { microgrid: number });
    return;
  }
  expect(
    context,
    "island",
    microgrid.mode !== "Closed",
    "cleared-while-closed",
    { microgrid: number },
    number,
  );
  const batch = call && (await judgeCall(context, act, call, microgrid, number));
  if (batch === undefined) {
    for (const check of ["order-signature", "uniform-price"] as const) {
      context.unseen(check, "through-contract");
    }
  }
  let charges = 0n;
  for (const [index, outcome] of act.outcomes.entries()) {
    if (outcome.skipped !== undefined) continue;
    charges += pay(context, outcome, { microgrid, number, firstBlock, prices }, batch, index);
  }
  payDsos(context, microgrid.currency, number, number, charges);
}

/** Judges a batch by its calldata, match by match, in the contract's order. */
async function judgeCall(
  context: AuditContext,
  act: SettleAct,
  call: CallOf<"settle">,
  microgrid: MicrogridState,
  number: number,
): Promise<Batch | undefined> {
  const { outcomes, cleared } = act;
  const fits =
    call.matches.length === outcomes.length &&
    call.matches.every(
      ({ offer, bid }) => call.orders[offer]?.side === 0 && call.orders[bid]?.side === 1,
    ) &&
    call.orders.every((order) => order.microgrid === number && !order.forward);
  expect(
    context,
    "calldata",
    fits,
    "other-matches",
    { asked: call.matches.length, found: outcomes.length },
    number,
  );
  if (!fits) return undefined;
  const batch = await openBatch(context, call, microgrid, number);
  for (const [index, outcome] of outcomes.entries())
    await judgeMatch(context, batch, index, outcome);
  judgePrices(context, batch, cleared.args.firstBlock, cleared.args.prices);
  if (microgrid.mode === "Islanded") judgeCriticalLoads(context, batch, outcomes);
  return batch;
}

/** Each slot's price: the midpoint, rounded down, of highest ask and lowest bid; in an island at most the price cap. */
function judgePrices(
  context: AuditContext,
  { quotes, priceCap, number, call }: Batch,
  firstBlock: number,
  prices: readonly bigint[],
): void {
  const blocks = call.matches.flatMap((match) => [
    match.firstBlock,
    match.firstBlock + match.energy.length,
  ]);
  const start = blocks.reduce((least, block) => Math.min(least, block));
  const end = blocks.reduce((most, block) => Math.max(most, block));
  expect(
    context,
    "uniform-price",
    start === firstBlock && (end - start) * LANES === prices.length,
    "prices-of-other-slots",
    {},
    number,
  );
  for (const [offset, price] of prices.entries()) {
    const slot = firstBlock * LANES + offset;
    const quote = quotes.get(slot);
    if (quote === undefined && price === 0n) continue;
    const { ask = 0n, bid = 0n } = quote ?? {};
    const middle = (ask + bid) / 2n;
    const due = priceCap !== undefined && middle > priceCap ? priceCap : middle;
    expect(
      context,
      "uniform-price",
      price === due && ask <= price && price <= bid,
      "other-uniform-price",
      { slot, price, due, ask, bid },
      number,
    );
  }
}

interface Clearing {
  readonly microgrid: MicrogridState;
  readonly number: number;
  readonly firstBlock: number;
  readonly prices: readonly bigint[];
}

/** Judges the payment of a match at its slots' prices and records it; returns the DSO's part. */
function pay(
  context: AuditContext,
  { move, matched }: Settled,
  { microgrid, number, firstBlock, prices }: Clearing,
  batch: Batch | undefined,
  index: number,
): bigint {
  const { offerHash, bidHash, offerNonce, bidNonce, cost, charge } = matched.args;
  const [seller, buyer] = [move.from, move.to];
  const wh = movedWh(move);
  let value = 0n;
  for (const { blockNumber, energy } of move.words) {
    for (let lane = 0; lane < LANES; lane++) {
      const price = prices[(blockNumber - firstBlock) * LANES + lane] ?? 0n;
      value += price * laneOf(energy, lane);
    }
  }
  expectEqual(context, "uniform-price", "other-match-cost", cost, ceilDiv(value, 1000n), number);
  const feeDue = chargeOf(microgrid.networkFee, wh);
  expectEqual(context, "fees", "other-match-fee", charge, feeDue, number);
  if (batch === undefined) {
    // With calldata, fills and energy were recorded in the contract's order: match by match before any payment.
    fill(context, seller, offerNonce, wh);
    fill(context, buyer, bidNonce, wh);
    recordMove(context, move);
  }
  debit(context, microgrid.currency, buyer, cost);
  credit(context, microgrid.currency, seller, cost - charge);
  const [first] = move.words;
  context.row({
    kind: "settlement",
    type: "settle",
    block: context.blockNumber,
    time: context.time,
    transaction: context.transaction,
    logIndex: matched.logIndex,
    seller,
    buyer,
    from: number,
    to: number,
    source: SOURCES.indexOf(first?.source ?? "Solar"),
    ...slotsOf(runOf(move.words)),
    slotSeconds: microgrid.slotSeconds,
    currency: microgrid.currency,
    sentWh: wh,
    arrivedWh: wh,
    cost,
    charge,
    refund: 0n,
    bond: 0n,
    orders: [offerHash, bidHash],
    signers: batch?.signersOf(index) ?? ["not seen", "not seen"],
  });
  return charge;
}
