import { Trans, useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import type { Microgrid } from "@wattline/sdk";
import { Download, ScrollText } from "lucide-react";
import { Suspense, useMemo, useState } from "react";
import { saveAs } from "../browser/index.ts";
import { useNetwork } from "../chain/index.ts";
import { inShort, useCalled } from "../people/index.ts";
import {
  Badge,
  Button,
  Card,
  type Column,
  DataTable,
  EmptyState,
  Energy,
  ErrorState,
  formatCount,
  formatMoment,
  lazily,
  Money,
  SkeletonLines,
  SlotTime,
  Stat,
} from "../ui/index.ts";
import { Filters } from "./Filters.tsx";
import { type HistoryRow, idOf, sumOf } from "./history.ts";
import { useSourceName, useTypeNames } from "./names.ts";
import { readAll, useHistory } from "./useHistory.ts";

const SettlementSheet = lazily(() => import("./SettlementSheet.tsx"));
const route = getRouteApi("/audit");

/** The settlement history of a microgrid: filtered, summed up, listed, exported. */
export function Settlements({ microgrid }: { readonly microgrid: Microgrid }) {
  const { t } = useLingui();
  const network = useNetwork();
  const typeNames = useTypeNames();
  const navigate = route.useNavigate();
  const { household, meter, slot, tx, row: open } = route.useSearch();
  const filter = { microgrid: microgrid.microgrid, household, meter, slot, transaction: tx };
  const [pages, setPages] = useState(1);
  const history = useHistory(filter, pages);
  const { data, error, isPending, from } = history;
  const [saving, setSaving] = useState<Error | boolean>(false);
  const rows = data?.rows;
  const opened = rows?.find((row) => idOf(row) === open);
  const setOpen = (row: string | undefined) =>
    void navigate({
      search: (search) => ({ ...search, row }),
      replace: row === undefined,
      state: (state) => ({ ...state, opensLayer: row !== undefined }),
      resetScroll: false,
    });
  const columns = useColumns(setOpen);

  const save = async (kind: "csv" | "json") => {
    setSaving(true);
    try {
      const [all, files] = await Promise.all([
        readAll(network, filter, from),
        import("./download.ts"),
      ]);
      const text =
        kind === "csv"
          ? files.settlementsCsv(all, typeNames, network.currency)
          : files.settlementsJson(all);
      saveAs(`wattline-settlements-${microgrid.microgrid}`, kind, text);
      setSaving(false);
    } catch (failed) {
      setSaving(failed instanceof Error ? failed : new Error(String(failed)));
    }
  };

  return (
    <Card
      title={<Trans>Settlements</Trans>}
      actions={
        <div className="flex flex-wrap items-center gap-2">
          <Badge tone={from === "indexer" ? "leaf" : "sun"}>
            {from === "indexer" ? <Trans>From the indexer</Trans> : <Trans>From the chain</Trans>}
          </Badge>
          {(["csv", "json"] as const).map((kind) => (
            <Button
              key={kind}
              size="small"
              busy={saving === true}
              disabled={rows === undefined || rows.length === 0}
              onClick={() => void save(kind)}
            >
              <Download aria-hidden="true" className="size-4" />
              {kind.toUpperCase()}
            </Button>
          ))}
        </div>
      }
    >
      {saving instanceof Error && (
        <p role="alert" className="mb-2 text-sm font-medium text-danger">
          {saving.message}
        </p>
      )}
      <Filters slotSeconds={microgrid.slotSeconds} />
      {isPending ? (
        <SkeletonLines lines={6} />
      ) : error ? (
        <ErrorState
          title={<Trans>The history could not be read</Trans>}
          error={error}
          onRetry={history.refetch}
        />
      ) : rows === undefined || rows.length === 0 ? (
        <EmptyState icon={<ScrollText />} title={<Trans>No settlement matches</Trans>}>
          <Trans>Trades of this microgrid appear here, for anyone to check.</Trans>
        </EmptyState>
      ) : (
        <>
          <Sum rows={rows} more={data?.more === true} />
          <DataTable
            label={t`Settlements`}
            rows={rows}
            columns={columns}
            keyOf={idOf}
            onOpen={(row) => setOpen(idOf(row))}
          />
          {data?.more && (
            <Button className="mt-3" onClick={() => setPages(pages + 1)}>
              <Trans>Show older ones</Trans>
            </Button>
          )}
        </>
      )}
      {opened && (
        <Suspense>
          <SettlementSheet row={opened} onClose={() => setOpen(undefined)} />
        </Suspense>
      )}
    </Card>
  );
}

function Sum({ rows, more }: { readonly rows: readonly HistoryRow[]; readonly more: boolean }) {
  const { trades, sentWh, lostWh, costMillis, chargeMillis } = useMemo(() => sumOf(rows), [rows]);
  const newest = formatMoment(rows.reduce((latest, { time }) => Math.max(latest, time), 0));
  return (
    <div className="mb-4 grid grid-cols-2 gap-3 lg:grid-cols-4">
      <Stat
        label={more ? <Trans>Newest trades</Trans> : <Trans>Trades</Trans>}
        value={formatCount(trades)}
        // They grow while one looks: up to when they are counted.
        detail={<Trans>up to {newest}</Trans>}
      />
      <Stat
        tone="sun"
        label={<Trans>Energy</Trans>}
        value={<Energy wh={sentWh} />}
        {...(lostWh > 0n && {
          detail: (
            <Trans>
              <Energy wh={lostWh} /> lost on tie lines
            </Trans>
          ),
        })}
      />
      <Stat
        tone="leaf"
        label={<Trans>Paid by buyers</Trans>}
        value={<Money millis={costMillis} />}
      />
      <Stat
        tone="sky"
        label={<Trans>Of which network fees and wheeling charges</Trans>}
        value={<Money millis={chargeMillis} />}
      />
    </div>
  );
}

function useColumns(open: (row: string) => void): readonly Column<HistoryRow>[] {
  const { t } = useLingui();
  const names = useTypeNames();
  const sourceName = useSourceName();
  // Rendered anew when names have come.
  useCalled();
  return [
    {
      id: "time",
      header: t`Settled`,
      width: "minmax(0,1.4fr)",
      cell: (row) => (
        <button
          type="button"
          className="rounded-md py-1 text-left font-medium text-leaf underline-offset-2 hover:underline"
          onClick={() => open(idOf(row))}
        >
          <span className="max-sm:text-xs">{formatMoment(row.time)}</span>
          <span className="block truncate text-xs font-normal text-muted sm:hidden">
            <SlotTime
              slot={row.firstSlot}
              lastSlot={row.lastSlot}
              slotSeconds={row.slotSeconds}
              day={false}
            />
          </span>
        </button>
      ),
    },
    {
      id: "type",
      header: t`Kind`,
      width: "7.5rem",
      wide: true,
      cell: ({ type }) => (
        <Badge tone={type === "reserve" ? "sky" : type === "release" ? "sun" : "leaf"}>
          {names[type]}
        </Badge>
      ),
    },
    {
      id: "slots",
      header: t`Delivery`,
      width: "minmax(0,1.6fr)",
      wide: true,
      cell: ({ firstSlot, lastSlot, slotSeconds }) => (
        <SlotTime slot={firstSlot} lastSlot={lastSlot} slotSeconds={slotSeconds} />
      ),
    },
    {
      id: "parties",
      header: t`Seller and buyer`,
      width: "minmax(0,1.7fr)",
      wide: true,
      cell: ({ seller, buyer }) => (
        <span className="text-xs" title={`${seller} → ${buyer}`}>
          {inShort(seller)} → {inShort(buyer)}
        </span>
      ),
    },
    {
      id: "source",
      header: t`Source`,
      width: "4.5rem",
      wide: true,
      cell: (r) => sourceName(r.source),
    },
    {
      id: "energy",
      header: t`Energy`,
      width: "5rem",
      align: "end",
      cell: ({ sentWh }) => <Energy wh={sentWh} />,
    },
    {
      id: "cost",
      header: t`Paid`,
      width: "4.5rem",
      align: "end",
      cell: ({ costMillis }) => <Money millis={costMillis} className="font-semibold" />,
    },
  ];
}
