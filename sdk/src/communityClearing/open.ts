import type { Address } from "viem";
import type { Pairing } from "../batches.ts";
import { SOURCES, type Source, sourceMask } from "../energyId.ts";
import { type Microgrid, NO_RATION_WH } from "../microgrid.ts";
import type { EnergyBySlot } from "../profile.ts";
import type { Order, SignedOrder } from "../typedData.ts";
import { communitySlotIn, limitOf } from "./book.ts";
import { clearCommunity } from "./clear.ts";
import type { LimitOrder } from "./types.ts";

/** A signed limit that stands, and what is known of it. */
export interface OpenLimit extends SignedOrder, Pick<LimitOrder, "leftWh" | "mostWh"> {
  /** Whether a bid's meter is a critical load. */
  readonly critical?: boolean;
}

/** The limits of a microgrid that may meet, all for minted energy or all for energy to come. */
export interface OpenBook {
  readonly microgrid: Microgrid;
  /** In ascending order. */
  readonly slots: readonly number[];
  readonly offers: readonly OpenLimit[];
  readonly bids: readonly OpenLimit[];
  /** As in {@link CommunityBook}. */
  readonly moneyMillis?: ReadonlyMap<string, bigint>;
  /** Given where a posted price is met: what buyers pay in a slot, in base units per kWh, instead of the community price. */
  readonly postedIn?: (slot: number) => bigint;
  /** Whether critical loads come first in every slot, as they do in islanded ones; others then have to name their meter. */
  readonly criticalFirst?: boolean;
  /** The energy that covers an offer. */
  poolOf(offer: Order, source: Source): Pool;
}

/** Energy that covers one or several offers. */
export interface Pool {
  /** What tells it from others: offers with the same key share it. */
  readonly key: string;
  readonly energyWh: EnergyBySlot;
}

/** An offer of one source, and the energy that is set aside for it. */
interface Supply {
  readonly open: OpenLimit;
  readonly source: Source;
  readonly energyWh: EnergyBySlot;
}

/** Says who gets how much from whom, as signed orders for `settle`: see {@link clearCommunity}. */
export function pairLimits(book: OpenBook): Pairing[] {
  const { microgrid, bids, moneyMillis } = book;
  const supplies = suppliesOf(book);
  const orders = [
    ...supplies.map(({ open: { order, leftWh }, source, energyWh: mostWh }) =>
      limitOf(order, { leftWh, mostWh }, source),
    ),
    ...bids.map(({ order, leftWh, mostWh, critical }) =>
      limitOf(order, {
        leftWh,
        ...(mostWh !== undefined && { mostWh }),
        ...(critical !== undefined && { critical }),
      }),
    ),
  ];
  const slots = book.slots.map((slot) => ({
    ...(book.criticalFirst && { rationWh: NO_RATION_WH }),
    ...communitySlotIn(microgrid, slot),
    ...(book.postedIn && { pricePerKwh: book.postedIn(slot) }),
  }));
  const cleared = clearCommunity({
    orders,
    slots,
    ...(moneyMillis !== undefined && { moneyMillis }),
  });
  return cleared.flatMap(({ offer, bid, energyWh }) => {
    const [supply, demand] = [supplies[offer], bids[bid - supplies.length]];
    if (supply === undefined || demand === undefined) return [];
    return [{ offer: supply.open, bid: demand, source: supply.source, energyWh }];
  });
}

/** Sets energy aside for offers, each Wh for one of them: where one pool covers several, for the cheapest. */
export function suppliesOf({
  offers,
  slots,
  poolOf,
}: Pick<OpenBook, "offers" | "slots" | "poolOf">): Supply[] {
  const pools = new Map<string, Map<number, bigint>>();
  return [...offers].sort(cheapestFirst).flatMap((open) =>
    SOURCES.filter((source) => (open.order.sources & sourceMask(source)) !== 0).flatMap(
      (source) => {
        const { key, energyWh: covered } = poolOf(open.order, source);
        const pool = pools.get(key) ?? new Map(covered);
        pools.set(key, pool);
        const energyWh = new Map<number, bigint>();
        for (const slot of slots) {
          if (slot < open.order.firstSlot || slot > open.order.lastSlot) continue;
          const there = pool.get(slot) ?? 0n;
          const taken = there < open.leftWh ? there : open.leftWh;
          if (taken === 0n) continue;
          energyWh.set(slot, taken);
          pool.set(slot, there - taken);
        }
        return energyWh.size === 0 ? [] : [{ open, source, energyWh }];
      },
    ),
  );
}

/** By price, then by maker and nonce, so that the list's order decides nothing. */
function cheapestFirst({ order: one }: OpenLimit, { order: other }: OpenLimit): number {
  if (one.price !== other.price) return one.price < other.price ? -1 : 1;
  const [maker, others] = [lower(one.maker), lower(other.maker)];
  if (maker !== others) return maker < others ? -1 : 1;
  return one.nonce < other.nonce ? -1 : one.nonce > other.nonce ? 1 : 0;
}

const lower = (account: Address): string => account.toLowerCase();
