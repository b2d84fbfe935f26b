import { encodeAbiParameters, getAbiItem, keccak256 } from "viem";
import { marketplaceAbi } from "../../abi/marketplace.ts";
import type { ReserveAct } from "../../history/acts.ts";
import type { PositionTerms } from "../../history/positions.ts";
import { costOf } from "../../money.ts";
import { LANES, laneOf, sumWh } from "../../profile.ts";
import { addWords, arrivingWord, maskOfSlots } from "../../words.ts";
import type { CallOf } from "../calls.ts";
import { chargeOf, debit, fill } from "../ledger.ts";
import { slotsOf } from "../runs.ts";
import { expect, expectEqual, type Scene } from "../scene.ts";
import { deliveryIn, moneyIn, type PositionState } from "../state.ts";
import { judgeCrossing, wayWithin } from "./crossing.ts";
import { type Deal, judgeDeal, sellersPrice } from "./deals.ts";

const POSITION = getAbiItem({ abi: marketplaceAbi, name: "positionId" }).inputs;

/** What names a position: the hash of its terms, as the contracts make it. */
export const positionIdOf = (terms: PositionTerms) =>
  keccak256(encodeAbiParameters(POSITION, [terms]));

/** Energy reserved before it is made: order, terms, what is locked, and that the meter can deliver it. */
export async function judgeReserve(
  scene: Scene,
  { reserved, crossed, drawn }: ReserveAct,
  call: CallOf<"reserve"> | undefined,
): Promise<void> {
  const { orderHash, positionId, maker, nonce, filled, locked, bonded } = reserved.args;
  const { position: terms, firstBlock, energy } = reserved.args;
  const { seller, buyer, from, to, currency } = terms;
  const where = { orderHash, positionId };
  const way = crossed === undefined ? wayWithin(scene, from) : judgeCrossing(scene, crossed);
  expect(
    scene,
    "logs",
    positionIdOf(terms) === positionId && (crossed === undefined) === (from === to),
    "position-of-other-terms",
    where,
    from,
  );
  expectEqual(scene, "fees", "other-position-charge", terms.charge, way.chargePerKwh, from);
  expectEqual(scene, "loss", "other-position-loss", BigInt(terms.lossBps), way.lossBps, from);

  const position = positionIn(scene, positionId, terms);
  const grown = grow(position, firstBlock, energy);
  expectEqual(scene, "fees", "other-locked-payment", locked, grown.due + grown.charge, from);
  expectEqual(scene, "refunds", "other-bond", bonded, grown.bonded, from);
  const sentWh = sumWh(energy);
  const deal: Deal = {
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
  const signer = await judgeDeal(scene, deal, call, way);
  if (call !== undefined) {
    const price = sellersPrice(call.order, way) ?? 0n;
    expectEqual(scene, "price", "other-position-price", terms.price, price, from);
    expectEqual(scene, "price", "other-position-bond", terms.bond, call.order.bond, from);
  }
  commit(scene, terms, firstBlock, energy);

  fill(scene, maker, nonce, filled);
  debit(scene, currency, buyer, locked);
  debit(scene, currency, seller, bonded);
  moneyIn(scene.state, currency).locked += locked + bonded;
  scene.row({
    kind: "settlement",
    type: "reserve",
    block: scene.blockNumber,
    time: scene.time,
    transaction: scene.transaction,
    logIndex: reserved.logIndex,
    seller,
    buyer,
    from,
    to,
    source: terms.source,
    ...slotsOf({ firstBlock, words: energy }),
    slotSeconds: scene.state.microgrids.get(from)?.slotSeconds ?? 0,
    currency,
    sentWh,
    arrivedWh: deal.arrivedWh,
    cost: locked,
    charge: grown.charge,
    refund: 0n,
    bond: bonded,
    orders: [orderHash],
    signers: [signer.by],
  });
}

function positionIn(scene: Scene, id: `0x${string}`, terms: PositionTerms): PositionState {
  const known = scene.state.positions.get(id);
  if (known !== undefined) return known;
  const made = { terms, reserved: new Map<number, bigint>() };
  scene.state.positions.set(id, made);
  return made;
}

/** Adds energy to a position; a block locks what its whole energy costs. */
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

/** The meter must be the seller's, make such energy, and be able to deliver all that it has promised. */
function commit(
  scene: Scene,
  terms: PositionTerms,
  firstBlock: number,
  energy: readonly bigint[],
): void {
  const { seller, meter: address, from, source } = terms;
  const meter = scene.state.meters.get(address);
  const isSellers =
    meter?.owner === seller && meter.active && meter.microgrid === from && meter.source === source;
  expect(
    scene,
    "meter",
    isSellers,
    "meter-of-others",
    { meter: address, seller, microgrid: from },
    from,
  );
  const slotSeconds = scene.state.microgrids.get(from)?.slotSeconds ?? 900;
  const mostWh = BigInt(Math.floor(((meter?.capacityW ?? 0) * slotSeconds) / 3600));
  const started = Math.floor(scene.time / slotSeconds) + 1;
  for (const [offset, word] of energy.entries()) {
    if (word === 0n) continue;
    const blockNumber = firstBlock + offset;
    const delivery = deliveryIn(scene.state, address, blockNumber);
    delivery.committed = addWords(delivery.committed, word);
    expect(
      scene,
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
        scene,
        "capacity",
        promisedWh <= mostWh,
        "promised-above-capacity",
        { meter: address, slot: blockNumber * LANES + lane, promisedWh, mostWh },
        from,
      );
    }
  }
}
