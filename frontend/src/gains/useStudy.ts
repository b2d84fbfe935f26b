import { useEffect, useState } from "react";
import type { Asked, GainRange, Gains, StudyJob, StudyProgress } from "./worker/messages.ts";
import { openStudies, StudyError } from "./worker/startStudy.ts";

/** The state of a study. */
export type StudyState =
  | { readonly state: "idle" }
  | { readonly state: "running"; readonly progress: StudyProgress | undefined }
  | { readonly state: "asked"; readonly asked: readonly Asked[] }
  | { readonly state: "failed"; readonly error: StudyError }
  | {
      readonly state: "found";
      readonly gains: Gains;
      /** Undefined while it is being computed, and where there is none. */
      readonly range: GainRange | undefined;
      readonly isComplete: boolean;
    };

const IDLE: StudyState = { state: "idle" };

/** Studies a job in a worker, anew whenever it changes; the worker ends with the page. */
export function useStudy(job: StudyJob | undefined): StudyState {
  const [state, set] = useState<StudyState>(IDLE);
  const [studies] = useState(openStudies);
  useEffect(() => studies.close, [studies]);
  useEffect(() => {
    if (job === undefined) return set(IDLE);
    const control = new AbortController();
    let gains: Gains | undefined;
    set({ state: "running", progress: undefined });
    studies
      .run(job, control.signal, {
        onProgress: (progress) => gains === undefined && set({ state: "running", progress }),
        onGains(found) {
          gains = found;
          set({ state: "found", gains, range: undefined, isComplete: false });
        },
      })
      .then(
        (end) => {
          if ("asked" in end) set({ state: "asked", asked: end.asked });
          else if (gains) set({ state: "found", gains, range: end.range, isComplete: true });
        },
        (error: unknown) => {
          if (control.signal.aborted) return;
          set({
            state: "failed",
            error: error instanceof StudyError ? error : new StudyError(String(error)),
          });
        },
      );
    return () => control.abort();
  }, [job, studies]);
  return state;
}
