import { useLingui } from "@lingui/react/macro";
import type { Mode } from "@wattline/sdk";

/** The names of the modes. */
export function useModeNames(): Readonly<Record<Mode, string>> {
  const { t } = useLingui();
  return { Connected: t`Connected`, Islanded: t`Islanded`, Closed: t`Closed` };
}
