import { useLingui } from "@lingui/react/macro";
import type { Ask } from "@wattline/sdk";
import { Badge, formatEnergy, formatShare } from "../ui/index.ts";
import type { Records } from "./records.ts";

/** How certain the energy of an offer is: already metered, or the share that its seller has delivered of earlier promises. */
export function RecordBadge({
  ask: { order },
  records,
}: {
  readonly ask: Pick<Ask, "order">;
  readonly records: Records;
}) {
  const { t } = useLingui();
  if (!order.forward) {
    return (
      <span title={t`The energy is metered and minted: it is transferred at once`}>
        <Badge tone="leaf">{t`Metered`}</Badge>
      </span>
    );
  }
  const record = records.get(order.maker.toLowerCase());
  if (record === undefined || record.promisedWh === 0n) {
    return (
      <span title={t`No forward of this seller has been due yet`}>
        <Badge>{t`New seller`}</Badge>
      </span>
    );
  }
  const share = formatShare(record.deliveredWh, record.promisedWh);
  const promised = formatEnergy(record.promisedWh);
  const good = record.deliveredWh * 10n >= record.promisedWh * 9n;
  return (
    <span title={t`Delivered ${share} of ${promised} promised so far`}>
      <Badge tone={good ? "leaf" : "sun"}>{t`${share} of ${promised}`}</Badge>
    </span>
  );
}
