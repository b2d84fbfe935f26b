import { Trans, useLingui } from "@lingui/react/macro";
import { isIslandedIn, levelFor, SOURCES } from "@wattline/sdk";
import { Sun, UtilityPole } from "lucide-react";
import { type ReactNode, useCallback, useMemo } from "react";
import type { Hex } from "viem";
import {
  DataTable,
  EmptyState,
  formatCount,
  Price,
  Select,
  Tabs,
  useSourceNames,
} from "../ui/index.ts";
import { useBidColumns, useOfferColumns } from "./columns.tsx";
import { type Filters, rangeOf, rowsOf, type Scope } from "./filters.ts";
import type { Records } from "./records.ts";
import { type MarketSearch, SORTS } from "./search.ts";
import type { Market } from "./useMarket.ts";

/** A table of all offers and bids of the day, with filters and sorting. */
export function Offers({
  market,
  search,
  scope,
  records,
  change,
}: {
  readonly market: Market;
  readonly search: MarketSearch;
  readonly scope: Scope;
  readonly records: Records;
  change(part: Partial<MarketSearch>): void;
}) {
  const { t } = useLingui();
  const { only, source, near, kind, sort = "price", desc = false } = search;
  const filters = useMemo(
    (): Filters => ({ only, source, near: near ?? false, kind }),
    [only, source, near, kind],
  );
  // Choosing another slot sorts the rows again only when they are those of the slot.
  const { firstSlot, lastSlot } = rangeOf(only, scope);
  const range = useMemo(() => ({ firstSlot, lastSlot }), [firstSlot, lastSlot]);
  const offers = useMemo(
    () => rowsOf(market, market.asks, filters, range, { by: sort, descending: desc }, records),
    [market, filters, range, sort, desc, records],
  );
  const bids = useMemo(
    () => rowsOf(market, market.bids, filters, range, { by: sort, descending: desc }, records),
    [market, filters, range, sort, desc, records],
  );
  const limits = useMemo(
    () =>
      rowsOf(market, market.limitOffers, filters, range, { by: sort, descending: desc }, records),
    [market, filters, range, sort, desc, records],
  );
  const open = useCallback((order: Hex) => change({ order }), [change]);
  const offerColumns = useOfferColumns(market, records, open);
  const bidColumns = useBidColumns(market, open);
  const table = {
    sort: { by: sort, descending: desc },
    onSort: ({ by, descending }: { readonly by: string; readonly descending: boolean }) =>
      change({ sort: SORTS.find((one) => one === by), desc: descending }),
  };
  return (
    <>
      <FilterBar market={market} filters={filters} change={change} />
      <GridLine market={market} slot={scope.slot} />
      <Tabs
        label={t`Side`}
        value={search.side ?? "offers"}
        onChange={(side) =>
          change({ side: side === "bids" || side === "limits" ? side : undefined })
        }
        tabs={[
          {
            value: "offers",
            label: t`Offers (${formatCount(offers.length)})`,
            content:
              offers.length > 0 ? (
                <DataTable
                  label={t`Offers`}
                  rows={offers}
                  columns={offerColumns}
                  keyOf={({ id }) => id}
                  onOpen={({ hash }) => open(hash)}
                  {...table}
                />
              ) : (
                <Nothing all={market.asks.length} change={change}>
                  <Trans>
                    Offers at a posted price appear here when homes produce more than they use.
                  </Trans>
                </Nothing>
              ),
          },
          {
            value: "bids",
            label: t`Bids (${formatCount(bids.length)})`,
            content:
              bids.length > 0 ? (
                <DataTable
                  label={t`Bids`}
                  rows={bids}
                  columns={bidColumns}
                  keyOf={({ hash }) => hash}
                  onOpen={({ hash }) => open(hash)}
                  {...table}
                />
              ) : (
                <Nothing all={market.bids.length} change={change}>
                  <Trans>
                    Bid for energy: a limit trades at the community price, or not at all.
                  </Trans>
                </Nothing>
              ),
          },
          {
            value: "limits",
            label: t`Limits to sell (${formatCount(limits.length)})`,
            content:
              limits.length > 0 ? (
                <DataTable
                  label={t`Limits to sell`}
                  rows={limits}
                  columns={offerColumns}
                  keyOf={({ id }) => id}
                  onOpen={({ hash }) => open(hash)}
                  {...table}
                />
              ) : (
                <Nothing all={market.limitOffers.length} change={change}>
                  <Trans>
                    Home agents sell by limits: those trade in batches at the community price, and
                    nobody can take them.
                  </Trans>
                </Nothing>
              ),
          },
        ]}
      />
    </>
  );
}

/** The grid's standing orders: one line, whatever the filters. An islanded slot has none. */
function GridLine({
  market: { microgrid },
  slot,
}: {
  readonly market: Market;
  readonly slot: number;
}) {
  if (isIslandedIn(microgrid, slot)) return null;
  const { feedInPerKwh, retailPerKwh } = levelFor(microgrid, slot);
  return (
    <p className="mb-3 flex items-center gap-2 rounded-lg bg-sunken px-3 py-2 text-sm">
      <UtilityPole aria-hidden="true" className="size-4 shrink-0 text-muted" />
      <span>
        <Trans>
          The grid takes any surplus for <Price perKwh={feedInPerKwh} /> and supplies any need for{" "}
          <Price perKwh={retailPerKwh} />.
        </Trans>
      </span>
    </p>
  );
}

function FilterBar({
  market,
  filters: { only, source, near, kind },
  change,
}: {
  readonly market: Market;
  readonly filters: Filters;
  change(part: Partial<MarketSearch>): void;
}) {
  const { t } = useLingui();
  const names = useSourceNames();
  return (
    <fieldset className="mb-3 grid grid-cols-2 gap-2 sm:flex sm:flex-wrap">
      <legend className="sr-only">
        <Trans>Filters</Trans>
      </legend>
      <Select
        aria-label={t`Delivery`}
        value={only ?? ""}
        onChange={({ target: { value } }) =>
          change({ only: value === "slot" || value === "window" ? value : undefined })
        }
      >
        <option value="">{t`Whole day`}</option>
        <option value="slot">{t`Chosen slot`}</option>
        <option value="window">{t`Your purchase`}</option>
      </Select>
      <Select
        aria-label={t`Kind`}
        value={kind ?? ""}
        onChange={({ target: { value } }) =>
          change({ kind: value === "metered" || value === "promised" ? value : undefined })
        }
      >
        <option value="">{t`Metered and to come`}</option>
        <option value="metered">{t`Metered`}</option>
        <option value="promised">{t`To come`}</option>
      </Select>
      <Select
        aria-label={t`Source`}
        value={source ?? ""}
        onChange={({ target: { value } }) =>
          change({ source: SOURCES.find((one) => one === value) })
        }
      >
        <option value="">{t`Any source`}</option>
        {SOURCES.map((one) => (
          <option key={one} value={one}>
            {names[one]}
          </option>
        ))}
      </Select>
      {market.tieLines.size > 0 && (
        <Select
          aria-label={t`Distance`}
          value={near ? "near" : ""}
          onChange={({ target: { value } }) =>
            change({ near: value === "near" ? true : undefined })
          }
        >
          <option value="">{t`Any distance`}</option>
          <option value="near">{t`Same microgrid`}</option>
        </Select>
      )}
    </fieldset>
  );
}

function Nothing({
  all,
  change,
  children,
}: {
  readonly all: number;
  change(part: Partial<MarketSearch>): void;
  readonly children: ReactNode;
}) {
  if (all === 0) {
    return (
      <EmptyState icon={<Sun />} title={<Trans>Nothing here at the moment</Trans>}>
        {children}
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title={<Trans>No order fits these filters</Trans>}
      action={
        <button
          type="button"
          className="min-h-10 rounded-md font-semibold text-leaf underline"
          onClick={() =>
            change({ only: undefined, source: undefined, near: undefined, kind: undefined })
          }
        >
          <Trans>Show all</Trans>
        </button>
      }
    />
  );
}
