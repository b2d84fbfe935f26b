import { useLingui } from "@lingui/react/macro";
import type { Source } from "@wattline/sdk";
import { useMemo } from "react";

/** The names of the sources, in the page's language. */
export function useSourceNames(): Readonly<Record<Source, string>> {
  const { t } = useLingui();
  return useMemo(
    () => ({
      Solar: t`Solar`,
      Wind: t`Wind`,
      Hydro: t`Hydro`,
      Biogas: t`Biogas`,
      Cogeneration: t`Cogeneration`,
      Storage: t`Storage`,
      Grid: t`Grid`,
    }),
    [t],
  );
}
