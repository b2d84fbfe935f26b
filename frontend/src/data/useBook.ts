import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Hex } from "viem";
import { useNetwork } from "../chain/network.tsx";
import { useChainQuery } from "../chain/useChainQuery.ts";
import { type BookOrder, fetchOrders, streamOrders } from "./relay.ts";

/** The book of a microgrid, and of those linked to it: live orders, and where they come from. */
export interface Book {
  readonly orders: readonly BookOrder[];
  /** "chain" while no relay answers: orders that were announced on chain. */
  readonly from: "relay" | "chain";
  readonly isPending: boolean;
  readonly error: Error | null;
  refetch(): void;
}

type OrdersByHash = ReadonlyMap<Hex, BookOrder>;

interface LiveOrders {
  readonly orders: OrdersByHash;
  /** The change of the book up to which nothing is missing. */
  readonly sequence: number;
}

/** Changes are gathered for this long, so that a busy book is drawn anew a few times a second at most. */
const GATHER_MS = 100;
const RETRY_MS = 5_000;
const NONE: readonly BookOrder[] = [];

const ALONE: readonly number[] = [];

/**
 * The live orders of a microgrid from the relay, followed by its stream; while the relay is down those announced on chain.
 * @param linked Other microgrids whose orders are wanted too.
 */
export function useBook(microgrid: number | undefined, linked: readonly number[] = ALONE): Book {
  const { relayUrl, deployment } = useNetwork();
  const { chainId } = deployment;
  const queries = useQueryClient();

  const ids = JSON.stringify(microgrid === undefined ? [] : [microgrid, ...linked]);

  const relay = useQuery({
    queryKey: ["relay", chainId, "book", microgrid, ids],
    queryFn: async ({ signal }): Promise<LiveOrders> => {
      const found: BookOrder[] = [];
      // Changes that come while the later books are read are heard again from the stream.
      let sequence: number | undefined;
      for (const id of idsIn(ids)) {
        found.push(
          ...(await fetchOrders(relayUrl ?? "", { microgrid: id, state: "live" }, signal)),
        );
        sequence ??= latest(found);
      }
      return { orders: byHash(found), sequence: sequence ?? 0 };
    },
    // While further books are added, what is known of this one goes on being shown.
    placeholderData: (before, query) =>
      query?.queryKey[1] === chainId && query.queryKey[3] === microgrid ? before : undefined,
    enabled: relayUrl !== undefined && microgrid !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    // While it is down it is tried again; once it is up the stream tells of changes.
    refetchInterval: ({ state }) => (state.status === "error" ? RETRY_MS : false),
  });
  const down = relayUrl === undefined || relay.isError;
  const streams = relay.isSuccess && !relay.isPlaceholderData;

  useEffect(() => {
    if (relayUrl === undefined || microgrid === undefined || !streams) return;
    const queryKey = ["relay", chainId, "book", microgrid, ids];
    const known = queries.getQueryData<LiveOrders>(queryKey);
    const wanted = idsIn(ids);
    let changed = new Map<Hex, BookOrder>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const apply = () => {
      timer = undefined;
      const changes = changed;
      changed = new Map();
      queries.setQueryData<LiveOrders>(queryKey, (current) => merge(current, changes));
    };
    const stop = streamOrders(
      relayUrl,
      { microgrid: wanted.length === 1 ? microgrid : undefined, from: known?.sequence ?? 0 },
      {
        order(order) {
          if (!wanted.includes(order.order.microgrid)) return;
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
  }, [relayUrl, microgrid, ids, chainId, streams, queries]);

  const pinned = useChainQuery(
    ["pinned", ids],
    async (context) => {
      // Verifying signatures takes code that a book from a relay does without.
      const { readPinnedOrders } = await import("./pinned.ts");
      const books = await Promise.all(idsIn(ids).map((id) => readPinnedOrders(context, id)));
      return books.flat().filter(({ state }) => state === "live");
    },
    { enabled: down && microgrid !== undefined },
  );

  if (down) {
    return {
      orders: pinned.data ?? NONE,
      from: "chain",
      isPending: pinned.isPending,
      error: pinned.error,
      refetch: () => void pinned.refetch(),
    };
  }
  return {
    orders: listOf(relay.data?.orders),
    from: "relay",
    isPending: relay.isPending,
    error: null,
    refetch: () => void relay.refetch(),
  };
}

const byHash = (orders: readonly BookOrder[]): OrdersByHash =>
  new Map(orders.map((order) => [order.hash, order]));

const latest = (orders: readonly BookOrder[]): number =>
  orders.reduce((sequence, { updatedSequence }) => Math.max(sequence, updatedSequence), 0);

const idsIn = (ids: string): number[] => JSON.parse(ids);

function merge(current: LiveOrders | undefined, changes: OrdersByHash): LiveOrders {
  const next = new Map(current?.orders);
  let sequence = current?.sequence ?? 0;
  for (const [hash, order] of changes) {
    sequence = Math.max(sequence, order.updatedSequence);
    if (order.updatedSequence < (next.get(hash)?.updatedSequence ?? 0)) continue;
    if (order.state === "live") next.set(hash, order);
    else next.delete(hash);
  }
  return { orders: next, sequence };
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
