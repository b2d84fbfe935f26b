import { plural } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import {
  addDays,
  localDayOf,
  type Microgrid,
  SOURCES,
  type Source,
  slotStart,
  slotsIn,
  slotsOfDay,
} from "@wattline/sdk";
import { BatteryCharging, ChevronLeft, ChevronRight, Leaf } from "lucide-react";
import { Suspense, useMemo, useState } from "react";
import type { Address } from "viem";
import { useMicrogrid } from "../../app/index.ts";
import { localZone } from "../../browser/index.ts";
import { useChainTime } from "../../chain/index.ts";
import {
  Badge,
  Button,
  buttonClass,
  Card,
  Chart,
  EmptyState,
  Energy,
  ErrorState,
  formatDay,
  formatEnergy,
  lazily,
  SkeletonLines,
  SlotTime,
  useSourceNames,
} from "../../ui/index.ts";
import { type Holding, useHoldings } from "../history/holdings.ts";
import { noonOf } from "../periods.ts";
import { SOURCE_COLOURS } from "../sources.ts";
import { Certificates } from "./Certificates.tsx";
import { heldBySlot, heldWithin } from "./retire.ts";

const RetireSheet = lazily(() => import("./RetireSheet.tsx"));
const route = getRouteApi("/energy");

/** Energy of one source, by slot. */
interface Held {
  readonly source: Source;
  readonly wh: ReadonlyMap<number, bigint>;
}

/** The household's energy by day, and its certificates. */
export default function Balances({ holder }: { readonly holder: Address }) {
  const { microgrid } = useMicrogrid();
  const { data: holdings, error, refetch } = useHoldings(holder);
  if (error) {
    return (
      <ErrorState
        title={<Trans>Your energy could not be read</Trans>}
        error={error}
        onRetry={refetch}
      />
    );
  }
  if (holdings === undefined || microgrid === undefined) return <SkeletonLines lines={6} />;
  return (
    <div className="flex flex-col gap-4">
      <Profile holder={holder} holdings={holdings} microgrid={microgrid} />
      <Certificates holder={holder} />
    </div>
  );
}

function Profile({
  holder,
  holdings,
  microgrid,
}: {
  readonly holder: Address;
  readonly holdings: readonly Holding[];
  readonly microgrid: Microgrid;
}) {
  const { slotSeconds } = microgrid;
  const [retiring, setRetiring] = useState(false);
  const held = useMemo(
    () =>
      SOURCES.map(
        (source): Held => ({ source, wh: heldBySlot(holdings, microgrid.microgrid, source) }),
      ).filter(({ wh }) => wh.size > 0),
    [holdings, microgrid.microgrid],
  );
  const newest = Math.max(...held.map(({ wh }) => [...wh.keys()].at(-1) ?? 0));
  const time = useChainTime();
  const {
    day = localDayOf(held.length > 0 ? slotStart(newest, slotSeconds) : (time ?? 0), localZone()),
  } = route.useSearch();
  const { name, microgrid: number } = microgrid;
  if (held.length === 0) {
    return (
      <Card title={<Trans>Energy you hold</Trans>}>
        <EmptyState
          icon={<BatteryCharging />}
          title={<Trans>You hold no energy of {name}</Trans>}
          action={
            <Link to="/market" className={buttonClass("primary")}>
              <Trans>See what neighbours offer</Trans>
            </Link>
          }
        >
          <Trans>Minted readings and what you buy from neighbours appear here, slot by slot.</Trans>
        </EmptyState>
      </Card>
    );
  }
  const wholeDay = slotsOfDay(day, localZone(), slotSeconds);
  const [dayWh, allWh] = [
    held.reduce((sum, { wh }) => sum + heldWithin(wh, wholeDay), 0n),
    held.reduce((sum, { wh }) => sum + [...wh.values()].reduce((a, b) => a + b, 0n), 0n),
  ];
  return (
    <Card
      title={
        <Trans>
          Energy you hold: <Energy wh={allWh} />
        </Trans>
      }
      actions={
        <div className="flex flex-wrap gap-2">
          <Link
            to="/market"
            search={{ microgrid: number, do: "sell" }}
            className={buttonClass("sun")}
          >
            <Trans>Sell this</Trans>
          </Link>
          <Button onClick={() => setRetiring(true)}>
            <Leaf aria-hidden="true" className="size-4" />
            <Trans>Retire for a certificate</Trans>
          </Button>
        </div>
      }
    >
      <DayPicker day={day} held={held} slotSeconds={slotSeconds} dayWh={dayWh} />
      <DayChart day={day} held={held} slotSeconds={slotSeconds} dayWh={dayWh} />
      {retiring && (
        <Suspense>
          <RetireSheet
            holder={holder}
            microgrid={microgrid}
            holdings={holdings}
            day={day}
            onClose={() => setRetiring(false)}
          />
        </Suspense>
      )}
    </Card>
  );
}

interface DayProps {
  readonly day: string;
  readonly held: readonly Held[];
  readonly slotSeconds: number;
  readonly dayWh: bigint;
}

/** Chooses the day whose balances are shown. */
function DayPicker({ day, held, slotSeconds, dayWh }: DayProps) {
  const { t } = useLingui();
  const sourceNames = useSourceNames();
  const navigate = route.useNavigate();
  const show = (next: string) =>
    void navigate({ search: (search) => ({ ...search, day: next }), replace: true });
  const { firstSlot, lastSlot } = slotsOfDay(day, localZone(), slotSeconds);
  return (
    <div className="mb-3 flex flex-wrap items-center gap-2">
      <Button size="icon" aria-label={t`The day before`} onClick={() => show(addDays(day, -1))}>
        <ChevronLeft aria-hidden="true" className="size-5" />
      </Button>
      <input
        type="date"
        aria-label={t`Day`}
        value={day}
        onChange={({ target }) => target.value !== "" && show(target.value)}
        className="min-h-10 rounded-xl border border-control bg-surface px-3 text-sm"
      />
      <Button size="icon" aria-label={t`The day after`} onClick={() => show(addDays(day, 1))}>
        <ChevronRight aria-hidden="true" className="size-5" />
      </Button>
      <span className="ml-1 font-semibold">
        <Energy wh={dayWh} />
      </span>
      <span className="flex flex-wrap gap-1">
        {held.map(({ source, wh }) => {
          const within = heldWithin(wh, { firstSlot, lastSlot });
          return (
            within > 0n && (
              <Badge key={source} tone={SOURCE_COLOURS[source] === "sun" ? "sun" : "neutral"}>
                {sourceNames[source]} <Energy wh={within} />
              </Badge>
            )
          );
        })}
      </span>
    </div>
  );
}

function DayChart({ day, held, slotSeconds, dayWh }: DayProps) {
  const { t } = useLingui();
  const sourceNames = useSourceNames();
  const chart = useMemo(() => {
    const slots = slotsIn(slotsOfDay(day, localZone(), slotSeconds));
    const filled = slots.filter((slot) => held.some(({ wh }) => wh.has(slot)));
    return {
      x: slots.map((slot) => slotStart(slot, slotSeconds)),
      series: held.map(({ source, wh }) => ({
        label: sourceNames[source],
        colour: SOURCE_COLOURS[source],
        kind: "bars" as const,
        values: slots.map((slot) => Number(wh.get(slot) ?? 0n)),
      })),
      rows: filled.map((slot) => [
        <SlotTime key={slot} slot={slot} slotSeconds={slotSeconds} day={false} />,
        ...held.map(({ source, wh }) => <Energy key={source} wh={wh.get(slot) ?? 0n} />),
      ]),
      slots: filled.length,
    };
  }, [day, held, slotSeconds, sourceNames]);
  const when = formatDay(noonOf(day));
  if (dayWh === 0n) {
    return (
      <p className="rounded-xl bg-sunken px-4 py-10 text-center text-muted">
        <Trans>You hold no energy of {when}. Sold and retired energy is no longer here.</Trans>
      </p>
    );
  }
  const amount = formatEnergy(dayWh);
  const count = chart.slots;
  return (
    <Chart
      summary={t`${amount} on ${when}, in ${plural(count, { one: "# slot", other: "# slots" })}.`}
      x={chart.x}
      time
      stepX={slotSeconds}
      series={chart.series}
      formatY={formatWatthours}
      table={{
        head: [t`Slot`, ...held.map(({ source }) => sourceNames[source])],
        rows: () => chart.rows,
      }}
    />
  );
}

/** Formats an axis mark, which may have fractions of a Wh. */
const formatWatthours = (wh: number): string => formatEnergy(BigInt(Math.round(wh)));
