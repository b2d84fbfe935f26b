import { useLingui } from "@lingui/react/macro";
import { useEffect } from "react";
import { Toaster } from "sonner";
import { useTheme } from "../ui/index.ts";
import { toasterMounted } from "../wallet/index.ts";

/** Where toasts appear; loaded after the page. */
export default function Toasts() {
  const { t } = useLingui();
  const { dark } = useTheme();
  useEffect(() => toasterMounted(), []);
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
