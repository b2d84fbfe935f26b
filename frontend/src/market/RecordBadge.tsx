import { useLingui } from "@lingui/react/macro";
import type { Ask } from "@wattline/sdk";
import { Badge, formatEnergy, formatShare } from "../ui/index.ts";
import type { Records } from "./useRecords.ts";

/** How sure the energy of an offer is: metered already, or what its seller has delivered of what it promised before. */
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
      <span title={t`The energy is metered and minted: it changes hands at once`}>
        <Badge tone="leaf">{t`Metered`}</Badge>
      </span>
    );
  }
  const record = records.get(order.maker.toLowerCase());
  if (record === undefined || record.promisedWh === 0n) {
    return (
      <span title={t`No promise of this seller has fallen due yet`}>
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
