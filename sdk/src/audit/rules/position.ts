import { isAddressEqual, zeroAddress } from "viem";
import type { PositionTerms } from "../../deals/position.ts";
import type { EventNamed } from "../../history/events.ts";
import { positionIdOf, reservedBlocks, termsOf } from "../../history/positions.ts";
import { LANES } from "../../profile.ts";
import { addWords, fillLanes, heldLanes } from "../../words.ts";
import { type AuditContext, expect, expectEqual } from "../context.ts";
import { addWord } from "../ledger.ts";
import { deliveryIn, directionOf, within } from "../state.ts";
import { actingFor } from "./deal.ts";
import type { Due } from "./due.ts";

type Reserved = EventNamed<"Reserved">["args"];

/** A position: its id, what it locks by its own terms, its place in the queue, and the terms that the deal has. */
export function judgePosition(
  context: AuditContext,
  reserved: Reserved,
  due: Due | undefined,
): void {
  const { positionId, position, locked, bonded } = reserved;
  const { from, meter, energy, ahead, firstBlock } = position;
  const isOfTerms = positionIdOf(position) === positionId;
  expect(context, "logs", isOfTerms, "position-of-other-terms", { positionId }, from);
  const blocks = reservedBlocks(position);
  const sum = (member: "lockedMillis" | "bondedMillis") =>
    blocks.reduce((total, block) => total + block[member], 0n);
  expectEqual(context, "price", "other-locked-payment", locked, sum("lockedMillis"), from);
  expectEqual(context, "refunds", "other-bond", bonded, sum("bondedMillis"), from);
  for (const [offset, word] of energy.entries()) {
    const block = firstBlock + offset;
    const committed = context.state.deliveries.get(meter)?.get(block)?.committed ?? 0n;
    const aheadDue = committed & fillLanes(heldLanes(word));
    const isInTurn = (ahead[offset] ?? 0n) === aheadDue;
    expect(context, "shares", isInTurn, "other-place", { positionId, block }, from);
  }
  if (due !== undefined) judgeTerms(context, reserved, due);
}

function judgeTerms(
  context: AuditContext,
  { positionId, position }: Reserved,
  { asked, struck }: Due,
): void {
  const [first] = struck.slots;
  if (first === undefined) return;
  const { from, meter, buyerDelegate, rationed } = position;
  const terms = termsOf(position);
  const isPrice = terms.pricePerKwh === first.pricePerKwh && terms.perArrived === first.perArrived;
  const price = { positionId, found: terms.pricePerKwh, due: first.pricePerKwh };
  expect(context, "price", isPrice, "other-position-price", price, from);
  const perKwh = <Member extends keyof PositionTerms>(member: Member) => terms[member];
  const { bondPerKwh, offer, bid } = asked;
  expectEqual(context, "refunds", "other-position-bond", perKwh("bondPerKwh"), bondPerKwh, from);
  const { chargePerKwh } = first;
  expectEqual(context, "fees", "other-position-charge", perKwh("chargePerKwh"), chargePerKwh, from);
  const ration = first.isRationed ? bid.meter : zeroAddress;
  const isNamed =
    isAddressEqual(meter, offer.meter) &&
    isAddressEqual(rationed, ration) &&
    // Without the signature it is not known whether a delegate signed.
    (!context.checksSignatures ||
      bid.signed?.signer.by === "not seen" ||
      isAddressEqual(buyerDelegate, actingFor(context, asked, bid)));
  expect(context, "calldata", isNamed, "position-for-others", { positionId }, from);
}

/** Records a position: what its meter owes, what it holds of a line or a ration. */
export function recordPosition({ state }: AuditContext, { positionId, position }: Reserved): void {
  const { from, to, meter: address, rationed, energy, firstBlock } = position;
  let open = 0n;
  const meter = state.meters.get(address);
  for (const [offset, word] of energy.entries()) {
    if (word === 0n) continue;
    const block = firstBlock + offset;
    open |= 1n << BigInt(offset);
    const delivery = deliveryIn(state, address, block);
    delivery.committed = addWords(delivery.committed, word);
    if (from !== to) addWord(within(state.flows, directionOf(from, to)), block, word);
    if (rationed !== zeroAddress) addWord(within(state.rationed, rationed), block, word);
    const last = Math.floor((word.toString(2).length - 1) / 32);
    const end = Math.min(block * LANES + last + 1, 2 ** 32 - 1);
    if (meter !== undefined && end > meter.promisedEnd) meter.promisedEnd = end;
  }
  state.positions.set(positionId, { position, open });
}
