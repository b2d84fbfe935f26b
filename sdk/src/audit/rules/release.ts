import { type Address, zeroAddress } from "viem";
import { SOURCES } from "../../energyId.ts";
import type { ReleaseAct } from "../../history/acts.ts";
import { lockedFor } from "../../history/positions.ts";
import { costOf } from "../../money.ts";
import { LANES, sumWh } from "../../profile.ts";
import {
  addWords,
  arrivingWord,
  atLeast,
  fillLanes,
  heldLanes,
  shareWord,
  subtractWords,
} from "../../words.ts";
import { type AuditContext, expect, expectEqual } from "../context.ts";
import { chargeOf, credit, payDsos, recordMove } from "../ledger.ts";
import { slotsOf } from "../runs.ts";
import { type DeliveryState, deliveryIn, moneyIn, seriesOf } from "../state.ts";

/** A released block of a forward: its share of the delivery, payment, refund, forfeited bond, and minted energy. */
export function judgeRelease(
  context: AuditContext,
  { released, mints, unmintable }: ReleaseAct,
): void {
  const { positionId, blockNumber, delivered, paid, charge, refund, forfeited } = released.args;
  const position = context.state.positions.get(positionId);
  const energy = position?.reserved.get(blockNumber);
  for (const mint of mints) recordMove(context, mint);
  if (position === undefined || energy === undefined) {
    context.found("shares", "released-unreserved", { positionId, block: blockNumber });
    return;
  }
  const { terms } = position;
  const { seller, buyer, meter, from, to, currency } = terms;
  const where = { positionId, block: blockNumber };
  expect(
    context,
    "shares",
    (heldLanes(energy) & ~resolvedOf(context, meter, from, blockNumber)) === 0n,
    "released-early",
    where,
    from,
  );
  const delivery = deliveryIn(context.state, meter, blockNumber);
  const { share, rest } = sharesOf(delivery, energy);
  expect(
    context,
    "shares",
    delivered === share,
    "other-share",
    { ...where, foundWh: sumWh([delivered]), dueWh: sumWh([share]) },
    from,
  );

  const sentWh = sumWh([share]);
  const due = costOf(terms.price, sentWh);
  const chargeDue = chargeOf(terms.charge, sentWh);
  const { locked, bonded } = lockedFor(terms, energy);
  const kept = costOf(terms.bond, sentWh);
  expectEqual(context, "price", "other-seller-payment", paid, due, from);
  expectEqual(context, "fees", "other-dso-payment", charge, chargeDue, from);
  expectEqual(context, "refunds", "other-refund", refund, locked - due - chargeDue, from);
  expectEqual(context, "refunds", "other-forfeit", forfeited, bonded - kept, from);

  const arrived = arrivingWord(share, BigInt(terms.lossBps));
  const owner = context.state.meters.get(meter)?.owner ?? zeroAddress;
  const dueMints = [
    { to: buyer, series: seriesOf(to, terms.source), energy: arrived },
    { to: owner, series: seriesOf(from, terms.source), energy: rest },
  ].filter((mint) => mint.energy !== 0n);
  expect(
    context,
    "minting",
    isMinted(dueMints, { mints, unmintable }, blockNumber),
    "other-share-minted",
    { ...where, arrivedWh: sumWh([arrived]), restWh: sumWh([rest]) },
    to,
  );

  position.reserved.delete(blockNumber);
  if (position.reserved.size === 0) context.state.positions.delete(positionId);
  forget(context, meter, blockNumber, delivery, energy);
  credit(context, currency, seller, paid + bonded - forfeited);
  credit(context, currency, buyer, refund + forfeited);
  payDsos(context, currency, from, to, charge);
  moneyIn(context.state, currency).locked -= locked + bonded;
  context.row({
    kind: "settlement",
    type: "release",
    block: context.blockNumber,
    time: context.time,
    transaction: context.transaction,
    logIndex: released.logIndex,
    seller,
    buyer,
    from,
    to,
    source: terms.source,
    ...slotsOf({ firstBlock: blockNumber, words: [energy] }),
    slotSeconds: context.state.microgrids.get(from)?.slotSeconds ?? 0,
    currency,
    sentWh,
    arrivedWh: sumWh([arrived]),
    cost: paid + charge,
    charge,
    refund,
    bond: forfeited,
    orders: [],
    signers: [],
  });
}

/** The guard bits of lanes that are reported or past the reporting deadline. */
function resolvedOf(
  context: AuditContext,
  meter: Address,
  microgrid: number,
  blockNumber: number,
): bigint {
  const record = context.state.microgrids.get(microgrid);
  const flags = context.state.reported.get(meter)?.get(Math.floor(blockNumber / 32)) ?? 0n;
  let resolved = 0n;
  for (let lane = 0; lane < LANES; lane++) {
    const slot = blockNumber * LANES + lane;
    const reported = (flags >> BigInt((blockNumber % 32) * LANES + lane)) & 1n;
    const { slotSeconds = 0, reportingDeadline = 0 } = record ?? {};
    const late = (slot + 1) * slotSeconds + reportingDeadline < context.time;
    if (reported === 1n || late) resolved |= 1n << BigInt(32 * lane + 31);
  }
  return resolved;
}

/** A position's share of a block, and the rounding rest in lanes of which this is the last position. */
function sharesOf(delivery: DeliveryState, energy: bigint) {
  const { committed, delivered } = delivery;
  if (committed === delivered) return { share: energy, rest: 0n };
  const share = shareWord(energy, delivered, committed);
  delivery.sharedCommitted = addWords(delivery.sharedCommitted, energy);
  delivery.sharedDelivered = addWords(delivery.sharedDelivered, share);
  const last = fillLanes(atLeast(delivery.sharedCommitted, committed) & heldLanes(energy));
  const rest = subtractWords(delivered & last, delivery.sharedDelivered & last);
  return { share, rest };
}

/** Whether exactly what is due was minted, or did not fit into its holder's lane. */
function isMinted(
  due: readonly { readonly to: Address; readonly series: number; readonly energy: bigint }[],
  { mints, unmintable }: Pick<ReleaseAct, "mints" | "unmintable">,
  blockNumber: number,
): boolean {
  const found = [
    ...mints.map(({ to, words }) => {
      const [word] = words;
      const source = SOURCES.indexOf(word?.source ?? "Solar");
      return {
        to,
        series: seriesOf(word?.microgrid ?? 0, source),
        blockNumber: word?.blockNumber,
        energy: words.length === 1 ? word?.energy : undefined,
      };
    }),
    ...unmintable.map(({ args }) => ({
      to: args.holder,
      series: Number(args.line),
      blockNumber: args.blockNumber,
      energy: args.energy,
    })),
  ];
  return (
    found.length === due.length &&
    due.every(({ to, series, energy }) =>
      found.some(
        (each) =>
          each.to === to &&
          each.series === series &&
          each.energy === energy &&
          each.blockNumber === blockNumber,
      ),
    )
  );
}

/** A block whose positions are all released is forgotten: nobody can commit to slots that have started. */
function forget(
  context: AuditContext,
  meter: Address,
  blockNumber: number,
  delivery: DeliveryState,
  energy: bigint,
): void {
  delivery.released = addWords(delivery.released, energy);
  if (delivery.released !== delivery.committed) return;
  const slotSeconds = context.state.microgrids.get(
    context.state.meters.get(meter)?.microgrid ?? 0,
  )?.slotSeconds;
  const ended = (blockNumber + 1) * LANES * (slotSeconds ?? 900) <= context.time;
  if (ended) context.state.deliveries.get(meter)?.delete(blockNumber);
}
