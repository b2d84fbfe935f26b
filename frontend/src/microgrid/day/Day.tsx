import { Trans, useLingui } from "@lingui/react/macro";
import { type Microgrid, slotStart } from "@wattline/sdk";
import { SunDim } from "lucide-react";
import {
  Card,
  Chart,
  EmptyState,
  Energy,
  ErrorState,
  formatClock,
  formatEnergy,
  SkeletonLines,
  SlotTime,
  Stat,
} from "../../ui/index.ts";
import { useDay } from "./useDay.ts";

/**
 * What was exported and traded today, and in the newest reported slot. Neither is a part of the other: what is bought here
 * may have come over a tie line, and what is exported here may be sold elsewhere or not at all.
 */
export function Day({ microgrid }: { readonly microgrid: Microgrid }) {
  const { t } = useLingui();
  const { slotSeconds } = microgrid;
  const { data, error, isPending, refetch } = useDay(microgrid);
  if (isPending || data === null) return <SkeletonLines lines={6} />;
  if (error) {
    return (
      <ErrorState
        title={<Trans>Today's energy could not be read</Trans>}
        error={error}
        onRetry={refetch}
      />
    );
  }
  const reported = data?.filter(({ producedWh }) => producedWh !== undefined) ?? [];
  const newest = reported.at(-1);
  const sum = (amounts: readonly bigint[]) => amounts.reduce((total, wh) => total + wh, 0n);
  const producedWh = sum(reported.map((each) => each.producedWh ?? 0n));
  const tradedWh = sum(data?.map((each) => each.tradedWh) ?? []);
  const [produced, traded] = [formatEnergy(producedWh), formatEnergy(tradedWh)];
  return (
    <Card title={<Trans>Today</Trans>}>
      <div className="mb-4 grid grid-cols-2 gap-3 lg:grid-cols-4">
        <Stat
          tone="sun"
          label={<Trans>Exported in the newest slot</Trans>}
          value={newest === undefined ? "—" : <Energy wh={newest.producedWh ?? 0n} />}
          detail={newest && <SlotTime slot={newest.slot} slotSeconds={slotSeconds} day={false} />}
        />
        <Stat
          tone="leaf"
          label={<Trans>Traded in the newest slot</Trans>}
          value={newest === undefined ? "—" : <Energy wh={newest.tradedWh} />}
          detail={<Trans>bought here, also over tie lines</Trans>}
        />
        <Stat label={<Trans>Exported today</Trans>} value={<Energy wh={producedWh} />} />
        <Stat label={<Trans>Traded today</Trans>} value={<Energy wh={tradedWh} />} />
      </div>
      {newest === undefined || data === undefined ? (
        <EmptyState icon={<SunDim />} title={<Trans>No meter has reported today yet</Trans>} />
      ) : (
        <Chart
          summary={t`Energy exported and traded here today, by delivery slot: ${produced} exported so far, ${traded} traded among neighbours.`}
          x={data.map(({ slot }) => slotStart(slot, slotSeconds))}
          time
          formatY={(wh) => formatEnergy(BigInt(Math.round(wh)))}
          series={[
            {
              label: t`Exported`,
              colour: "sun",
              kind: "area",
              values: data.map((each) =>
                each.producedWh === undefined ? null : Number(each.producedWh),
              ),
            },
            {
              label: t`Traded`,
              colour: "leaf",
              kind: "steps",
              values: data.map(({ slot, tradedWh: wh }) =>
                wh === 0n && slot > newest.slot ? null : Number(wh),
              ),
            },
          ]}
          table={{
            head: [t`Slot`, t`Exported`, t`Traded`],
            rows: () =>
              reported.map((each) => [
                formatClock(slotStart(each.slot, slotSeconds)),
                formatEnergy(each.producedWh ?? 0n),
                formatEnergy(each.tradedWh),
              ]),
          }}
        />
      )}
    </Card>
  );
}
