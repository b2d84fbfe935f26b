import type { Subject } from "@wattline/audit";
import {
  type Call,
  type ChainBlock,
  callsOf,
  hashOrder,
  marketDomain,
  type Order,
  type SettlementRow,
} from "@wattline/sdk";
import { type Address, type Hex, zeroAddress } from "viem";

/** Meters, and what names them: an order's hash, or the seller and buyer of a forward. */
interface Named {
  readonly by: string;
  readonly meters: readonly Address[];
}

/**
 * Finds the meters of a settlement in the calldata of its block: those in its orders, its take and its forward.
 */
export function namerOf({ chainId, contracts }: Subject, blocks: readonly ChainBlock[]) {
  const domain = marketDomain(chainId, contracts.marketplace);
  const sent = new Map(
    blocks.flatMap(({ transactions }) => transactions.map((each) => [each.hash, each] as const)),
  );
  const known = new Map<Hex, readonly Named[]>();

  const ofOrder = (order: Order, ...more: Address[]): Named => ({
    by: hashOrder(domain, order),
    meters: [order.meter, ...more],
  });

  function namedIn(call: Call): readonly Named[] {
    switch (call.kind) {
      case "accept":
      case "reserve":
        return [ofOrder(call.order, call.take.meter)];
      case "settle":
        return call.orders.map((order) => ofOrder(order));
      case "release":
        return [{ by: partiesOf(call.position), meters: [call.position.meter] }];
      default:
        return [];
    }
  }

  return (row: SettlementRow): readonly Address[] => {
    const transaction = sent.get(row.transaction);
    if (transaction === undefined) return [];
    const named =
      known.get(row.transaction) ?? callsOf(contracts, transaction).calls.flatMap(namedIn);
    known.set(row.transaction, named);
    const keys = row.type === "release" ? [partiesOf(row)] : row.orders;
    const meters = named.filter(({ by }) => keys.some((key) => key === by));
    return [...new Set(meters.flatMap((each) => each.meters))].filter(
      (meter) => meter !== zeroAddress,
    );
  };
}

const partiesOf = ({ seller, buyer }: { seller: Address; buyer: Address }): string =>
  `${seller} ${buyer}`;
