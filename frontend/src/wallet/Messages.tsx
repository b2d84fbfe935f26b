import { useLingui } from "@lingui/react/macro";
import { X } from "lucide-react";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { useConnection } from "wagmi";
import { isPartMissing, onPartMissing } from "../browser/index.ts";
import { closePlain, forgetMessages, onMessages, shownNow } from "./toasts.tsx";

/** What the app has to say: as toasts, and plainly where these could not be loaded. */
export function Messages() {
  const { t } = useLingui();
  const { place, plain } = useSyncExternalStore(onMessages, shownNow, shownNow);
  const isMissing = useSyncExternalStore(onPartMissing, isPartMissing, isPartMissing);
  const { address } = useConnection();
  const before = useRef(address);
  useEffect(() => {
    if (before.current !== undefined && before.current !== address) forgetMessages();
    before.current = address;
  }, [address]);
  return (
    <>
      {place}
      {(plain || isMissing) && (
        <div
          role="alert"
          className="fixed bottom-20 left-4 z-50 flex gap-2 rounded-lg border border-line bg-surface p-3"
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
