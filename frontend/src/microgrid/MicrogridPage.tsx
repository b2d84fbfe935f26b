import { Trans } from "@lingui/react/macro";
import { useMicrogrid } from "../app/index.ts";
import { modeOf } from "../chain/index.ts";
import { PageHeader, Price, SkeletonLines, Stat } from "../ui/index.ts";

/** The community: who is in it, what it makes and trades, how it stands to its neighbours. */
export function MicrogridPage() {
  const { microgrid, isPending } = useMicrogrid();
  return (
    <>
      <PageHeader title={microgrid?.charter.name ?? <Trans>Microgrid</Trans>}>
        <Trans>Members, tariffs and tie lines of the community.</Trans>
      </PageHeader>
      {isPending && <SkeletonLines />}
      {microgrid && (
        <div className="grid gap-3 sm:grid-cols-3">
          <Stat label={<Trans>State</Trans>} value={modeOf(microgrid)} />
          <Stat
            label={<Trans>Feed-in tariff</Trans>}
            value={<Price perKwh={microgrid.tariffs.feedIn} />}
          />
          <Stat
            label={<Trans>Retail tariff</Trans>}
            value={<Price perKwh={microgrid.tariffs.retail} />}
          />
        </div>
      )}
    </>
  );
}
