import { useCallback, useSyncExternalStore } from "react";
import type { Address } from "viem";
import { recall, remember } from "../../browser/index.ts";
import { useNetwork } from "../../chain/index.ts";
import type { Seen } from "./news.ts";

const listeners = new Set<() => void>();

/** What was seen of an account's news; undefined when it never looked. */
export function useSeen(holder: Address): {
  readonly seen: Seen | undefined;
  markSeen(seen: Seen): void;
} {
  const { chainId, marketplace } = useNetwork().deployment;
  const key = `wattline.seen.${chainId}.${marketplace}.${holder}`.toLowerCase();
  const text = useSyncExternalStore(
    subscribe,
    () => recall(key),
    () => undefined,
  );
  const markSeen = useCallback(
    (seen: Seen) => {
      const next = JSON.stringify(seen);
      if (recall(key) === next) return;
      remember(key, next);
      for (const listener of listeners) listener();
    },
    [key],
  );
  return { seen: seenIn(text), markSeen };
}

function seenIn(text: string | undefined): Seen | undefined {
  try {
    const stored: Partial<Seen> | null = JSON.parse(text ?? "null");
    if (typeof stored?.until !== "number" || !Array.isArray(stored.keys)) return undefined;
    return { until: stored.until, keys: stored.keys.map(String) };
  } catch {
    return undefined;
  }
}

/** Other tabs look at the news, too. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", listener);
  };
}
