import type { Snapshot } from "@wattline/relay/chain";
import {
  asker,
  blockOf,
  type EnergyBySlot,
  isLimit,
  LANES,
  type LineWay,
  laneOf,
  marketplaceAbi,
  OFFER,
  type Pairing,
  pairAcross,
  type TieLine,
  waysOver,
} from "@wattline/sdk";
import type { Leftovers } from "./leftovers.ts";
import { moneyOf, poolsOf, slotsOf } from "./openBook.ts";
import type { Verified } from "./orders/verify.ts";
import { dueSlots, type Timing } from "./timing.ts";

/**
 * Who gets how much from whom over tie lines, of minted energy that is left when the microgrids are cleared. Lines have their turn by
 * the numbers of their microgrids, and what one has used the next finds gone.
 * @param fillable Orders that stand, and that this settler may fill.
 */
export async function pairingsAcross(
  view: Snapshot,
  fillable: readonly Verified[],
  { timing, lines }: { readonly timing: Timing; readonly lines: readonly TieLine[] },
  left: Leftovers,
): Promise<Pairing[]> {
  const ways = waysOver(lines, (each) => view.microgrid(each), view.nowSeconds);
  const crossing = fillable.filter(
    ({ order }) => order.crosses && !order.forward && isLimit(order),
  );
  const pairings: Pairing[] = [];
  for (const way of ways) {
    const found = await clearWay(view, way, crossing, timing, left);
    // At the most.
    left.take(found, ({ bid }) => bid.order.price);
    pairings.push(...found);
  }
  return pairings;
}

async function clearWay(
  view: Snapshot,
  way: LineWay,
  crossing: readonly Verified[],
  timing: Timing,
  left: Leftovers,
): Promise<Pairing[]> {
  const { from, to } = way;
  const isLeft = (each: Verified): boolean => left.open(each).leftWh > 0n;
  const offers = crossing.filter(
    (each) => each.order.microgrid === from.microgrid && each.order.side === OFFER && isLeft(each),
  );
  const bids = crossing.filter(
    (each) => each.order.microgrid === to.microgrid && each.order.side !== OFFER && isLeft(each),
  );
  const { spot } = dueSlots(from, view.nowSeconds, timing);
  const slots = slotsOf(from, offers, bids, spot);
  if (slots.length === 0) return [];
  const poolOf = await poolsOf(view, from, offers, slots);
  return pairAcross({
    ...way,
    slots,
    flowWh: await flowOf(view, way, slots),
    offers: offers.map((each) => left.open(each)),
    bids: bids.map((each) => left.open(each)),
    moneyMillis: left.ofMoney(moneyOf(bids)),
    poolOf: (order, source) => left.ofPool(poolOf(order, source)),
  });
}

/** Wh that a line has carried in one direction. */
async function flowOf(
  view: Snapshot,
  { from, to }: LineWay,
  slots: readonly number[],
): Promise<EnergyBySlot> {
  const ask = asker(view, view.deployment.marketplace, marketplaceAbi);
  const blocks = [...new Set(slots.map(blockOf))];
  const words = new Map(
    await Promise.all(
      blocks.map(
        async (block) =>
          [block, await ask("flowOf", [from.microgrid, to.microgrid, block])] as const,
      ),
    ),
  );
  return new Map(slots.map((slot) => [slot, laneOf(words.get(blockOf(slot)) ?? 0n, slot % LANES)]));
}
