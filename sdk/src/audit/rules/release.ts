import { type Address, isAddressEqual, zeroAddress } from "viem";
import { releaseSlot, shareWh } from "../../deals/position.ts";
import { SOURCES } from "../../energyId.ts";
import type { ReleaseAct } from "../../history/acts.ts";
import type { EventNamed } from "../../history/events.ts";
import { type Position, termsOf } from "../../history/positions.ts";
import { tradeOfRelease } from "../../history/trades.ts";
import { overdueAtSeconds } from "../../microgrid.ts";
import { isMarked, LANES, laneOf, sumWh } from "../../profile.ts";
import { addWords, heldLanes, laneWord, subtractWords } from "../../words.ts";
import type { CallOf } from "../calls.ts";
import { type AuditContext, expect, expectEqual } from "../context.ts";
import { credit, payDsos, recordMove, takeWord } from "../ledger.ts";
import {
  communitiesIn,
  deliveryIn,
  directionOf,
  forgetDelivery,
  moneyIn,
  reportedIn,
  seriesOf,
  within,
} from "../state.ts";
import { errorOf } from "./errors.ts";
import { writeRow } from "./trades.ts";

/** For this long after a slot is overdue, only the buyer decides whether it is called undelivered. */
const BUYERS_TIME_SECONDS = 30 * 86_400;

/** A released block of a forward: its share of the delivery by its place in the queue, money, and minted energy. */
export function judgeRelease(
  context: AuditContext,
  { released, mint, unmintable }: ReleaseAct,
  call: CallOf<"release"> | undefined,
): void {
  const { args, logIndex } = released;
  const { positionId, blockNumber } = args;
  const { state } = context;
  if (mint !== undefined) recordMove(context, mint);
  const known = state.positions.get(positionId);
  const index = BigInt(blockNumber - (known?.position.firstBlock ?? 0));
  const isOpen = known !== undefined && index >= 0n && ((known.open >> index) & 1n) === 1n;
  if (known === undefined || !isOpen) {
    context.found("shares", "released-unreserved", { positionId, block: blockNumber });
    return;
  }
  const { position } = known;
  const { from, to, currency, source, meter } = position;
  const energy = position.energy[Number(index)] ?? 0n;
  const where = { positionId, block: blockNumber };
  judgeResolved(context, position, energy, args, call);

  const due = releaseOf(context, position, Number(index), blockNumber);
  const values = { ...where, foundWh: sumWh([args.delivered]), dueWh: sumWh([due.share]) };
  expect(context, "shares", args.delivered === due.share, "other-share", values, from);
  expectEqual(context, "price", "other-seller-payment", args.paid, due.paidMillis, from);
  expectEqual(context, "fees", "other-dso-payment", args.charge, due.chargeMillis, from);
  expectEqual(context, "refunds", "other-refund", args.refund, due.refundMillis, from);
  expectEqual(context, "refunds", "other-forfeit", args.forfeited, due.forfeitedMillis, from);
  const minted = mintedOf(mint, unmintable);
  const isMinted =
    due.arrived === 0n
      ? minted === undefined
      : minted?.to === position.buyer &&
        minted.series === seriesOf(to, source) &&
        minted.block === blockNumber &&
        minted.energy === due.arrived;
  const arrived = { ...where, arrivedWh: sumWh([due.arrived]) };
  expect(context, "minting", isMinted, "other-share-minted", arrived, to);

  known.open &= ~(1n << index);
  if (known.open === 0n) state.positions.delete(positionId);
  giveBack(context, position, blockNumber, subtractWords(energy, due.share));
  const delivery = deliveryIn(state, meter, blockNumber);
  delivery.released = addWords(delivery.released, energy);
  forgetDelivery(context, meter, blockNumber);
  const bondedMillis = due.bondedMillis;
  credit(
    context,
    currency,
    position.seller,
    args.paid + bondedMillis - args.charge - args.forfeited,
  );
  credit(context, currency, position.buyer, args.refund + args.forfeited);
  payDsos(context, currency, from, to, args.charge);
  moneyIn(state, currency).lockedMillis -= due.lockedMillis + bondedMillis;
  writeRow(context, tradeOfRelease(position, { energy }, args), logIndex, undefined);
}

/** Every slot must be reported, or was called undelivered by who may, and not before. */
function judgeResolved(
  context: AuditContext,
  position: Position,
  energy: bigint,
  { positionId, blockNumber, undelivered }: EventNamed<"Released">["args"],
  call: CallOf<"release"> | undefined,
): void {
  const { from, meter } = position;
  const missing = heldLanes(energy) & ~reportedIn(context.state, meter, blockNumber);
  const where = { positionId, block: blockNumber };
  expect(context, "shares", undelivered === missing, "released-early", where, from);
  if (missing === 0n) return;
  const mayCall = call === undefined || call.isCalling;
  const isOverdue = isOverdueFor(context, position, blockNumber, missing, call?.sender);
  expect(context, "shares", mayCall && isOverdue, "called-early", where, from);
}

/** Whether the missing lanes of a block can be called undelivered by `caller`; by the buyer when that is not known. */
function isOverdueFor(
  { state, time }: AuditContext,
  { from, buyer, buyerDelegate }: Position,
  blockNumber: number,
  missing: bigint,
  caller: Address | undefined,
): boolean {
  const microgrid = communitiesIn(state).get(from);
  if (microgrid === undefined) return false;
  const isBuyers =
    caller === undefined || isAddressEqual(caller, buyer) || isAddressEqual(caller, buyerDelegate);
  const since = isBuyers ? time : time - BUYERS_TIME_SECONDS;
  for (let lane = 0; lane < LANES; lane++) {
    if (!isMarked(missing, lane)) continue;
    const overdueAt = overdueAtSeconds(microgrid, blockNumber * LANES + lane, time);
    if (overdueAt === undefined || since < overdueAt) return false;
  }
  return true;
}

/** What the release of a block comes to: first promised, first served. */
function releaseOf({ state }: AuditContext, position: Position, index: number, block: number) {
  const terms = termsOf(position);
  const energy = position.energy[index] ?? 0n;
  const ahead = position.ahead[index] ?? 0n;
  const delivered = state.deliveries.get(position.meter)?.get(block)?.delivered ?? 0n;
  const sum = {
    ...{ share: 0n, arrived: 0n, paidMillis: 0n, chargeMillis: 0n, refundMillis: 0n },
    ...{ forfeitedMillis: 0n, lockedMillis: 0n, bondedMillis: 0n },
  };
  for (let lane = 0; lane < LANES; lane++) {
    const energyWh = laneOf(energy, lane);
    if (energyWh === 0n) continue;
    const wh = shareWh(energyWh, laneOf(ahead, lane), laneOf(delivered, lane));
    const slot = releaseSlot(terms, energyWh, wh);
    sum.share |= laneWord(lane, wh);
    sum.arrived |= laneWord(lane, slot.arrivedWh);
    sum.paidMillis += slot.paidMillis;
    sum.chargeMillis += slot.chargeMillis;
    sum.refundMillis += slot.refundMillis;
    sum.forfeitedMillis += slot.forfeitedMillis;
    sum.lockedMillis += slot.paidMillis + slot.refundMillis;
    sum.bondedMillis +=
      slot.toSellerMillis + slot.chargeMillis + slot.forfeitedMillis - slot.paidMillis;
  }
  return sum;
}

/** Frees what was held of a line or of a ration for what was not delivered. */
function giveBack(
  { state }: AuditContext,
  { from, to, rationed }: Position,
  block: number,
  short: bigint,
): void {
  if (short === 0n) return;
  if (from !== to) takeWord(within(state.flows, directionOf(from, to)), block, short);
  else if (rationed !== zeroAddress) takeWord(within(state.rationed, rationed), block, short);
}

/** What was minted, or was too much for its holder's lane. */
function mintedOf(mint: ReleaseAct["mint"], unmintable: ReleaseAct["unmintable"]) {
  if (unmintable !== undefined) {
    const { holder, line, blockNumber, energy } = unmintable.args;
    return { to: holder, series: Number(line), block: blockNumber, energy };
  }
  const [word, ...others] = mint?.words ?? [];
  if (mint === undefined || word === undefined || others.length > 0) return undefined;
  const series = seriesOf(word.microgrid, SOURCES.indexOf(word.source));
  return { to: mint.to, series, block: word.blockNumber, energy: word.energy };
}

/** A block may be left out of a release only for a reason that applied. */
export function judgeNotReleased(
  context: AuditContext,
  { args: { positionId, blockNumber, reason } }: EventNamed<"NotReleased">,
  call: CallOf<"release"> | undefined,
): void {
  const error = errorOf(reason);
  const known = context.state.positions.get(positionId);
  const values = { error, positionId, block: blockNumber };
  const where = known?.position.from;
  const told = (holds: boolean) =>
    expect(context, "skips", holds, "kept-without-reason", values, where);
  const index = blockNumber - (known?.position.firstBlock ?? 0);
  const isOpen = known !== undefined && ((known.open >> BigInt(index)) & 1n) === 1n;
  if (known === undefined || !isOpen) {
    told(error === "Forwards_NotOpen");
    return;
  }
  const { position } = known;
  const energy = position.energy[index] ?? 0n;
  const missing = heldLanes(energy) & ~reportedIn(context.state, position.meter, blockNumber);
  if (error === "Forwards_NotReported") told(missing !== 0n && call?.isCalling !== true);
  else if (error === "Forwards_NotOverdue") {
    const caller = call?.sender ?? zeroAddress;
    told(missing !== 0n && !isOverdueFor(context, position, blockNumber, missing, caller));
  } else told(false);
}
