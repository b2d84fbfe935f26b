import type { Snapshot } from "@wattline/relay/chain";
import {
  asker,
  blockOf,
  communityPriceIn,
  type EnergyBySlot,
  LANES,
  type LineWay,
  laneOf,
  marketplaceAbi,
  OFFER,
  type OpenLimit,
  type Order,
  type Pairing,
  type Pool,
  pairAcross,
  type TieLine,
  waysOver,
} from "@wattline/sdk";
import { moneyOf, openOf, poolKey, poolsOf, slotsOf } from "./openBook.ts";
import type { Verified } from "./orders/verify.ts";
import { dueSlots, type Timing } from "./timing.ts";

/**
 * Who gets how much from whom over tie lines, of minted energy that is left when the microgrids are cleared. Lines have their turn by
 * the numbers of their microgrids, and what one has used the next finds gone.
 * @param home What is paired in the microgrids.
 */
export async function pairingsAcross(
  view: Snapshot,
  fillable: readonly Verified[],
  { timing, lines }: { readonly timing: Timing; readonly lines: readonly TieLine[] },
  home: readonly Pairing[],
): Promise<Pairing[]> {
  const ways = waysOver(lines, (each) => view.microgrid(each), view.nowSeconds);
  if (ways.length === 0) return [];
  const left = new Leftovers(view);
  left.take(home);
  const crossing = fillable.filter(({ order }) => order.crosses && !order.forward);
  const pairings: Pairing[] = [];
  for (const way of ways) {
    const found = await clearWay(view, way, crossing, timing, left);
    left.take(found);
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
  const isLeft = ({ order, judgement }: Verified): boolean =>
    left.ofOrder(order, judgement.remainingWh) > 0n;
  const offers = crossing.filter(
    (each) => each.order.microgrid === from.microgrid && each.order.side === OFFER && isLeft(each),
  );
  const bids = crossing.filter(
    (each) => each.order.microgrid === to.microgrid && each.order.side !== OFFER && isLeft(each),
  );
  const { spot } = dueSlots(from, view.nowSeconds, timing);
  const slots = slotsOf(from, offers, bids, spot);
  if (slots.length === 0) return [];
  const open = (each: Verified): OpenLimit => ({
    ...openOf(each),
    leftWh: left.ofOrder(each.order, each.judgement.remainingWh),
  });
  const poolOf = await poolsOf(view, from, offers, slots);
  return pairAcross({
    ...way,
    slots,
    flowWh: await flowOf(view, way, slots),
    offers: offers.map(open),
    bids: bids.map(open),
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

/** What pairings leave at least: across a line a bid gets less than is sent, and pays no more than its limit. */
class Leftovers {
  readonly #view: Snapshot;
  /** Wh by maker and nonce. */
  readonly #filledWh = new Map<string, bigint>();
  /** Wh by pool and slot. */
  readonly #soldWh = new Map<string, bigint>();
  /** Thousandths by maker. */
  readonly #paidMillis = new Map<string, bigint>();

  constructor(view: Snapshot) {
    this.#view = view;
  }

  take(pairings: readonly Pairing[]): void {
    for (const { offer, bid, source, energyWh } of pairings) {
      const [sold, bought] = [offer.order, bid.order];
      const home =
        sold.microgrid === bought.microgrid ? this.#view.microgrid(sold.microgrid) : undefined;
      for (const [slot, wh] of energyWh) {
        const pricePerKwh = home === undefined ? bought.price : communityPriceIn(home, slot);
        add(this.#filledWh, fillKey(sold), wh);
        add(this.#filledWh, fillKey(bought), wh);
        add(this.#soldWh, `${poolKey(sold, source)} ${slot}`, wh);
        add(this.#paidMillis, bought.maker.toLowerCase(), pricePerKwh * wh);
      }
    }
  }

  ofOrder(order: Order, remainingWh: bigint): bigint {
    return atLeastNone(remainingWh - (this.#filledWh.get(fillKey(order)) ?? 0n));
  }

  ofPool({ key, energyWh }: Pool): Pool {
    const left = [...energyWh].map(
      ([slot, wh]) => [slot, atLeastNone(wh - (this.#soldWh.get(`${key} ${slot}`) ?? 0n))] as const,
    );
    return { key, energyWh: new Map(left) };
  }

  ofMoney(moneyMillis: ReadonlyMap<string, bigint>): Map<string, bigint> {
    return new Map(
      [...moneyMillis].map(([maker, millis]) => [
        maker,
        atLeastNone(millis - (this.#paidMillis.get(maker) ?? 0n)),
      ]),
    );
  }
}

const fillKey = ({ maker, nonce }: Order): string => `${maker.toLowerCase()} ${nonce}`;

const add = (sums: Map<string, bigint>, key: string, more: bigint): void =>
  void sums.set(key, (sums.get(key) ?? 0n) + more);

const atLeastNone = (wh: bigint): bigint => (wh > 0n ? wh : 0n);
