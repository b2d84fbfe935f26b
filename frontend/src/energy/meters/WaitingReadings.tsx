import { Trans, useLingui } from "@lingui/react/macro";
import { Gauge, Sun } from "lucide-react";
import { Suspense, useState } from "react";
import type { Address } from "viem";
import { useMicrogrids } from "../../chain/index.ts";
import { Button, Energy, formatEnergy, lazily, SlotTime } from "../../ui/index.ts";
import { useTransact } from "../../wallet/index.ts";
import type { MyMeter } from "../history/meters.ts";
import { type JudgedReading, useReportCalls, useWaiting } from "./useWaiting.ts";

const LoadReading = lazily(() => import("./LoadReading.tsx"));

/** Readings that wait to be minted, and the button that mints them. */
export function WaitingReadings({
  holder,
  meters,
}: {
  readonly holder: Address;
  readonly meters: readonly MyMeter[] | undefined;
}) {
  const waiting = useWaiting(holder, meters);
  const [loading, setLoading] = useState(false);
  const ready = waiting.filter(({ refusal }) => refusal === undefined);
  const refused = waiting.filter(({ refusal }) => refusal !== undefined);
  const canExport = meters?.some(({ active, capacityW }) => active && capacityW > 0n);
  if (!canExport) return null;
  return (
    <section
      className={
        ready.length > 0
          ? "rounded-2xl border border-sun bg-sun-soft p-4 shadow-card sm:p-5"
          : "rounded-2xl border border-line bg-surface px-4 py-3"
      }
    >
      {ready.length > 0 ? <Ready readings={ready} meters={meters ?? []} /> : <NothingWaits />}
      {refused.map((one) => (
        <p key={one.signature} className="mt-2 text-sm text-danger">
          <Energy wh={one.exportedWh} />: {one.refusal}
        </p>
      ))}
      <button
        type="button"
        onClick={() => setLoading(true)}
        className="mt-2 rounded-md text-sm font-semibold underline underline-offset-4"
      >
        <Trans>Load a signed reading from a file</Trans>
      </button>
      {loading && (
        <Suspense>
          <LoadReading holder={holder} onClose={() => setLoading(false)} />
        </Suspense>
      )}
    </section>
  );
}

const NothingWaits = () => (
  <p className="flex items-center gap-2 text-sm text-muted">
    <Gauge aria-hidden="true" className="size-5 shrink-0" />
    <Trans>No readings are waiting: everything that your meters have sent is minted.</Trans>
  </p>
);

function Ready({
  readings,
  meters,
}: {
  readonly readings: readonly JudgedReading[];
  readonly meters: readonly MyMeter[];
}) {
  const { t } = useLingui();
  const { data: microgrids } = useMicrogrids();
  const { transact, busy } = useTransact();
  const callsOf = useReportCalls();
  const totalWh = readings.reduce((sum, { exportedWh }) => sum + exportedWh, 0n);
  const amount = formatEnergy(totalWh);

  const slotSecondsOf = (meter: Address) => {
    const microgrid = meters.find(({ address }) => address.toLowerCase() === meter.toLowerCase());
    return microgrids?.find((each) => each.microgrid === microgrid?.microgrid)?.slotSeconds ?? 900;
  };
  return (
    <div className="flex flex-wrap items-center gap-x-6 gap-y-3">
      <div className="flex min-w-0 flex-1 items-start gap-3">
        <Sun aria-hidden="true" className="mt-0.5 size-7 shrink-0 text-sun-text" />
        <div className="min-w-0">
          <h2 className="text-lg font-bold">
            <Trans>
              <Energy wh={totalWh} /> from your meters waits to be minted
            </Trans>
          </h2>
          <ul className="mt-1 text-sm">
            {readings.map(({ reading, signature, firstSlot, lastSlot, exportedWh }) => (
              <li key={signature}>
                <SlotTime
                  slot={firstSlot}
                  lastSlot={lastSlot}
                  slotSeconds={slotSecondsOf(reading.meter)}
                />
                {": "}
                <Energy wh={exportedWh} />
              </li>
            ))}
          </ul>
          <p className="mt-1 text-sm text-muted">
            <Trans>Your meter has signed it. Once it is minted, you can sell it.</Trans>
          </p>
        </div>
      </div>
      <div className="flex w-full flex-col gap-1 sm:w-auto">
        <Button
          look="primary"
          size="large"
          busy={busy}
          onClick={() => void transact({ title: t`Mint ${amount}`, calls: callsOf(readings) })}
        >
          <Trans>Mint {amount}</Trans>
        </Button>
      </div>
    </div>
  );
}
