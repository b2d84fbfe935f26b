import { useLingui } from "@lingui/react/macro";
import { useEffect } from "react";
import { Toaster } from "sonner";
import { useTheme } from "../ui/index.ts";

export { toast } from "sonner";

/** Where toasts appear; loaded after the page. */
export function ToastPlace({ onMounted }: { readonly onMounted: () => void }) {
  const { t } = useLingui();
  const { dark } = useTheme();
  useEffect(onMounted, [onMounted]);
  return (
    <Toaster
      theme={dark ? "dark" : "light"}
      position="bottom-right"
      containerAriaLabel={t`Messages`}
      mobileOffset={{ bottom: "5rem" }}
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
