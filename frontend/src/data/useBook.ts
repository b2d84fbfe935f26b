import { useCallback, useMemo } from "react";
import { type Address, isAddressEqual } from "viem";
import { useChainQuery } from "../chain/index.ts";
import type { BookOrder } from "./relay.ts";
import { type Followed, useFollowed } from "./useFollowed.ts";

/** Orders of a microgrid's book, and of those linked to it, and where they come from. */
export interface Book {
  readonly orders: readonly BookOrder[];
  /** "chain" while no relay answers: orders that were announced on chain. */
  readonly from: "relay" | "chain";
  /** Changes are shown as they happen. */
  readonly isLive: boolean;
  readonly isPending: boolean;
  readonly error: Error | null;
  refetch(): void;
}

const ALONE: readonly number[] = [];
const LIVE = { state: "live" } as const;
const isLive = ({ state }: BookOrder): boolean => state === "live";
const isOpen = ({ state }: BookOrder): boolean => state === "live" || state === "unbacked";

/**
 * The live orders of a microgrid from the relay, followed by its stream; while the relay is down those announced on chain.
 * @param linked Other microgrids whose orders are wanted too.
 */
export function useBook(microgrid: number | undefined, linked: readonly number[] = ALONE): Book {
  const microgrids = microgrid === undefined ? ALONE : [microgrid, ...linked];
  return useBoardBehind(useFollowed(microgrids, LIVE, isLive), microgrids, isLive);
}

/** What a maker has open in a microgrid: live orders, and those that money or energy does not cover yet. */
export function useOwnOrders(microgrid: number | undefined, maker: Address | undefined): Book {
  const microgrids = microgrid === undefined || maker === undefined ? ALONE : [microgrid];
  const isOwn = useCallback(
    (order: BookOrder) =>
      maker !== undefined && isAddressEqual(order.order.maker, maker) && isOpen(order),
    [maker],
  );
  return useBoardBehind(useFollowed(microgrids, { maker, state: "all" }, isOwn), microgrids, isOwn);
}

/** A relay's orders; while it is down those that were announced on chain. */
function useBoardBehind(
  relay: Followed,
  microgrids: readonly number[],
  keeps: (order: BookOrder) => boolean,
): Book {
  const pinned = useChainQuery(
    ["pinned", microgrids],
    async (context) => {
      // Verifying signatures takes code that a book from a relay does without.
      const { readPinnedOrders } = await import("./pinned.ts");
      const books = await Promise.all(microgrids.map((id) => readPinnedOrders(context, id)));
      return books.flat();
    },
    { enabled: relay.isDown && microgrids.length > 0 },
  );
  const { data } = pinned;
  const announced = useMemo(() => data?.filter(keeps) ?? [], [data, keeps]);
  // What the relay told before it went down is shown until the chain has answered.
  const isChainShown = relay.isDown && (data !== undefined || !relay.isKnown);
  if (!isChainShown) return { ...relay, from: "relay", error: null };
  return {
    orders: announced,
    from: "chain",
    isLive: false,
    isPending: pinned.isPending,
    error: pinned.error,
    refetch: pinned.refetch,
  };
}
