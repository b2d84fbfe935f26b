import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useLayoutEffect, useMemo, useState } from "react";
import type { Log } from "viem";
import { getLogs, watchBlocks } from "viem/actions";
import { useClient } from "wagmi";
import { useNetwork } from "./network.tsx";

/** The newest block that the app has seen, and whether the chain still answers. */
export interface ChainHead {
  /** Undefined until the first block has come. */
  readonly blockNumber: bigint | undefined;
  /** Unix seconds of that block. */
  readonly time: number | undefined;
  /** Why the chain does not answer. */
  readonly error: Error | undefined;
  /** Calls `listener` with every log of Wattline's contracts from now on. @returns How to stop that. */
  onLogs(listener: (logs: readonly Log[]) => void): () => void;
}

const Head = createContext<ChainHead | undefined>(undefined);

/** Blocks that are looked through for logs at most when the app was asleep; beyond that everything is read anew. */
const MOST_BLOCKS = 200n;

/**
 * Watches the chain's blocks. Whenever one holds an event of Wattline, everything read from the chain (queries whose key
 * starts with "chain") is read again.
 */
export function HeadProvider({ children }: { readonly children: ReactNode }) {
  const { deployment } = useNetwork();
  const { chainId, marketplace, microgrids, meters, energy, board } = deployment;
  const client = useClient({ chainId });
  const queries = useQueryClient();
  const [state, setState] = useState<Pick<ChainHead, "blockNumber" | "time" | "error">>(UNKNOWN);
  const listeners = useMemo(() => new Set<(logs: readonly Log[]) => void>(), []);

  // Before the page's own effects, which ask for what it shows: what is emitted after their answers is then in a later block.
  useLayoutEffect(() => {
    if (client === undefined) return;
    setState(UNKNOWN);
    const address = [marketplace, microgrids, meters, energy, board];
    let seen: bigint | undefined;
    let silent = false;

    async function lookThrough(from: bigint, to: bigint): Promise<void> {
      if (client === undefined) return;
      const logs =
        to - from < MOST_BLOCKS
          ? // What the node does not tell may be anything.
            await getLogs(client, { address, fromBlock: from, toBlock: to }).catch(() => undefined)
          : undefined;
      if (logs?.length === 0) return;
      if (logs !== undefined) for (const listener of listeners) listener(logs);
      await queries.invalidateQueries({ queryKey: ["chain", chainId] });
    }

    const watch = () =>
      watchBlocks(client, {
        emitOnBegin: true,
        onBlock: ({ number, timestamp }) => {
          setState({ blockNumber: number, time: Number(timestamp), error: undefined });
          const [from, first] = [seen === undefined ? number : seen + 1n, seen === undefined];
          // After a reset of a development chain the head may lie before what was seen.
          const reset = seen !== undefined && number < seen;
          seen = number;
          if (silent || reset) void queries.invalidateQueries({ queryKey: ["chain", chainId] });
          else if (!first && from <= number) void lookThrough(from, number);
          silent = false;
        },
        onError: (error) => {
          silent = true;
          setState((current) => ({ ...current, error }));
          // Watched on, a chain that is back would stay silent until its next block.
          stop();
          again = setTimeout(() => {
            stop = watch();
          }, client.pollingInterval);
        },
      });
    let again: ReturnType<typeof setTimeout> | undefined;
    let stop = watch();
    return () => {
      clearTimeout(again);
      stop();
    };
  }, [client, chainId, marketplace, microgrids, meters, energy, board, queries, listeners]);

  const head = useMemo<ChainHead>(
    () => ({
      ...state,
      onLogs(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    }),
    [state, listeners],
  );
  return <Head value={head}>{children}</Head>;
}

const UNKNOWN = { blockNumber: undefined, time: undefined, error: undefined };

export function useChainHead(): ChainHead {
  const head = use(Head);
  if (head === undefined) throw new Error("useChainHead is used outside HeadProvider.");
  return head;
}

/** The chain's clock, Unix seconds: it alone decides what is open or over. Undefined until the first block has come. */
export const useChainTime = (): number | undefined => useChainHead().time;
