import type { RelayClient } from "@wattline/relay/client";
import {
  BID,
  communityPriceIn,
  type EnergyBySlot,
  levelFor,
  type Microgrid,
  type SlotRange,
} from "@wattline/sdk";
import { type Address, isAddressEqual } from "viem";

/** What is looked at of an order in the book. */
interface OpenOrder {
  readonly order: {
    readonly maker: Address;
    readonly side: number;
    readonly price: string;
    readonly firstSlot: number;
    readonly lastSlot: number;
  };
  readonly remainingWh: string;
}

/** A relay, as far as its book is read. */
interface OrderSource {
  allOrders(
    query: Parameters<RelayClient["allOrders"]>[0],
    signal: AbortSignal,
  ): AsyncIterable<OpenOrder>;
}

const PAGE = 500;
const PATIENCE_MS = 10_000;

/** What the order book says of energy to come. Homes that look in the same slot share the answer. */
export class Neighbours {
  readonly #relay: OrderSource;
  /** By microgrid. */
  readonly #looks = new Map<
    number,
    { readonly firstSlot: number; readonly orders: Promise<readonly OpenOrder[]> }
  >();

  constructor(relay: OrderSource) {
    this.#relay = relay;
  }

  /**
   * What others offer of slots to come less what they bid for, at the community price or better, in Wh by slot.
   * @param self Whose own orders don't count.
   * @throws what the relay's client throws
   */
  async leftWh(microgrid: Microgrid, range: SlotRange, self: Address): Promise<EnergyBySlot> {
    const left = new Map<number, bigint>();
    for (const { order, remainingWh } of await this.#ordersOf(microgrid.microgrid, range)) {
      const { firstSlot: slot, lastSlot, side, maker } = order;
      if (slot !== lastSlot || isAddressEqual(maker, self)) continue;
      const price = BigInt(order.price);
      const community = communityPriceIn(microgrid, slot);
      const wh = BigInt(remainingWh);
      if (side === BID && price >= community) left.set(slot, (left.get(slot) ?? 0n) - wh);
      if (side !== BID && price + levelFor(microgrid, slot).feePerKwh <= community) {
        left.set(slot, (left.get(slot) ?? 0n) + wh);
      }
    }
    return left;
  }

  #ordersOf(microgrid: number, range: SlotRange): Promise<readonly OpenOrder[]> {
    const known = this.#looks.get(microgrid);
    if (known?.firstSlot === range.firstSlot) return known.orders;
    const orders = this.#ask(microgrid, range);
    this.#looks.set(microgrid, { firstSlot: range.firstSlot, orders });
    // What has failed is asked for again.
    orders.catch(() => this.#looks.delete(microgrid));
    return orders;
  }

  async #ask(
    microgrid: number,
    { firstSlot: fromSlot, lastSlot: toSlot }: SlotRange,
  ): Promise<readonly OpenOrder[]> {
    const found: OpenOrder[] = [];
    const query = { microgrid, forward: true, fromSlot, toSlot, limit: PAGE };
    const signal = AbortSignal.timeout(PATIENCE_MS);
    for await (const each of this.#relay.allOrders(query, signal)) found.push(each);
    return found;
  }
}
