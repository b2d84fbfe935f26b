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
  Power,
  SkeletonLines,
  SlotTime,
  Stat,
} from "../../ui/index.ts";
import { type DaySlot, useDay } from "./useDay.ts";

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
  // A slot that some meters have yet to report would look as if the sun had failed.
  const usual = mostOf(reported.map(({ readings }) => readings));
  const newest = reported.findLast(({ readings }) => readings >= usual) ?? reported.at(-1);
  const isOpen = ({ slot }: DaySlot) => newest !== undefined && slot > newest.slot;
  const open = reported.filter(isOpen);
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
          value={
            newest === undefined ? (
              "—"
            ) : (
              <Power wh={newest.producedWh ?? 0n} slotSeconds={slotSeconds} />
            )
          }
          detail={
            newest && (
              <>
                <Energy wh={newest.producedWh ?? 0n} />,{" "}
                <SlotTime slot={newest.slot} slotSeconds={slotSeconds} day={false} />
              </>
            )
          }
        />
        <Stat
          tone="leaf"
          label={<Trans>Traded in the newest slot</Trans>}
          value={
            newest === undefined ? "—" : <Power wh={newest.tradedWh} slotSeconds={slotSeconds} />
          }
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
          stepX={slotSeconds}
          formatY={(wh) => formatEnergy(BigInt(Math.round(wh)))}
          series={[
            {
              label: t`Exported`,
              colour: "sun",
              kind: "area",
              values: data.map((each) =>
                each.producedWh === undefined || isOpen(each) ? null : Number(each.producedWh),
              ),
            },
            ...(open.length > 0
              ? [
                  {
                    label: t`Exported, not all meters yet`,
                    colour: "muted" as const,
                    kind: "bars" as const,
                    values: data.map((each) =>
                      isOpen(each) && each.producedWh !== undefined
                        ? Number(each.producedWh)
                        : null,
                    ),
                  },
                ]
              : []),
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
                isOpen(each)
                  ? t`${formatEnergy(each.producedWh ?? 0n)}, not all meters yet`
                  : formatEnergy(each.producedWh ?? 0n),
                formatEnergy(each.tradedWh),
              ]),
          }}
        />
      )}
    </Card>
  );
}

const mostOf = (counts: readonly number[]): number =>
  counts.reduce((most, count) => Math.max(most, count), 0);
