import { useCallback } from "react";
import { type Address, isAddressEqual } from "viem";
import { useChainQuery } from "../chain/useChainQuery.ts";
import type { BookOrder } from "./relay.ts";
import { type Followed, useFollowed } from "./useFollowed.ts";

/** Orders of a microgrid's book, and where they come from. */
export interface Book {
  readonly orders: readonly BookOrder[];
  /** "chain" while no relay answers: orders that were announced on chain. */
  readonly from: "relay" | "chain";
  readonly isPending: boolean;
  readonly error: Error | null;
  refetch(): void;
}

const isLive = ({ state }: BookOrder): boolean => state === "live";
const isOpen = ({ state }: BookOrder): boolean => state === "live" || state === "unbacked";

/**
 * The live orders of a microgrid from the relay, followed by its stream; while the relay is down those announced on chain.
 */
export function useBook(microgrid: number | undefined): Book {
  const query = microgrid === undefined ? undefined : ({ microgrid, state: "live" } as const);
  return useBoardBehind(useFollowed(query, isLive), microgrid, isLive);
}

/** What a maker has open in a microgrid: live orders, and those that money or energy does not cover yet. */
export function useOwnOrders(microgrid: number | undefined, maker: Address | undefined): Book {
  const query =
    microgrid === undefined || maker === undefined
      ? undefined
      : ({ microgrid, maker, state: "all" } as const);
  const isOwn = useCallback(
    (order: BookOrder) =>
      maker !== undefined && isAddressEqual(order.order.maker, maker) && isOpen(order),
    [maker],
  );
  return useBoardBehind(useFollowed(query, isOwn), microgrid, isOwn);
}

/** A relay's orders; while it is down those that were announced on chain. */
function useBoardBehind(
  relay: Followed,
  microgrid: number | undefined,
  keeps: (order: BookOrder) => boolean,
): Book {
  const pinned = useChainQuery(
    ["pinned", microgrid],
    async (context) => {
      // Verifying signatures takes code that a book from a relay does without.
      const { readPinnedOrders } = await import("./pinned.ts");
      return readPinnedOrders(context, microgrid ?? 0);
    },
    { enabled: relay.isDown && microgrid !== undefined },
  );
  if (!relay.isDown) return { ...relay, from: "relay", error: null };
  return {
    orders: pinned.data?.filter(keeps) ?? [],
    from: "chain",
    isPending: pinned.isPending,
    error: pinned.error,
    refetch: () => void pinned.refetch(),
  };
}
