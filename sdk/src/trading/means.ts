import { BID } from "../deals/order.ts";
import { communityPriceIn, type Microgrid } from "../microgrid.ts";
import { slotStart } from "../slots.ts";
import type { Order } from "../typedData.ts";
import type { Hindrance, PlacedOrder, TradingFacts, TradingLimits } from "./types.ts";

const SECONDS_PER_DAY = 86_400;

/** What a kWh of an order takes at most, in base units. */
interface Draw {
  /** Of the household's escrow. */
  readonly moneyPerKwh: bigint;
  /** Of the delegate's allowance: sold energy counts with its worth at the community price. */
  readonly allowancePerKwh: bigint;
  /** Of what may be spent on the slot's day. */
  readonly dayPerKwh: bigint;
}

/** What orders may still take, while open ones may still take theirs. */
export class Means {
  readonly #microgrid: Microgrid;
  readonly #mostPerDayMillis: bigint;
  #moneyMillis: bigint;
  #allowanceMillis: bigint;
  /** By day. */
  readonly #spentMillis = new Map<number, bigint>();

  constructor(
    { microgrid, balanceMillis, allowanceMillis, placed, nowSeconds }: TradingFacts,
    { mostPerDayMillis }: Pick<TradingLimits, "mostPerDayMillis">,
  ) {
    this.#microgrid = microgrid;
    this.#mostPerDayMillis = mostPerDayMillis;
    this.#moneyMillis = balanceMillis;
    this.#allowanceMillis = allowanceMillis;
    for (const each of placed) {
      const openWh = openWhOf(each, nowSeconds);
      this.#take(each.order, openWh);
      this.#spend(each.order, each.filledWh);
    }
  }

  /** Takes what an order of this kind can take, in Wh, and says what has cut it. */
  afford(
    order: Pick<Order, "side" | "forward" | "price" | "bond" | "crosses" | "firstSlot">,
    energyWh: bigint,
  ): { readonly energyWh: bigint; readonly hindrance: Hindrance | undefined } {
    const { moneyPerKwh, allowancePerKwh, dayPerKwh } = drawOf(this.#microgrid, order);
    const day = this.#dayOf(order.firstSlot);
    const spent = this.#spentMillis.get(day) ?? 0n;
    let most = energyWh;
    let hindrance: Hindrance | undefined;
    const cut = (leftMillis: bigint, perKwh: bigint, reason: Hindrance) => {
      if (perKwh === 0n) return;
      const wh = leftMillis > 0n ? leftMillis / perKwh : 0n;
      if (wh < most) [most, hindrance] = [wh, reason];
    };
    cut(this.#mostPerDayMillis - spent, dayPerKwh, "the most for the day is spent");
    cut(this.#allowanceMillis, allowancePerKwh, "the delegate's allowance is used up");
    cut(this.#moneyMillis, moneyPerKwh, "there is not enough money in escrow");
    return { energyWh: most, hindrance };
  }

  /** Takes what an order takes when it is filled. */
  take(order: Order): void {
    this.#take(order, BigInt(order.energy));
  }

  #take(order: Order, energyWh: bigint): void {
    const { moneyPerKwh, allowancePerKwh } = drawOf(this.#microgrid, order);
    this.#moneyMillis -= moneyPerKwh * energyWh;
    this.#allowanceMillis -= allowancePerKwh * energyWh;
    this.#spend(order, energyWh);
  }

  #spend(order: Order, energyWh: bigint): void {
    const day = this.#dayOf(order.firstSlot);
    const { dayPerKwh } = drawOf(this.#microgrid, order);
    this.#spentMillis.set(day, (this.#spentMillis.get(day) ?? 0n) + dayPerKwh * energyWh);
  }

  /** The day of a slot, by the community's clock. */
  #dayOf(slot: number): number {
    const { slotSeconds, utcOffsetMinutes } = this.#microgrid;
    return Math.floor((slotStart(slot, slotSeconds) + 60 * utcOffsetMinutes) / SECONDS_PER_DAY);
  }
}

/** Wh that can still be filled of an order. */
export const openWhOf = ({ order, filledWh }: PlacedOrder, nowSeconds: number): bigint =>
  order.deadline < nowSeconds ? 0n : BigInt(order.energy) - filledWh;

/** A bid at home pays the community price at most, however high its limit is; over a tie line its limit. */
function drawOf(
  microgrid: Microgrid,
  { side, forward, price, bond, crosses, firstSlot }: Parameters<Means["afford"]>[0],
): Draw {
  const community = communityPriceIn(microgrid, firstSlot);
  if (side === BID) {
    const paid = crosses || price < community ? price : community;
    return { moneyPerKwh: paid, allowancePerKwh: paid, dayPerKwh: paid };
  }
  const pledged = forward ? bond : 0n;
  return { moneyPerKwh: pledged, allowancePerKwh: community + pledged, dayPerKwh: 0n };
}
