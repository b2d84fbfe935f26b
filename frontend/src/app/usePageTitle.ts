import { useLingui } from "@lingui/react/macro";
import { useLocation } from "@tanstack/react-router";
import { useEffect } from "react";
import { useMicrogrid } from "./microgrid.ts";

/** Names the browser's tab by the page and, where it is about one, the microgrid: "Market · Linden · Wattline". */
export function usePageTitle(): void {
  const { t } = useLingui();
  const { pathname } = useLocation();
  const { microgrid } = useMicrogrid();
  const [, first = ""] = pathname.split("/");
  const pages: Readonly<Record<string, string>> = {
    "": t`Home`,
    market: t`Market`,
    energy: t`My energy`,
    activity: t`Activity`,
    autopilot: t`Autopilot`,
    microgrid: t`Microgrid`,
    audit: t`Audit`,
    gains: t`What would I gain?`,
    statement: t`Statement`,
    certificate: t`Certificate`,
    delivery: t`Delivery statement`,
  };
  // A certificate or a delivery statement may be of another microgrid than the one that is chosen; a study is of none.
  const place = /^(certificate|delivery|gains)$/.test(first) ? undefined : microgrid?.name;
  const title = [pages[first], place, "Wattline"].filter(Boolean).join(" · ");
  useEffect(() => {
    document.title = title;
  }, [title]);
}
