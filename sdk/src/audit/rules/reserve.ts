import { encodeAbiParameters, getAbiItem, keccak256 } from "viem";
import { marketplaceAbi } from "../../abi/marketplace.ts";
import type { ReserveAct } from "../../history/acts.ts";
import type { PositionTerms } from "../../history/positions.ts";
import { costOf } from "../../money.ts";
import { LANES, laneOf, sumWh } from "../../profile.ts";
import { addWords, arrivingWord, maskOfSlots } from "../../words.ts";
import type { CallOf } from "../calls.ts";
import { type AuditContext, expect, expectEqual } from "../context.ts";
import { chargeOf, debit, fill } from "../ledger.ts";
import { slotsOf } from "../runs.ts";
import { deliveryIn, moneyIn, type PositionState } from "../state.ts";
import { judgeCrossing, wayWithin } from "./crossing.ts";
import { judgeTakenOrder, sellersPrice, type TakenOrder } from "./takenOrder.ts";

const POSITION = getAbiItem({ abi: marketplaceAbi, name: "positionId" }).inputs;

/** A position's id: the hash of its terms, as in the contracts. */
export const positionIdOf = (terms: PositionTerms) =>
  keccak256(encodeAbiParameters(POSITION, [terms]));

/** A reservation: order, terms, what is locked, and whether the meter can deliver it. */
export async function judgeReserve(
  context: AuditContext,
  { reserved, crossed, drawn }: ReserveAct,
  call: CallOf<"reserve"> | undefined,
): Promise<void> {
  const { orderHash, positionId, maker, nonce, filled, locked, bonded } = reserved.args;
  const { position: terms, firstBlock, energy } = reserved.args;
  const { seller, buyer, from, to, currency } = terms;
  const where = { orderHash, positionId };
  const way = crossed === undefined ? wayWithin(context, from) : judgeCrossing(context, crossed);
  expect(
    context,
    "logs",
    positionIdOf(terms) === positionId && (crossed === undefined) === (from === to),
    "position-of-other-terms",
    where,
    from,
  );
  expectEqual(context, "fees", "other-position-charge", terms.charge, way.chargePerKwh, from);
  expectEqual(context, "loss", "other-position-loss", BigInt(terms.lossBps), way.lossBps, from);

  const position = positionIn(context, positionId, terms);
  const grown = grow(position, firstBlock, energy);
  expectEqual(context, "fees", "other-locked-payment", locked, grown.due + grown.charge, from);
  expectEqual(context, "refunds", "other-bond", bonded, grown.bonded, from);
  const sentWh = sumWh(energy);
  const taken: TakenOrder = {
    forward: true,
    orderHash,
    maker,
    seller,
    buyer,
    from,
    to,
    source: terms.source,
    currency,
    firstBlock,
    energy,
    sentWh,
    arrivedWh: sumWh(energy.map((word) => arrivingWord(word, way.lossBps))),
    filledWh: filled,
    due: grown.due,
    charge: grown.charge,
    bonded,
    drawn,
  };
  const signer = await judgeTakenOrder(context, taken, call, way);
  if (call !== undefined) {
    const price = sellersPrice(call.order, way) ?? 0n;
    expectEqual(context, "price", "other-position-price", terms.price, price, from);
    expectEqual(context, "price", "other-position-bond", terms.bond, call.order.bond, from);
  }
  commit(context, terms, firstBlock, energy);

  fill(context, maker, nonce, filled);
  debit(context, currency, buyer, locked);
  debit(context, currency, seller, bonded);
  moneyIn(context.state, currency).locked += locked + bonded;
  context.row({
    kind: "settlement",
    type: "reserve",
    block: context.blockNumber,
    time: context.time,
    transaction: context.transaction,
    logIndex: reserved.logIndex,
    seller,
    buyer,
    from,
    to,
    source: terms.source,
    ...slotsOf({ firstBlock, words: energy }),
    slotSeconds: context.state.microgrids.get(from)?.slotSeconds ?? 0,
    currency,
    sentWh,
    arrivedWh: taken.arrivedWh,
    cost: locked,
    charge: grown.charge,
    refund: 0n,
    bond: bonded,
    orders: [orderHash],
    signers: [signer.by],
  });
}

function positionIn(context: AuditContext, id: `0x${string}`, terms: PositionTerms): PositionState {
  const known = context.state.positions.get(id);
  if (known !== undefined) return known;
  const made = { terms, reserved: new Map<number, bigint>() };
  context.state.positions.set(id, made);
  return made;
}

/** Adds energy to a position; a block locks the cost of its whole energy. */
function grow({ terms, reserved }: PositionState, firstBlock: number, energy: readonly bigint[]) {
  let [due, charge, bonded] = [0n, 0n, 0n];
  for (const [offset, word] of energy.entries()) {
    if (word === 0n) continue;
    const before = reserved.get(firstBlock + offset) ?? 0n;
    const grown = addWords(before, word);
    reserved.set(firstBlock + offset, grown);
    const [whBefore, wh] = [sumWh([before]), sumWh([grown])];
    due += costOf(terms.price, wh) - costOf(terms.price, whBefore);
    charge += chargeOf(terms.charge, wh) - chargeOf(terms.charge, whBefore);
    bonded += costOf(terms.bond, wh) - costOf(terms.bond, whBefore);
  }
  return { due, charge, bonded };
}

/** The meter must be the seller's, produce such energy, and be able to deliver all that it has promised. */
function commit(
  context: AuditContext,
  terms: PositionTerms,
  firstBlock: number,
  energy: readonly bigint[],
): void {
  const { seller, meter: address, from, source } = terms;
  const meter = context.state.meters.get(address);
  const isSellers =
    meter?.owner === seller && meter.active && meter.microgrid === from && meter.source === source;
  expect(
    context,
    "meter",
    isSellers,
    "meter-of-others",
    { meter: address, seller, microgrid: from },
    from,
  );
  const slotSeconds = context.state.microgrids.get(from)?.slotSeconds ?? 900;
  const mostWh = BigInt(Math.floor(((meter?.capacityW ?? 0) * slotSeconds) / 3600));
  const started = Math.floor(context.time / slotSeconds) + 1;
  for (const [offset, word] of energy.entries()) {
    if (word === 0n) continue;
    const blockNumber = firstBlock + offset;
    const delivery = deliveryIn(context.state, address, blockNumber);
    delivery.committed = addWords(delivery.committed, word);
    expect(
      context,
      "order-terms",
      (word & maskOfSlots(blockNumber, 0, started)) === 0n,
      "sold-after-start",
      { meter: address, block: blockNumber },
      from,
    );
    for (let lane = 0; lane < LANES; lane++) {
      if (laneOf(word, lane) === 0n) continue;
      const promisedWh = laneOf(delivery.committed, lane);
      expect(
        context,
        "capacity",
        promisedWh <= mostWh,
        "promised-above-capacity",
        { meter: address, slot: blockNumber * LANES + lane, promisedWh, mostWh },
        from,
      );
    }
  }
}
