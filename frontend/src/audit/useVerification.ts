import type { AuditProgress } from "@wattline/audit";
import { useCallback, useEffect, useRef, useState } from "react";
import { useNetwork } from "../chain/index.ts";
import type { Verified } from "./worker/messages.ts";
import { verifyNetwork } from "./worker/startWorker.ts";

/** The state of a verification. */
export type Verification =
  | { readonly state: "idle" }
  | { readonly state: "running"; readonly progress: AuditProgress }
  | { readonly state: "done"; readonly result: Verified }
  | { readonly state: "failed"; readonly error: Error };

const BEGINNING: AuditProgress = { phase: "reading", done: 0 };

/** Verifies the network's whole history in a worker, which is stopped when the page is left. */
export function useVerification() {
  const network = useNetwork();
  const [verification, set] = useState<Verification>({ state: "idle" });
  const control = useRef<AbortController>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another network has another history.
  useEffect(
    () => () => {
      control.current?.abort();
      set({ state: "idle" });
    },
    [network],
  );

  const start = useCallback(async () => {
    const started = new AbortController();
    control.current?.abort();
    control.current = started;
    const update = (next: Verification) => control.current === started && set(next);
    update({ state: "running", progress: BEGINNING });
    try {
      const result = await verifyNetwork(network, started.signal, (progress) =>
        update({ state: "running", progress }),
      );
      update({ state: "done", result });
    } catch (error) {
      if (started.signal.aborted) return;
      update({ state: "failed", error: error instanceof Error ? error : new Error(String(error)) });
    }
  }, [network]);

  const cancel = useCallback(() => {
    control.current?.abort();
    control.current = undefined;
    set({ state: "idle" });
  }, []);
  return { verification, start, cancel };
}
