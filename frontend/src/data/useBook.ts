import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Hex } from "viem";
import { useNetwork } from "../chain/network.tsx";
import { useChainQuery } from "../chain/useChainQuery.ts";
import { type BookOrder, fetchOrders, streamOrders } from "./relay.ts";

/** A microgrid's book: live orders, and where they come from. */
export interface Book {
  readonly orders: readonly BookOrder[];
  /** "chain" while no relay answers: orders that were announced on chain. */
  readonly from: "relay" | "chain";
  readonly isPending: boolean;
  readonly error: Error | null;
  refetch(): void;
}

type OrdersByHash = ReadonlyMap<Hex, BookOrder>;

/** Changes are gathered for this long, so that a busy book is drawn anew a few times a second at most. */
const GATHER_MS = 100;
const RETRY_MS = 5_000;
const NONE: readonly BookOrder[] = [];

/**
 * The live orders of a microgrid from the relay, followed by its stream; while the relay is down those announced on chain.
 */
export function useBook(microgrid: number | undefined): Book {
  const { relayUrl, deployment } = useNetwork();
  const { chainId } = deployment;
  const queries = useQueryClient();

  const relay = useQuery({
    queryKey: ["relay", chainId, "book", microgrid],
    queryFn: async ({ signal }): Promise<OrdersByHash> => {
      const query = { microgrid: microgrid ?? 0, state: "live" } as const;
      return byHash(await fetchOrders(relayUrl ?? "", query, signal));
    },
    enabled: relayUrl !== undefined && microgrid !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    // While it is down it is tried again; once it is up the stream tells of changes.
    refetchInterval: ({ state }) => (state.status === "error" ? RETRY_MS : false),
  });
  const down = relayUrl === undefined || relay.isError;
  const streams = relay.isSuccess;

  useEffect(() => {
    if (relayUrl === undefined || microgrid === undefined || !streams) return;
    const queryKey = ["relay", chainId, "book", microgrid];
    const orders = queries.getQueryData<OrdersByHash>(queryKey);
    let changed = new Map<Hex, BookOrder>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const apply = () => {
      timer = undefined;
      const changes = changed;
      changed = new Map();
      queries.setQueryData<OrdersByHash>(queryKey, (current) => merge(current, changes));
    };
    const stop = streamOrders(
      relayUrl,
      { microgrid, from: latest(orders) },
      {
        order(order) {
          changed.set(order.hash, order);
          timer ??= setTimeout(apply, GATHER_MS);
        },
        open() {},
        // Asking for the whole book tells whether the relay is down or only the stream has broken.
        error: () => void queries.invalidateQueries({ queryKey }),
      },
    );
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [relayUrl, microgrid, chainId, streams, queries]);

  const pinned = useChainQuery(
    ["pinned", microgrid],
    async (context) => {
      // Verifying signatures takes code that a book from a relay does without.
      const { readPinnedOrders } = await import("./pinned.ts");
      return readPinnedOrders(context, microgrid ?? 0);
    },
    { enabled: down && microgrid !== undefined },
  );

  if (down) {
    return {
      orders: pinned.data?.filter(({ state }) => state === "live") ?? NONE,
      from: "chain",
      isPending: pinned.isPending,
      error: pinned.error,
      refetch: () => void pinned.refetch(),
    };
  }
  return {
    orders: listOf(relay.data),
    from: "relay",
    isPending: relay.isPending,
    error: null,
    refetch: () => void relay.refetch(),
  };
}

const byHash = (orders: readonly BookOrder[]): OrdersByHash =>
  new Map(orders.map((order) => [order.hash, order]));

const latest = (orders: OrdersByHash | undefined): number => {
  let sequence = 0;
  for (const order of orders?.values() ?? []) sequence = Math.max(sequence, order.updatedSequence);
  return sequence;
};

function merge(current: OrdersByHash | undefined, changes: OrdersByHash): OrdersByHash {
  const next = new Map(current);
  for (const [hash, order] of changes) {
    if (order.updatedSequence < (next.get(hash)?.updatedSequence ?? 0)) continue;
    if (order.state === "live") next.set(hash, order);
    else next.delete(hash);
  }
  return next;
}

/** One array for one map, so that what is drawn from it can tell that nothing has changed. */
const lists = new WeakMap<OrdersByHash, readonly BookOrder[]>();
function listOf(orders: OrdersByHash | undefined): readonly BookOrder[] {
  if (orders === undefined) return NONE;
  let list = lists.get(orders);
  if (list === undefined) {
    list = [...orders.values()];
    lists.set(orders, list);
  }
  return list;
}
