import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Hex } from "viem";
import { useNetwork } from "../chain/index.ts";
import { isFailing } from "./isFailing.ts";
import { type BookOrder, fetchOrders, type OrdersQuery, streamOrders } from "./relay.ts";

/** Some of a relay's orders, as they are now. */
export interface Followed {
  readonly orders: readonly BookOrder[];
  readonly isPending: boolean;
  /** The relay has told them, now or before it went down. */
  readonly isKnown: boolean;
  /** There is no relay, or it does not answer. */
  readonly isDown: boolean;
  /** Changes are shown as they happen. */
  readonly isLive: boolean;
  refetch(): void;
}

type OrdersByHash = ReadonlyMap<Hex, BookOrder>;

interface Known {
  readonly orders: OrdersByHash;
  /** The event of the stream up to which nothing is missing. */
  readonly eventId: string;
}

/** Changes are gathered for this long, so that a busy book is drawn anew a few times a second at most. */
const GATHER_MS = 100;
const RETRY_MS = 5_000;
const NONE: readonly BookOrder[] = [];

/**
 * Orders of some microgrids' books from the relay, followed by its stream.
 * @param microgrids Whose books; none while that is not known yet. While others are added to the first, what is known of it
 * goes on being shown.
 * @param query Which of their orders.
 * @param keeps Whether an order, as it is now, is one of them. The same function at every call.
 */
export function useFollowed(
  microgrids: readonly number[],
  query: OrdersQuery,
  keeps: (order: BookOrder) => boolean,
): Followed {
  const { relayUrl, deployment } = useNetwork();
  const { chainId } = deployment;
  const queries = useQueryClient();
  const [first] = microgrids;
  const [ids, terms] = [JSON.stringify(microgrids), JSON.stringify(query)];

  /** Changes that the stream has told of since the book was last asked for. */
  const heard = useRef(new Map<Hex, BookOrder>());
  const relay = useQuery({
    queryKey: ["relay", chainId, "book", first, terms, ids],
    queryFn: async ({ signal }): Promise<Known> => {
      const orders = new Map<Hex, BookOrder>();
      const meanwhile = new Map<Hex, BookOrder>();
      heard.current = meanwhile;
      // Changes that come while the later books are read are heard again from the stream.
      let eventId: string | undefined;
      for (const microgrid of idsIn(ids)) {
        const found = await fetchOrders(relayUrl ?? "", { ...query, microgrid }, signal);
        eventId ??= found.eventId;
        for (const order of found.orders) if (keeps(order)) orders.set(order.hash, order);
      }
      // What an open stream told while the pages were read may not be in them.
      return merge({ orders, eventId: eventId ?? "0" }, meanwhile, keeps);
    },
    placeholderData: (before, asked) =>
      asked?.queryKey[1] === chainId && asked.queryKey[3] === first && asked.queryKey[4] === terms
        ? before
        : undefined,
    enabled: relayUrl !== undefined && first !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    // While it is down it is tried again; once it is up the stream reports changes.
    refetchInterval: ({ state }) => (state.status === "error" ? RETRY_MS : false),
  });
  const [isLive, setLive] = useState(false);
  const streams = relay.isSuccess && !relay.isPlaceholderData;

  useEffect(() => {
    if (relayUrl === undefined || first === undefined || !streams) return;
    const queryKey = ["relay", chainId, "book", first, terms, ids];
    const wanted = idsIn(ids);
    let changed = new Map<Hex, BookOrder>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const apply = () => {
      timer = undefined;
      const changes = changed;
      changed = new Map();
      queries.setQueryData<Known>(queryKey, (current) => merge(current, changes, keeps));
    };
    const stop = streamOrders(
      relayUrl,
      {
        microgrid: wanted.length === 1 ? first : undefined,
        from: queries.getQueryData<Known>(queryKey)?.eventId ?? "0",
      },
      {
        order(order) {
          if (!wanted.includes(order.order.microgrid)) return;
          heard.current.set(order.hash, order);
          changed.set(order.hash, order);
          timer ??= setTimeout(apply, GATHER_MS);
        },
        restarted: () => void queries.invalidateQueries({ queryKey }),
        live(isLive) {
          setLive(isLive);
          // Asking for the whole book tells whether the relay is down or only the stream has broken.
          if (!isLive) void queries.invalidateQueries({ queryKey });
        },
      },
    );
    return () => {
      stop();
      setLive(false);
      clearTimeout(timer);
    };
  }, [relayUrl, first, ids, terms, chainId, streams, queries, keeps]);

  return {
    orders: listOf(relay.data?.orders),
    isPending: relay.isPending,
    isKnown: relay.data !== undefined,
    isDown: relayUrl === undefined || isFailing(relay),
    isLive,
    refetch: () => void relay.refetch(),
  };
}

const idsIn = (ids: string): number[] => JSON.parse(ids);

function merge(
  current: Known | undefined,
  changes: OrdersByHash,
  keeps: (order: BookOrder) => boolean,
): Known {
  let orders: Map<Hex, BookOrder> | undefined;
  for (const [hash, order] of changes) {
    const known = current?.orders.get(hash);
    if (order.updatedSequence < (known?.updatedSequence ?? 0)) continue;
    if (known === undefined && !keeps(order)) continue;
    orders ??= new Map(current?.orders);
    if (keeps(order)) orders.set(hash, order);
    else orders.delete(hash);
  }
  return { orders: orders ?? current?.orders ?? new Map(), eventId: current?.eventId ?? "0" };
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
