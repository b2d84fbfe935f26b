import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Hex } from "viem";
import { useNetwork } from "../chain/network.tsx";
import { type BookOrder, fetchOrders, type OrdersQuery, streamOrders } from "./relay.ts";

/** Some of a relay's orders, as they are now. */
export interface Followed {
  readonly orders: readonly BookOrder[];
  readonly isPending: boolean;
  /** There is no relay, or it does not answer. */
  readonly isDown: boolean;
  refetch(): void;
}

type OrdersByHash = ReadonlyMap<Hex, BookOrder>;

/** Changes are gathered for this long, so that a busy book is drawn anew a few times a second at most. */
const GATHER_MS = 100;
const RETRY_MS = 5_000;
const NONE: readonly BookOrder[] = [];

/**
 * Orders of a microgrid's book from the relay, followed by its stream.
 * @param query Which orders; undefined while that is not known yet.
 * @param keeps Whether an order, as it is now, is one of them. The same function at every call.
 */
export function useFollowed(
  query: (OrdersQuery & { readonly microgrid: number }) | undefined,
  keeps: (order: BookOrder) => boolean,
): Followed {
  const { relayUrl, deployment } = useNetwork();
  const { chainId } = deployment;
  const queries = useQueryClient();
  const asked = JSON.stringify(query);
  const microgrid = query?.microgrid;

  const relay = useQuery({
    queryKey: ["relay", chainId, "book", asked],
    queryFn: async ({ signal }): Promise<OrdersByHash> => {
      const orders = await fetchOrders(relayUrl ?? "", query ?? {}, signal);
      return new Map(orders.filter(keeps).map((order) => [order.hash, order]));
    },
    enabled: relayUrl !== undefined && query !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    // While it is down it is tried again; once it is up the stream tells of changes.
    refetchInterval: ({ state }) => (state.status === "error" ? RETRY_MS : false),
  });
  const streams = relay.isSuccess;

  useEffect(() => {
    if (relayUrl === undefined || microgrid === undefined || !streams) return;
    const queryKey = ["relay", chainId, "book", asked];
    const orders = queries.getQueryData<OrdersByHash>(queryKey);
    let changed = new Map<Hex, BookOrder>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const apply = () => {
      timer = undefined;
      const changes = changed;
      changed = new Map();
      queries.setQueryData<OrdersByHash>(queryKey, (current) => merge(current, changes, keeps));
    };
    const stop = streamOrders(
      relayUrl,
      { microgrid, from: latest(orders) },
      {
        order(order) {
          changed.set(order.hash, order);
          timer ??= setTimeout(apply, GATHER_MS);
        },
        // Asking for the whole book tells whether the relay is down or only the stream has broken.
        error: () => void queries.invalidateQueries({ queryKey }),
      },
    );
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [relayUrl, microgrid, chainId, asked, streams, queries, keeps]);

  return {
    orders: listOf(relay.data),
    isPending: relay.isPending,
    isDown: relayUrl === undefined || relay.isError,
    refetch: () => void relay.refetch(),
  };
}

const latest = (orders: OrdersByHash | undefined): number => {
  let sequence = 0;
  for (const order of orders?.values() ?? []) sequence = Math.max(sequence, order.updatedSequence);
  return sequence;
};

function merge(
  current: OrdersByHash | undefined,
  changes: OrdersByHash,
  keeps: (order: BookOrder) => boolean,
): OrdersByHash | undefined {
  let next: Map<Hex, BookOrder> | undefined;
  for (const [hash, order] of changes) {
    const known = current?.get(hash);
    if (order.updatedSequence < (known?.updatedSequence ?? 0)) continue;
    if (!keeps(order) && known === undefined) continue;
    next ??= new Map(current);
    if (keeps(order)) next.set(hash, order);
    else next.delete(hash);
  }
  return next ?? current;
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
