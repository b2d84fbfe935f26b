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
import { bookMove, chargeOf, credit, payDsos } from "../ledger.ts";
import { slotsOf } from "../runs.ts";
import { expect, expectEqual, type Scene } from "../scene.ts";
import { type DeliveryState, deliveryIn, lineOf, moneyIn } from "../state.ts";

/** A block of a forward is settled: the share of what was delivered, what is paid, refunded and forfeited, and minted. */
export function judgeRelease(scene: Scene, { released, mints, unmintable }: ReleaseAct): void {
  const { positionId, blockNumber, delivered, paid, charge, refund, forfeited } = released.args;
  const position = scene.state.positions.get(positionId);
  const energy = position?.reserved.get(blockNumber);
  for (const mint of mints) bookMove(scene, mint);
  if (position === undefined || energy === undefined) {
    scene.found("shares", "released-unreserved", { positionId, block: blockNumber });
    return;
  }
  const { terms } = position;
  const { seller, buyer, meter, from, to, currency } = terms;
  const where = { positionId, block: blockNumber };
  expect(
    scene,
    "shares",
    (heldLanes(energy) & ~resolvedOf(scene, meter, from, blockNumber)) === 0n,
    "released-early",
    where,
    from,
  );
  const delivery = deliveryIn(scene.state, meter, blockNumber);
  const { share, rest } = sharesOf(delivery, energy);
  expect(
    scene,
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
  expectEqual(scene, "price", "other-seller-payment", paid, due, from);
  expectEqual(scene, "fees", "other-dso-payment", charge, chargeDue, from);
  expectEqual(scene, "refunds", "other-refund", refund, locked - due - chargeDue, from);
  expectEqual(scene, "refunds", "other-forfeit", forfeited, bonded - kept, from);

  const arrived = arrivingWord(share, BigInt(terms.lossBps));
  const owner = scene.state.meters.get(meter)?.owner ?? zeroAddress;
  const dueMints = [
    { to: buyer, line: lineOf(to, terms.source), energy: arrived },
    { to: owner, line: lineOf(from, terms.source), energy: rest },
  ].filter((mint) => mint.energy !== 0n);
  expect(
    scene,
    "minting",
    isMinted(dueMints, { mints, unmintable }, blockNumber),
    "other-share-minted",
    { ...where, arrivedWh: sumWh([arrived]), restWh: sumWh([rest]) },
    to,
  );

  position.reserved.delete(blockNumber);
  if (position.reserved.size === 0) scene.state.positions.delete(positionId);
  forget(scene, meter, blockNumber, delivery, energy);
  credit(scene, currency, seller, paid + bonded - forfeited);
  credit(scene, currency, buyer, refund + forfeited);
  payDsos(scene, currency, from, to, charge);
  moneyIn(scene.state, currency).locked -= locked + bonded;
  scene.row({
    kind: "settlement",
    type: "release",
    block: scene.blockNumber,
    time: scene.time,
    transaction: scene.transaction,
    logIndex: released.logIndex,
    seller,
    buyer,
    from,
    to,
    source: terms.source,
    ...slotsOf({ firstBlock: blockNumber, words: [energy] }),
    slotSeconds: scene.state.microgrids.get(from)?.slotSeconds ?? 0,
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

/** The guard bits of the lanes that are reported or past the reporting deadline. */
function resolvedOf(scene: Scene, meter: Address, microgrid: number, blockNumber: number): bigint {
  const record = scene.state.microgrids.get(microgrid);
  const flags = scene.state.reported.get(meter)?.get(Math.floor(blockNumber / 32)) ?? 0n;
  let resolved = 0n;
  for (let lane = 0; lane < LANES; lane++) {
    const slot = blockNumber * LANES + lane;
    const reported = (flags >> BigInt((blockNumber % 32) * LANES + lane)) & 1n;
    const { slotSeconds = 0, reportingDeadline = 0 } = record ?? {};
    const late = (slot + 1) * slotSeconds + reportingDeadline < scene.time;
    if (reported === 1n || late) resolved |= 1n << BigInt(32 * lane + 31);
  }
  return resolved;
}

/** A position's share of a block, and what rounding has left in the lanes whose last position this is. */
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

/** Whether just what is due was minted, or found no room in its holder's lane. */
function isMinted(
  due: readonly { readonly to: Address; readonly line: number; readonly energy: bigint }[],
  { mints, unmintable }: Pick<ReleaseAct, "mints" | "unmintable">,
  blockNumber: number,
): boolean {
  const found = [
    ...mints.map(({ to, words }) => {
      const [word] = words;
      const source = SOURCES.indexOf(word?.source ?? "Solar");
      return {
        to,
        line: lineOf(word?.microgrid ?? 0, source),
        blockNumber: word?.blockNumber,
        energy: words.length === 1 ? word?.energy : undefined,
      };
    }),
    ...unmintable.map(({ args }) => ({
      to: args.holder,
      line: Number(args.line),
      blockNumber: args.blockNumber,
      energy: args.energy,
    })),
  ];
  return (
    found.length === due.length &&
    due.every(({ to, line, energy }) =>
      found.some(
        (each) =>
          each.to === to &&
          each.line === line &&
          each.energy === energy &&
          each.blockNumber === blockNumber,
      ),
    )
  );
}

/** A block whose positions are all released needs no memory: nobody can commit to slots that have started. */
function forget(
  scene: Scene,
  meter: Address,
  blockNumber: number,
  delivery: DeliveryState,
  energy: bigint,
): void {
  delivery.released = addWords(delivery.released, energy);
  if (delivery.released !== delivery.committed) return;
  const slotSeconds = scene.state.microgrids.get(
    scene.state.meters.get(meter)?.microgrid ?? 0,
  )?.slotSeconds;
  const ended = (blockNumber + 1) * LANES * (slotSeconds ?? 900) <= scene.time;
  if (ended) scene.state.deliveries.get(meter)?.delete(blockNumber);
}
