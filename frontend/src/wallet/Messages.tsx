import { useLingui } from "@lingui/react/macro";
import { X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { isPartMissing, onPartMissing } from "../browser/index.ts";
import { closePlain, onMessages, shownNow } from "./toasts.tsx";

/** What the app has to say: as toasts, and plainly where these could not be loaded. */
export function Messages() {
  const { t } = useLingui();
  const { place, plain } = useSyncExternalStore(onMessages, shownNow, shownNow);
  const isMissing = useSyncExternalStore(onPartMissing, isPartMissing, isPartMissing);
  return (
    <>
      {place}
      {(plain || isMissing) && (
        <div
          role="alert"
          className="fixed right-4 bottom-20 z-50 flex gap-2 rounded-lg border border-line bg-surface p-3"
        >
          <div>{plain ?? t`A part of the app can't be loaded. Check your connection.`}</div>
          {plain && (
            <button type="button" aria-label={t`Close`} onClick={closePlain}>
              <X className="size-4" />
            </button>
          )}
        </div>
      )}
    </>
  );
}
