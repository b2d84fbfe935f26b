import { t } from "@lingui/core/macro";
import type { Reason } from "./errors.ts";

/** Why something failed; what a wallet or a node said itself is folded beneath. */
export const ReasonText = ({ words, raw }: Reason) => (
  <>
    {words}
    {raw !== undefined && (
      <details className="mt-1">
        <summary className="cursor-pointer">{t`In its own words`}</summary>
        <p className="mt-1 max-h-32 overflow-y-auto font-mono text-xs break-words whitespace-pre-wrap">
          {raw}
        </p>
      </details>
    )}
  </>
);
