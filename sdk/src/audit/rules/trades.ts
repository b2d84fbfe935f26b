import { type Hex, zeroAddress } from "viem";
import { isFirm } from "../../deals/order.ts";
import { SOURCES } from "../../energyId.ts";
import type { AcceptAct, MatchAct, ReserveAct } from "../../history/acts.ts";
import {
  type BareTrade,
  tradeOfMatch,
  tradeOfReservation,
  tradeOfTake,
} from "../../history/trades.ts";
import { isIslandedIn } from "../../microgrid.ts";
import { type EnergyBySlot, packProfile, unpackProfile } from "../../profile.ts";
import { hashOrder } from "../../signatures.ts";
import type { CallOf } from "../calls.ts";
import { type AuditContext, expect } from "../context.ts";
import { addWord, credit, debit, fill, payDsos, recordMove } from "../ledger.ts";
import { accountOf, communitiesIn, directionOf, moneyIn, within } from "../state.ts";
import { askedOfTake, type SignedSide } from "./deal.ts";
import { type Due, dueOf, judgeByDue } from "./due.ts";
import { judgeByEvents } from "./events.ts";
import { judgeSigner, recordDraws } from "./orders.ts";
import { judgePosition, recordPosition } from "./position.ts";

/** The DSOs' part of a batch's matches, which is paid together for a run of matches between the same microgrids. */
export interface Charges {
  add(context: AuditContext, trade: BareTrade): void;
}

/** A posted price that was taken. */
export async function judgeAccept(
  context: AuditContext,
  act: AcceptAct,
  call: CallOf<"accept"> | undefined,
): Promise<void> {
  const { traded, sent, arrived, crossed, drawn } = act;
  const { orderHash, maker, taker, nonce, filled } = traded.args;
  if (!isOfKnown(context, act, orderHash)) return;
  const trade = tradeOfTake(traded.args, sent, arrived);
  const { seller, buyer, from } = trade;
  const isOffer = maker === seller;
  const isTheirs = (isOffer && taker === buyer) || (maker === buyer && taker === seller);
  const values = { orderHash, seller, buyer };
  const isWhole = isTheirs && isOverLine(trade, act);
  expect(context, "logs", isWhole, "energy-went-elsewhere", values, from);
  const filledDue = sumOf(isOffer ? trade.sentWh : trade.arrivedWh);
  const counted = { filledWh: filled, dueWh: filledDue };
  expect(context, "overfill", filled === filledDue, "filled-otherwise", counted, from);
  const due = call && (await dueOfTake(context, call, orderHash, trade, taker));
  judge(context, trade, due);
  recordDraws(context, drawn, due?.draws);
  recordFills(context, trade, isOffer ? nonce : 0n, isOffer ? 0n : nonce);
  recordRation(context, trade, due);
  recordExchange(context, trade, sent, crossed === undefined ? undefined : arrived);
  payDsos(context, currencyOf(context, trade), from, trade.to, trade.chargeMillis);
  writeRow(context, trade, traded.logIndex, due);
}

/** Two orders that were matched. */
export function judgeMatch(
  context: AuditContext,
  act: MatchAct,
  due: Due | undefined,
  charges: Charges,
): void {
  const { matched, sent, arrived, crossed, drawn } = act;
  const { offerHash, offerNonce, bidNonce, sentWh, arrivedWh } = matched.args;
  if (!isOfKnown(context, act, offerHash)) return;
  const trade = tradeOfMatch(matched.args, sent, arrived);
  const { seller, buyer, from } = trade;
  const values = { orderHash: offerHash, seller, buyer };
  expect(context, "logs", isOverLine(trade, act), "energy-went-elsewhere", values, from);
  const isFilled = sentWh === sumOf(trade.sentWh) && arrivedWh === sumOf(trade.arrivedWh);
  const counted = { filledWh: sentWh, dueWh: sumOf(trade.sentWh) };
  expect(context, "overfill", isFilled, "filled-otherwise", counted, from);
  judge(context, trade, due);
  recordDraws(context, drawn, due?.draws);
  recordFills(context, trade, offerNonce, bidNonce);
  recordRation(context, trade, due);
  recordExchange(context, trade, sent, crossed === undefined ? undefined : arrived);
  charges.add(context, trade);
  writeRow(context, trade, matched.logIndex, due);
}

/** A forward that was taken. */
export async function judgeReserve(
  context: AuditContext,
  act: ReserveAct,
  call: CallOf<"reserve"> | undefined,
): Promise<void> {
  const { args } = act.reserved;
  const trade = tradeOfReservation(args);
  const taker = trade.taker ?? zeroAddress;
  const orderHash = trade.offerHash ?? trade.bidHash ?? "0x";
  const due = call && (await dueOfTake(context, call, orderHash, trade, taker));
  judgeReserved(context, act, due);
}

/** A forward that was taken or matched. */
export function judgeReserved(
  context: AuditContext,
  { reserved, drawn }: ReserveAct,
  due: Due | undefined,
): void {
  const { args, logIndex } = reserved;
  const { position, offerNonce, bidNonce, locked, bonded } = args;
  const trade = tradeOfReservation(args);
  judgePosition(context, args, due);
  judge(context, trade, due);
  recordDraws(context, drawn, due?.draws);
  recordFills(context, trade, offerNonce, bidNonce);
  recordPosition(context, args);
  const currency = position.currency;
  debit(context, currency, trade.buyer, locked);
  debit(context, currency, trade.seller, bonded);
  moneyIn(context.state, currency).lockedMillis += locked + bonded;
  writeRow(context, trade, logIndex, due);
}

/** What a taken order comes to by its call; undefined when the call is about something else. */
async function dueOfTake(
  context: AuditContext,
  call: CallOf<"accept" | "reserve">,
  orderHash: Hex,
  trade: BareTrade,
  taker: string,
): Promise<Due | undefined> {
  const { order, signature, sender, take } = call;
  const hash = hashOrder(context.domains.market, order);
  const currency = currencyOf(context, trade);
  const signer = await judgeSigner(context, order, signature, currency);
  const asked = askedOfTake(context, call, hash, signer);
  const fits =
    asked !== undefined &&
    hash === orderHash &&
    sender === taker &&
    order.forward === trade.isForward &&
    (order.side === 0) === (order.maker === trade.seller) &&
    asked.offer.microgrid === trade.from &&
    asked.bid.microgrid === trade.to &&
    SOURCES[take.source] === trade.source;
  expect(context, "calldata", fits, "other-trade", { orderHash }, trade.from);
  return asked !== undefined && fits ? dueOf(context, asked) : undefined;
}

/** Judges a trade by its call, or where that was not seen by what its events and the microgrids say. */
function judge(context: AuditContext, trade: BareTrade, due: Due | undefined): void {
  if (due !== undefined) {
    judgeByDue(context, trade, due);
    return;
  }
  for (const check of ["order-signature", "order-terms", "price"] as const) {
    context.unseen(check, "through-contract");
  }
  judgeByEvents(context, trade);
}

/** Whether a trade moved energy of microgrids that were founded. */
function isOfKnown(
  context: AuditContext,
  { sent, arrived }: Pick<AcceptAct, "sent" | "arrived">,
  orderHash: Hex,
): boolean {
  const communities = communitiesIn(context.state);
  const isKnown = [sent, arrived].every(
    ({ words: [first] }) => first !== undefined && communities.get(first.microgrid) !== undefined,
  );
  if (!isKnown) context.found("logs", "trade-without-energy", { orderHash });
  return isKnown;
}

/** Whether energy crossed a line exactly when its two ends differ, as its event says. */
function isOverLine(
  { from, to, sentWh, arrivedWh }: BareTrade,
  { sent, arrived, crossed }: Pick<AcceptAct, "sent" | "arrived" | "crossed">,
): boolean {
  if (crossed === undefined) return from === to;
  const { args } = crossed;
  return (
    from !== to &&
    args.from === from &&
    args.to === to &&
    sent.to === zeroAddress &&
    arrived.from === zeroAddress &&
    isSame(unpackProfile({ firstBlock: args.firstBlock, words: args.sent }), sentWh) &&
    isSame(unpackProfile({ firstBlock: args.firstBlock, words: args.arrived }), arrivedWh)
  );
}

const isSame = (one: EnergyBySlot, other: EnergyBySlot): boolean =>
  one.size === other.size && [...one].every(([slot, wh]) => other.get(slot) === wh);

const sumOf = (energyWh: EnergyBySlot): bigint =>
  [...energyWh.values()].reduce((total, wh) => total + wh, 0n);

const currencyOf = ({ state }: AuditContext, { from }: Pick<BareTrade, "from">) =>
  communitiesIn(state).get(from)?.currency ?? zeroAddress;

/** Adds to the fills of both orders; a taker has none. */
function recordFills(
  context: AuditContext,
  trade: BareTrade,
  offerNonce: bigint,
  bidNonce: bigint,
): void {
  const { offerHash, bidHash, seller, buyer, sentWh, arrivedWh } = trade;
  const currency = currencyOf(context, trade);
  for (const [hash, maker, nonce, wh] of [
    [offerHash, seller, offerNonce, sumOf(sentWh)],
    [bidHash, buyer, bidNonce, sumOf(arrivedWh)],
  ] as const) {
    if (hash === undefined) continue;
    // A firm order's settler is its maker's lock's.
    const { settler } = isFirm({ nonce })
      ? accountOf(context.state, currency, maker)
      : { settler: zeroAddress };
    fill(context, { maker, currency, settler, nonce }, wh);
  }
}

/** Notes what was bought of rations; only a call names the meter. */
function recordRation({ state }: AuditContext, trade: BareTrade, due: Due | undefined): void {
  if (trade.from !== trade.to) return;
  const microgrid = communitiesIn(state).get(trade.to);
  if (due === undefined) {
    const slots = [...trade.sentWh.keys()];
    if (microgrid !== undefined && slots.some((slot) => isIslandedIn(microgrid, slot))) {
      state.isRationKnown = false;
    }
    return;
  }
  const bought = due.struck.slots.filter(({ isRationed }) => isRationed);
  if (bought.length === 0) return;
  const words = within(state.rationed, due.asked.bid.meter);
  const { firstBlock, words: added } = packProfile(
    new Map(bought.map(({ slot, sentWh }) => [slot, sentWh])),
  );
  for (const [offset, word] of added.entries()) addWord(words, firstBlock + offset, word);
}

/** Moves energy and money; what the DSOs get is paid apart. */
function recordExchange(
  context: AuditContext,
  trade: BareTrade,
  sent: AcceptAct["sent"],
  arrived: AcceptAct["arrived"] | undefined,
): void {
  const currency = currencyOf(context, trade);
  debit(context, currency, trade.buyer, trade.costMillis);
  credit(context, currency, trade.seller, trade.costMillis - trade.chargeMillis);
  recordMove(context, sent);
  if (arrived === undefined) return;
  recordMove(context, arrived);
  const flows = within(context.state.flows, directionOf(trade.from, trade.to));
  for (const { blockNumber, energy } of sent.words) addWord(flows, blockNumber, energy);
}

/** The audit's record of a trade. */
export function writeRow(
  context: AuditContext,
  trade: BareTrade,
  logIndex: number,
  due: Due | undefined,
): void {
  const microgrid = communitiesIn(context.state).get(trade.from);
  const slots = [...(trade.reservedWh ?? trade.sentWh).keys()].sort((a, b) => a - b);
  const orders = [trade.offerHash, trade.bidHash].filter((hash) => hash !== undefined);
  const signed: SignedSide[] = [due?.asked.offer.signed, due?.asked.bid.signed].filter(
    (side) => side !== undefined,
  );
  context.row({
    kind: "settlement",
    type: trade.kind,
    block: context.blockNumber,
    time: context.time,
    transaction: context.transaction,
    logIndex,
    seller: trade.seller,
    buyer: trade.buyer,
    from: trade.from,
    to: trade.to,
    source: SOURCES.indexOf(trade.source),
    firstSlot: slots[0] ?? 0,
    lastSlot: slots.at(-1) ?? 0,
    slotSeconds: microgrid?.slotSeconds ?? 0,
    currency: microgrid?.currency ?? zeroAddress,
    sentWh: sumOf(trade.sentWh),
    arrivedWh: sumOf(trade.arrivedWh),
    costMillis: trade.costMillis,
    chargeMillis: trade.chargeMillis,
    refundMillis: trade.refundMillis,
    bondMillis: trade.bondMillis,
    orders,
    signers:
      due === undefined ? orders.map(() => "not seen") : signed.map(({ signer }) => signer.by),
  });
}
