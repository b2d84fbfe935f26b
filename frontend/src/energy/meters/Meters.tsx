import { Trans, useLingui } from "@lingui/react/macro";
import { Gauge, Zap } from "lucide-react";
import { useMemo } from "react";
import type { Address } from "viem";
import { useMicrogrids } from "../../chain/index.ts";
import type { Indexed } from "../../data/index.ts";
import {
  AddressText,
  Badge,
  Card,
  type Column,
  DataTable,
  EmptyState,
  Energy,
  ErrorState,
  formatCount,
  formatMoment,
  SkeletonLines,
  SlotTime,
  useSourceNames,
} from "../../ui/index.ts";
import { type MyMeter, type PastReading, useReadings } from "../history/meters.ts";

/** The household's meters and what they have reported. */
export default function Meters({
  holder,
  meters,
}: {
  readonly holder: Address;
  readonly meters: Indexed<readonly MyMeter[]>;
}) {
  if (meters.error) {
    return (
      <ErrorState
        title={<Trans>Your meters could not be read</Trans>}
        error={meters.error}
        onRetry={meters.refetch}
      />
    );
  }
  if (meters.data === undefined) return <SkeletonLines />;
  if (meters.data.length === 0) {
    return (
      <Card>
        <EmptyState icon={<Gauge />} title={<Trans>You have no meter yet</Trans>}>
          <Trans>
            The operator of your microgrid registers it for you: give them your address and your
            meter's.
          </Trans>
        </EmptyState>
      </Card>
    );
  }
  return (
    <div className="flex flex-col gap-4">
      <div className="grid gap-3 md:grid-cols-2">
        {meters.data.map((meter) => (
          <MeterCard key={meter.address} meter={meter} />
        ))}
      </div>
      <Readings holder={holder} />
    </div>
  );
}

function MeterCard({ meter }: { readonly meter: MyMeter }) {
  const sourceNames = useSourceNames();
  const { data: microgrids } = useMicrogrids();
  const microgrid = microgrids?.find((each) => each.microgrid === meter.microgrid);
  const watts = formatCount(meter.capacityW);
  return (
    <Card
      title={meter.capacityW === 0n ? <Trans>Consumption</Trans> : sourceNames[meter.source]}
      actions={
        <span className="flex gap-1">
          {meter.critical && (
            <Badge tone="sun">
              <Zap aria-hidden="true" className="size-3" />
              <Trans>Critical load</Trans>
            </Badge>
          )}
          <Badge tone={meter.active ? "leaf" : "neutral"}>
            {meter.active ? <Trans>In service</Trans> : <Trans>Retired</Trans>}
          </Badge>
        </span>
      }
    >
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
        <dt className="text-muted">
          <Trans>Device key</Trans>
        </dt>
        <dd>
          <AddressText address={meter.address} />
        </dd>
        <dt className="text-muted">
          <Trans>Microgrid</Trans>
        </dt>
        <dd>{microgrid?.name ?? meter.microgrid}</dd>
        {meter.capacityW > 0n && (
          <>
            <dt className="text-muted">
              <Trans>Capacity</Trans>
            </dt>
            <dd className="tabular-nums">{watts} W</dd>
          </>
        )}
        <dt className="text-muted">
          <Trans>Reported so far</Trans>
        </dt>
        <dd>
          <Energy wh={meter.reportedWh} />
        </dd>
        <dt className="text-muted">
          <Trans>Last reading</Trans>
        </dt>
        <dd>
          {meter.lastSlot === null ? (
            <Trans>none yet</Trans>
          ) : (
            <>
              <Trans>
                up to <SlotTime slot={meter.lastSlot} slotSeconds={microgrid?.slotSeconds ?? 900} />
              </Trans>
              {meter.lastReadingAt !== null && (
                <span className="block text-muted">
                  <Trans>submitted {formatMoment(meter.lastReadingAt)}</Trans>
                </span>
              )}
            </>
          )}
        </dd>
      </dl>
    </Card>
  );
}

function Readings({ holder }: { readonly holder: Address }) {
  const { t } = useLingui();
  const { data, error, refetch } = useReadings(holder);
  const { data: microgrids } = useMicrogrids();
  const columns = useMemo(
    (): readonly Column<PastReading>[] => [
      {
        id: "slots",
        header: t`Slots`,
        width: "minmax(0,2fr)",
        cell: ({ microgrid, firstSlot, lastSlot }) => (
          <SlotTime
            slot={firstSlot}
            lastSlot={lastSlot}
            slotSeconds={
              microgrids?.find((each) => each.microgrid === microgrid)?.slotSeconds ?? 900
            }
          />
        ),
      },
      {
        id: "meter",
        header: t`Meter`,
        wide: true,
        cell: ({ meter }) => <AddressText address={meter} />,
      },
      {
        id: "time",
        header: t`Submitted`,
        wide: true,
        cell: ({ time }) => formatMoment(time),
      },
      {
        id: "energy",
        header: t`Exported`,
        align: "end",
        cell: ({ exportedWh }) => <Energy wh={exportedWh} className="font-semibold" />,
      },
    ],
    [t, microgrids],
  );
  return (
    <Card title={<Trans>Latest readings</Trans>}>
      {error ? (
        <ErrorState
          title={<Trans>Your readings could not be read</Trans>}
          error={error}
          onRetry={refetch}
        />
      ) : data === undefined ? (
        <SkeletonLines />
      ) : data.length === 0 ? (
        <p className="text-sm text-muted">
          <Trans>Your meters have reported nothing yet.</Trans>
        </p>
      ) : (
        <DataTable
          label={t`Latest readings`}
          rows={data}
          columns={columns}
          keyOf={({ id }) => id}
        />
      )}
    </Card>
  );
}
