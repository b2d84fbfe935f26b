import { useCallback, useEffect, useRef, useState } from "react";
import type { Network } from "../../chain/index.ts";
import type { CheckedDelivery, DeliveryJob, DeliveryProgress } from "./worker/messages.ts";
import { DeliveryError, runDeliveryJob } from "./worker/runJob.ts";

/** The state of a job. */
export type DeliveryState =
  | { readonly state: "idle" }
  | { readonly state: "running"; readonly progress: DeliveryProgress | undefined }
  | { readonly state: "done"; readonly checked: CheckedDelivery }
  | { readonly state: "failed"; readonly error: DeliveryError };

const IDLE: DeliveryState = { state: "idle" };

/** Checks or makes statements against a network's node, one at a time; a job ends with the page. */
export function useDeliveryJob(network: Network) {
  const [state, set] = useState(IDLE);
  const control = useRef<AbortController>(undefined);
  const stop = useCallback(() => {
    control.current?.abort();
    set(IDLE);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another network has another history.
  useEffect(() => stop, [stop, network]);

  const start = useCallback(
    async (job: DeliveryJob): Promise<void> => {
      control.current?.abort();
      const started = new AbortController();
      control.current = started;
      const { signal } = started;
      const update = (next: DeliveryState) => !signal.aborted && set(next);
      update({ state: "running", progress: undefined });
      try {
        const checked = await runDeliveryJob(network, job, signal, (progress) =>
          update({ state: "running", progress }),
        );
        update({ state: "done", checked });
      } catch (error) {
        update({
          state: "failed",
          error: error instanceof DeliveryError ? error : new DeliveryError(String(error)),
        });
      }
    },
    [network],
  );
  return { state, start, stop };
}
