import {
  type Contracts,
  decodeCalls,
  type Order,
  type Source,
  sourceAt,
  unpackProfile,
} from "@wattline/sdk";
import type { Address, Hex } from "viem";
import type { PromiseBook } from "./book.ts";

/** Energy of one slot that goes from the maker of one order to the maker of another. */
export interface Assigned {
  readonly sold: Order;
  readonly bought: Order;
  readonly source: Source;
  readonly slot: number;
  readonly energyWh: bigint;
}

/** What is promised, without what has failed and what the chain's own state has of it. */
export function assignedIn(book: PromiseBook): Assigned[] {
  return [...book.promises].flatMap(({ offer, bid, source, slot, ...promise }) => {
    const energyWh = promise.energyWh - promise.failedWh - promise.closedWh;
    const [sold, bought] = [book.orders.get(offer)?.order, book.orders.get(bid)?.order];
    if (energyWh === 0n || sold === undefined || bought === undefined) return [];
    return [{ sold, bought, source, slot, energyWh }];
  });
}

/** What calls of `settle` match, if nothing of it is skipped. */
export function assignedBy(
  contracts: Contracts,
  calls: readonly { readonly to: Address; readonly data: Hex }[],
): Assigned[] {
  return calls
    .flatMap(({ to, data }) => decodeCalls(contracts, { to, input: data }))
    .flatMap((call) => {
      if (call.functionName !== "settle") return [];
      const [orders, , matches] = call.args;
      return matches.flatMap(({ offer, bid, source, firstBlock, energy }) => {
        const [sold, bought] = [orders[offer], orders[bid]];
        if (sold === undefined || bought === undefined) return [];
        const energyWh = unpackProfile({ firstBlock, words: energy });
        return [...energyWh].map(([slot, wh]) => ({
          ...{ sold, bought, source: sourceAt(source), slot, energyWh: wh },
        }));
      });
    });
}
