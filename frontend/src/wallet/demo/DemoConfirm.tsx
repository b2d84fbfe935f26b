import { Suspense, useSyncExternalStore } from "react";
import { lazily } from "../../ui/index.ts";
import { currentRequest, subscribe } from "./requests.ts";

const ConfirmDialog = lazily(() => import("../dialogs/ConfirmDialog.tsx"));

/** Shows what the demo wallet is asked to do, until the person confirms or declines. */
export function DemoConfirm() {
  const request = useSyncExternalStore(subscribe, currentRequest, currentRequest);
  return (
    request && (
      <Suspense>
        <ConfirmDialog key={request.id} request={request} />
      </Suspense>
    )
  );
}
