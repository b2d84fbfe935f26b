import { useLingui } from "@lingui/react/macro";
import { useEffect, useSyncExternalStore } from "react";
import { Toaster } from "sonner";
import { useTheme } from "../ui/index.ts";

export { toast } from "sonner";

/** Where forms and dialogs are at the bottom of the screen, and as wide as it. */
const NARROW = window.matchMedia("(width < 40rem)");

const onWidth = (listener: () => void): (() => void) => {
  NARROW.addEventListener("change", listener);
  return () => NARROW.removeEventListener("change", listener);
};

/**
 * Where toasts appear, loaded after the page: on the side away from forms and their buttons, which are at the right, and on a
 * phone at the bottom.
 */
export function ToastPlace({ onMounted }: { readonly onMounted: () => void }) {
  const { t } = useLingui();
  const { dark } = useTheme();
  const isNarrow = useSyncExternalStore(onWidth, () => NARROW.matches);
  useEffect(onMounted, [onMounted]);
  return (
    <Toaster
      theme={dark ? "dark" : "light"}
      position={isNarrow ? "top-center" : "bottom-left"}
      containerAriaLabel={t`Messages`}
      toastOptions={{
        style: {
          background: "var(--surface)",
          color: "var(--ink)",
          borderColor: "var(--line)",
        },
        classNames: { description: "text-ink!" },
      }}
    />
  );
}
