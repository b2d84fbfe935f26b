import { useRouter } from "@tanstack/react-router";
import { useCallback, useEffect, useId, useRef } from "react";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** The dialogs that were open at this step of the browser's history. */
    readonly layers?: readonly string[] | undefined;
    /** Whether this step opened a dialog of the page that was there before: going back then closes it. */
    readonly opensLayer?: boolean | undefined;
  }
}

/**
 * Makes an open dialog a step of the browser's history, so that Back closes it.
 * @param close Called when Back was pressed.
 * @param inAddress Whether the address says that the dialog is open: then it is a step already.
 * @returns Closes the dialog as Back does, so that no step is left that Back would have to take without effect.
 */
export function useLayer(open: boolean, close: () => void, inAddress: boolean): () => void {
  const router = useRouter();
  const id = useId();
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    if (!open || inAddress) return;
    const layers = () => router.history.location.state.layers ?? [];
    const step = (next: readonly string[], replace: boolean) =>
      void router.navigate({
        to: ".",
        search: true,
        hash: true,
        state: (state) => ({ ...state, layers: next }),
        replace,
        resetScroll: false,
      });
    step([...layers(), id], false);
    const stop = router.history.subscribe(({ action }) => {
      const isNewStep = action.type === "PUSH" || action.type === "REPLACE";
      if (!isNewStep && !layers().includes(id)) latest.current();
    });
    return () => {
      stop();
      // Closed because what it was for is done: the step stays, as one of the page without it.
      if (layers().includes(id)) {
        step(
          layers().filter((one) => one !== id),
          true,
        );
      }
    };
  }, [router, open, id, inAddress]);
  return useCallback(() => {
    const { layers, opensLayer } = router.history.location.state;
    const isOwnStep = layers?.at(-1) === id || (inAddress && opensLayer === true);
    if (isOwnStep) router.history.back();
    else latest.current();
  }, [router, id, inAddress]);
}
