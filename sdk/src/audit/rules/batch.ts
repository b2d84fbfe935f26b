import { type Address, type Hex, toFunctionSelector } from "viem";
import { marketplaceAbi } from "../../abi/marketplace.ts";
import { SOURCES } from "../../energyId.ts";
import type { MatchOutcome } from "../../history/acts.ts";
import { costOf } from "../../money.ts";
import { LANE_MAX_WH, LANES, laneOf, sumWh } from "../../profile.ts";
import { hashOrder } from "../../signatures.ts";
import type { Order } from "../../typedData.ts";
import { isAtMost, uniformWord } from "../../words.ts";
import type { CallOf, SettleMatch } from "../calls.ts";
import { type AuditContext, expect } from "../context.ts";
import { fill, recordMove } from "../ledger.ts";
import { runOf } from "../runs.ts";
import { accountIn, allowanceKey, fillIn, type MicrogridState, seriesOf } from "../state.ts";
import { type JudgedSigner, judgeFill, judgeSigner, recordDraws } from "./orders.ts";

/** A batch while it is audited. */
export interface Batch {
  readonly call: CallOf<"settle">;
  readonly microgrid: MicrogridState;
  readonly number: number;
  /** Only while islanded. */
  readonly priceCap: bigint | undefined;
  readonly hashes: readonly Hex[];
  /** Who signed each order. */
  readonly signers: readonly JudgedSigner[];
  /** The highest ask with fee and the lowest bid that traded, by slot. */
  readonly quotes: Map<number, { ask: bigint; bid: bigint }>;
  /** What is held from each buyer until the batch is priced. */
  readonly held: Map<Address, bigint>;
  /** Who signed the orders of a match. */
  signersOf(index: number): string[];
}

export async function openBatch(
  context: AuditContext,
  call: CallOf<"settle">,
  microgrid: MicrogridState,
  number: number,
): Promise<Batch> {
  const signers: JudgedSigner[] = [];
  for (const [index, order] of call.orders.entries()) {
    const signature = call.signatures[index] ?? "0x";
    signers.push(await judgeSigner(context, order, signature, microgrid.currency));
  }
  const bySigner = (index: number | undefined) => signers[index ?? -1]?.by ?? "not seen";
  return {
    call,
    microgrid,
    number,
    priceCap: microgrid.mode === "Islanded" ? microgrid.islandPriceCap : undefined,
    hashes: call.orders.map((order) => hashOrder(context.domains.market, order)),
    signers,
    quotes: new Map(),
    held: new Map(),
    signersOf: (index) => [
      bySigner(call.matches[index]?.offer),
      bySigner(call.matches[index]?.bid),
    ],
  };
}

/** A match at its turn in the batch. */
interface Met {
  readonly match: SettleMatch;
  readonly offer: Order;
  readonly bid: Order;
  readonly energyWh: bigint;
  /** Base units per kWh: the offer's price with the fee. */
  readonly ask: bigint;
  /** What the buyer must have: the cost at the bid's limit. */
  readonly heldNow: bigint;
  readonly offerBy: JudgedSigner;
  readonly bidBy: JudgedSigner;
}

/** Judges a match in its turn: skipped for a valid reason, or settled within both orders; records fills and energy. */
export async function judgeMatch(
  context: AuditContext,
  batch: Batch,
  index: number,
  outcome: MatchOutcome,
): Promise<void> {
  const { call, microgrid, number, hashes } = batch;
  const match = call.matches[index];
  const offer = call.orders[match?.offer ?? -1];
  const bid = call.orders[match?.bid ?? -1];
  if (match === undefined || offer === undefined || bid === undefined) return;
  const energyWh = sumWh(match.energy);
  const met: Met = {
    match,
    offer,
    bid,
    energyWh,
    ask: offer.price + microgrid.networkFee,
    heldNow: costOf(bid.price, energyWh),
    offerBy: batch.signers[match.offer] ?? { by: "not seen" },
    bidBy: batch.signers[match.bid] ?? { by: "not seen" },
  };
  const [offerHash = "0x", bidHash = "0x"] = [hashes[match.offer], hashes[match.bid]];
  const named = (outcome.skipped ?? outcome.matched).args;
  expect(
    context,
    "calldata",
    named.offerHash === offerHash && named.bidHash === bidHash,
    "other-match-orders",
    { match: index, offerHash: named.offerHash, bidHash: named.bidHash },
    number,
  );
  if (outcome.skipped !== undefined)
    return judgeSkip(context, batch, met, outcome.skipped.args.reason);

  const { move, matched, drawn } = outcome;
  const run = runOf(move.words);
  const [first] = move.words;
  const asked =
    move.from === offer.maker &&
    move.to === bid.maker &&
    first?.microgrid === number &&
    first.source === SOURCES[match.source] &&
    isSameRun(match, run);
  expect(
    context,
    "calldata",
    asked,
    "other-match-energy",
    { match: index, offerHash, bidHash },
    number,
  );
  const common = {
    currency: microgrid.currency,
    source: match.source,
    firstBlock: match.firstBlock,
    energy: match.energy,
    filledWh: energyWh,
  };
  const sides = [
    { order: offer, at: match.offer, taker: bid.maker, orderHash: matched.args.offerHash },
    { order: bid, at: match.bid, taker: offer.maker, orderHash: matched.args.bidHash },
  ];
  for (const { order, at, taker, orderHash } of sides) {
    const signature = call.signatures[at] ?? "0x";
    const signer = batch.signers[at] ?? { by: "not seen" };
    await judgeFill(context, { ...common, order, signature, taker, orderHash, signer });
  }
  expect(
    context,
    "island",
    batch.priceCap === undefined || met.ask <= batch.priceCap,
    "offer-above-island-cap",
    { ask: met.ask, cap: batch.priceCap ?? 0n },
    number,
  );
  recordDraws(context, drawn, context.checksSignatures ? drawsOf(batch, met) : undefined);
  fill(context, offer.maker, offer.nonce, energyWh);
  fill(context, bid.maker, bid.nonce, energyWh);
  recordMove(context, move);
  batch.held.set(bid.maker, (batch.held.get(bid.maker) ?? 0n) + met.heldNow);
  quote(batch, met);
}

const isSameRun = (
  match: SettleMatch,
  run: { readonly firstBlock: number; readonly words: readonly bigint[] },
): boolean =>
  match.energy.every(
    (word, offset) => word === (run.words[match.firstBlock + offset - run.firstBlock] ?? 0n),
  ) && sumWh(match.energy) === sumWh(run.words);

/** Updates the highest ask and the lowest bid of the match's slots. */
function quote({ quotes }: Batch, { match, ask, bid }: Met): void {
  for (const [offset, word] of match.energy.entries()) {
    for (let lane = 0; lane < LANES; lane++) {
      if (laneOf(word, lane) === 0n) continue;
      const slot = (match.firstBlock + offset) * LANES + lane;
      const known = quotes.get(slot);
      quotes.set(slot, {
        ask: known !== undefined && known.ask > ask ? known.ask : ask,
        bid: known !== undefined && known.bid < bid.price ? known.bid : bid.price,
      });
    }
  }
}

function drawsOf(batch: Batch, met: Met) {
  const draws = [];
  const { offer, bid, offerBy, bidBy } = met;
  if (offerBy.delegate !== undefined) {
    draws.push({ maker: offer.maker, delegate: offerBy.delegate, amount: worthOf(batch, met) });
  }
  if (bidBy.delegate !== undefined) {
    draws.push({ maker: bid.maker, delegate: bidBy.delegate, amount: met.heldNow });
  }
  return draws;
}

/** What energy sold by a delegate's offer draws on its allowance. */
const worthOf = ({ microgrid }: Batch, { ask, energyWh }: Met): bigint =>
  costOf(ask > microgrid.feedIn ? ask : microgrid.feedIn, energyWh);

/** A match may be skipped only for an error that applied at that moment. */
function judgeSkip(context: AuditContext, batch: Batch, met: Met, reason: Hex): void {
  const reasons = reasonsAgainst(context, batch, met);
  if (!context.checksSignatures && reason === SELECTORS.Orders_BadSignature) return;
  expect(
    context,
    "skips",
    reasons.includes(reason),
    "skipped-without-reason",
    {
      error: nameOf(reason),
      reason,
      offerHash: batch.hashes[met.match.offer] ?? "",
      bidHash: batch.hashes[met.match.bid] ?? "",
    },
    batch.number,
  );
}

/** The selectors of all errors that apply to a match. */
function reasonsAgainst(context: AuditContext, batch: Batch, met: Met): Hex[] {
  const { state, time } = context;
  const { match, offer, bid, energyWh } = met;
  const { currency } = batch.microgrid;
  const buyer = accountIn(state, currency, bid.maker);
  const isAgainst: Readonly<Record<Obstacle, boolean>> = {
    // What could not be judged counts as a valid reason.
    Orders_BadSignature: [met.offerBy, met.bidBy].some(
      ({ by }) => by === "nobody" || by === "not seen",
    ),
    Orders_Expired: time > offer.deadline || time > bid.deadline,
    Orders_CounterRaised:
      offer.counter !== accountIn(state, currency, offer.maker).counter ||
      bid.counter !== buyer.counter,
    Orders_NotCounterparty: !isOpen(offer, bid.maker) || !isOpen(bid, offer.maker),
    Orders_SourceNotNamed: [offer, bid].some(
      ({ sources }) => ((sources >> match.source) & 1) === 0,
    ),
    Orders_IsCancelled: [offer, bid].some(
      ({ maker, nonce }) => fillIn(state, maker, nonce).cancelled,
    ),
    Orders_Overfilled: [offer, bid].some((order) => leftOf(context, order) < energyWh),
    Trading_AboveIslandCap: batch.priceCap !== undefined && met.ask > batch.priceCap,
    Escrow_InsufficientBalance: buyer.balance - (batch.held.get(bid.maker) ?? 0n) < met.heldNow,
    Orders_AllowanceExceeded:
      isBeyond(context, currency, offer.maker, met.offerBy, worthOf(batch, met)) ||
      isBeyond(context, currency, bid.maker, met.bidBy, met.heldNow),
    Settlement_NotCovered: !isCovered(context, batch, met),
  };
  return OBSTACLES.filter((name) => isAgainst[name]).map((name) => SELECTORS[name]);
}

const isOpen = ({ counterparty }: Order, taker: Address): boolean =>
  BigInt(counterparty) === 0n || counterparty === taker;

/** Wh of an order that are not filled. */
export function leftOf({ state }: AuditContext, { maker, nonce, energy }: Order): bigint {
  const signed = BigInt(energy) > LANE_MAX_WH ? LANE_MAX_WH : BigInt(energy);
  return signed - fillIn(state, maker, nonce).filledWh;
}

const isBeyond = (
  { state }: AuditContext,
  currency: Address,
  maker: Address,
  { delegate }: JudgedSigner,
  amount: bigint,
): boolean =>
  delegate !== undefined &&
  amount > (state.allowances.get(allowanceKey(maker, currency, delegate)) ?? 0n);

/** Whether the seller has the energy and it fits into the buyer's lanes. */
function isCovered(
  { state }: AuditContext,
  { number }: Batch,
  { match, offer, bid }: Met,
): boolean {
  const series = seriesOf(number, match.source);
  return match.energy.every((word, offset) => {
    const blockNumber = match.firstBlock + offset;
    const held = (who: Address) => state.energy.get(who)?.get(series)?.get(blockNumber) ?? 0n;
    const headroom = uniformWord(LANE_MAX_WH) ^ held(bid.maker);
    return isAtMost(word, held(offer.maker)) && isAtMost(word, headroom);
  });
}

const OBSTACLES = [
  "Orders_BadSignature",
  "Orders_Expired",
  "Orders_CounterRaised",
  "Orders_NotCounterparty",
  "Orders_SourceNotNamed",
  "Orders_IsCancelled",
  "Orders_Overfilled",
  "Trading_AboveIslandCap",
  "Escrow_InsufficientBalance",
  "Orders_AllowanceExceeded",
  "Settlement_NotCovered",
] as const;

type Obstacle = (typeof OBSTACLES)[number];

const SELECTORS = Object.fromEntries(OBSTACLES.map((name) => [name, selectorOf(name)])) as Record<
  Obstacle,
  Hex
>;

const nameOf = (selector: Hex): string =>
  OBSTACLES.find((name) => SELECTORS[name] === selector) ?? `an unknown error, ${selector}`;

function selectorOf(name: Obstacle): Hex {
  const error = marketplaceAbi.find((item) => item.type === "error" && item.name === name);
  if (error?.type !== "error") throw new Error(`The ABI has no error ${name}.`);
  return toFunctionSelector(`${name}(${error.inputs.map(({ type }) => type).join(",")})`);
}
