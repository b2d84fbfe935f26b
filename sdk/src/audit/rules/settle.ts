import { SOURCES } from "../../energyId.ts";
import type { MatchOutcome, SettleAct } from "../../history/acts.ts";
import { movedWh } from "../../history/moves.ts";
import { ceilDiv } from "../../money.ts";
import { LANES, laneOf } from "../../profile.ts";
import type { CallOf } from "../calls.ts";
import { bookMove, chargeOf, credit, debit, fill, payDsos } from "../ledger.ts";
import { runOf, slotsOf } from "../runs.ts";
import { expect, expectEqual, type Scene } from "../scene.ts";
import type { MicrogridState } from "../state.ts";
import { type Batch, judgeMatch, openBatch } from "./batch.ts";
import { judgeCriticalLoads } from "./critical.ts";

type Settled = Extract<MatchOutcome, { readonly skipped?: undefined }>;

/** A batch: one price per slot, every match paid at it, every order kept, nothing skipped without a reason. */
export async function judgeSettle(
  scene: Scene,
  act: SettleAct,
  call: CallOf<"settle"> | undefined,
): Promise<void> {
  const { microgrid: number, firstBlock, prices } = act.cleared.args;
  const microgrid = scene.state.microgrids.get(number);
  if (microgrid === undefined) {
    scene.found("logs", "batch-in-unknown-microgrid", { microgrid: number });
    return;
  }
  expect(
    scene,
    "island",
    microgrid.mode !== "Closed",
    "cleared-while-closed",
    { microgrid: number },
    number,
  );
  const batch = call && (await judgeCall(scene, act, call, microgrid, number));
  if (batch === undefined) {
    for (const check of ["order-signature", "uniform-price"] as const) {
      scene.unseen(check, "through-contract");
    }
  }
  let charges = 0n;
  for (const [index, outcome] of act.outcomes.entries()) {
    if (outcome.skipped !== undefined) continue;
    charges += pay(scene, outcome, { microgrid, number, firstBlock, prices }, batch, index);
  }
  payDsos(scene, microgrid.currency, number, number, charges);
}

/** Judges a batch by its calldata, match by match, as the contract went through it. */
async function judgeCall(
  scene: Scene,
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
    scene,
    "calldata",
    fits,
    "other-matches",
    { asked: call.matches.length, found: outcomes.length },
    number,
  );
  if (!fits) return undefined;
  const batch = await openBatch(scene, call, microgrid, number);
  for (const [index, outcome] of outcomes.entries()) await judgeMatch(scene, batch, index, outcome);
  judgePrices(scene, batch, cleared.args.firstBlock, cleared.args.prices);
  if (microgrid.mode === "Islanded") judgeCriticalLoads(scene, batch, outcomes);
  return batch;
}

/** Every slot's price: the midpoint, rounded down, of the highest ask and the lowest bid, in an island below its cap. */
function judgePrices(
  scene: Scene,
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
    scene,
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
      scene,
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

/** Judges what a match was paid at the prices of its slots and books it; returns what goes to the DSO. */
function pay(
  scene: Scene,
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
  expectEqual(scene, "uniform-price", "other-match-cost", cost, ceilDiv(value, 1000n), number);
  const feeDue = chargeOf(microgrid.networkFee, wh);
  expectEqual(scene, "fees", "other-match-fee", charge, feeDue, number);
  if (batch === undefined) {
    // With calldata, orders are filled and energy moves as the contract did it: match by match before any is paid.
    fill(scene, seller, offerNonce, wh);
    fill(scene, buyer, bidNonce, wh);
    bookMove(scene, move);
  }
  debit(scene, microgrid.currency, buyer, cost);
  credit(scene, microgrid.currency, seller, cost - charge);
  const [first] = move.words;
  scene.row({
    kind: "settlement",
    type: "settle",
    block: scene.blockNumber,
    time: scene.time,
    transaction: scene.transaction,
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
