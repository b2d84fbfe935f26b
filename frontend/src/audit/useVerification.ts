import type { AuditProgress } from "@wattline/audit";
import { useCallback, useEffect, useRef, useState } from "react";
import { useNetwork } from "../chain/index.ts";
import type { Verified } from "./worker/messages.ts";
import { verifyNetwork } from "./worker/startWorker.ts";

/** Where a verification stands. */
export type Verification =
  | { readonly state: "idle" }
  | { readonly state: "running"; readonly progress: AuditProgress }
  | { readonly state: "done"; readonly result: Verified }
  | { readonly state: "failed"; readonly error: Error };

const BEGINNING: AuditProgress = { phase: "reading", done: 0 };

/** Verifies the network's whole history in a worker, which ends with the page. */
export function useVerification() {
  const network = useNetwork();
  const [verification, set] = useState<Verification>({ state: "idle" });
  const under = useRef<AbortController>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another network is another history.
  useEffect(
    () => () => {
      under.current?.abort();
      set({ state: "idle" });
    },
    [network],
  );

  const start = useCallback(async () => {
    const control = new AbortController();
    under.current?.abort();
    under.current = control;
    const tell = (next: Verification) => under.current === control && set(next);
    tell({ state: "running", progress: BEGINNING });
    try {
      const result = await verifyNetwork(network, control.signal, (progress) =>
        tell({ state: "running", progress }),
      );
      tell({ state: "done", result });
    } catch (error) {
      if (control.signal.aborted) return;
      tell({ state: "failed", error: error instanceof Error ? error : new Error(String(error)) });
    }
  }, [network]);

  const cancel = useCallback(() => {
    under.current?.abort();
    under.current = undefined;
    set({ state: "idle" });
  }, []);
  return { verification, start, cancel };
}
