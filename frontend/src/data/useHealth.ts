import { useQuery } from "@tanstack/react-query";
import { useConnection } from "wagmi";
import { useChainHead, useNetwork } from "../chain/index.ts";
import { fetchIndexerReady } from "./indexer.ts";
import { isFailing } from "./isFailing.ts";
import { useProgress } from "./progress.ts";
import { fetchRelayHealth } from "./relay.ts";

/** How a service stands; "none" when the network has none. */
export type ServiceHealth = "ok" | "late" | "down" | "none" | "unknown";

/** How a relay stands; "offline" when no blocks come to it. */
export type RelayHealth = ServiceHealth | "offline";

export interface Health {
  readonly rpc: "ok" | "down" | "unknown";
  readonly relay: RelayHealth;
  readonly indexer: ServiceHealth;
  /** The block up to which an indexer that is late has read. */
  readonly indexedBlock: bigint | undefined;
  readonly wallet: "ok" | "none" | "wrong network";
}

const EVERY_MS = 5_000;

/** How everything stands that a page rests on. */
export function useHealth(): Health {
  const { deployment, relayUrl, indexerUrl } = useNetwork();
  const { chainId } = deployment;
  const { blockNumber, error } = useChainHead();
  const connection = useConnection();
  const relay = useQuery({
    queryKey: ["relay", chainId, "health"],
    queryFn: ({ signal }) => fetchRelayHealth(relayUrl ?? "", signal),
    enabled: relayUrl !== undefined,
    refetchInterval: EVERY_MS,
    retry: false,
  });
  const indexer = useQuery({
    queryKey: ["indexer", chainId, "ready"],
    queryFn: ({ signal }) => fetchIndexerReady(indexerUrl ?? "", signal),
    enabled: indexerUrl !== undefined,
    refetchInterval: EVERY_MS,
    retry: false,
  });
  const { lateAt } = useProgress(chainId);
  const indexerHealth = healthOf(indexerUrl, isFailing(indexer), indexer.data);
  return {
    rpc: error ? "down" : blockNumber === undefined ? "unknown" : "ok",
    relay: relay.data?.isOffline
      ? "offline"
      : healthOf(relayUrl, isFailing(relay), relay.data && relay.data.status === "ok"),
    indexer: indexerHealth === "ok" && lateAt !== undefined ? "late" : indexerHealth,
    indexedBlock: lateAt,
    wallet: !connection.isConnected
      ? "none"
      : connection.chainId === chainId
        ? "ok"
        : "wrong network",
  };
}

function healthOf(
  url: string | undefined,
  failed: boolean,
  ok: boolean | undefined,
): ServiceHealth {
  if (url === undefined) return "none";
  if (failed) return "down";
  if (ok === undefined) return "unknown";
  return ok ? "ok" : "late";
}
