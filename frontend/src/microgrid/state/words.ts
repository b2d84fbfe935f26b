import { useLingui } from "@lingui/react/macro";
import type { Mode } from "../../chain/index.ts";

/** What the modes are called. */
export function useModeNames(): Readonly<Record<Mode, string>> {
  const { t } = useLingui();
  return { Connected: t`Connected`, Islanded: t`Islanded`, Closed: t`Closed` };
}
