import { Trans, useLingui } from "@lingui/react/macro";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type Earning, type Gains, localDayOf } from "@wattline/sdk";
import { ArrowLeft, Printer } from "lucide-react";
import type { ReactNode } from "react";
import type { Address } from "viem";
import { useConnection } from "wagmi";
import { NoWallet } from "../../app/index.ts";
import { localZone } from "../../browser/index.ts";
import { useChainTime, useMicrogrids, useNetwork } from "../../chain/index.ts";
import {
  Button,
  buttonClass,
  ErrorState,
  formatDay,
  formatEnergy,
  formatMillis,
  formatMoment,
  Money,
  SkeletonLines,
  unitOf,
} from "../../ui/index.ts";
import { Fact, FullHex } from "../Fact.tsx";
import { useEarnings } from "../history/earnings.ts";
import { useMyMeters } from "../history/meters.ts";
import { byDay, byMonth, inCents, noonOf, total } from "../periods.ts";
import { formatMonth } from "./month.ts";

const route = getRouteApi("/statement");

/** A household's statement of a month, for printing. */
export function StatementPage() {
  const { address } = useConnection();
  const { microgrid } = route.useSearch();
  return (
    <>
      <Link
        to="/energy"
        search={{ microgrid, tab: "earnings" }}
        className={`${buttonClass("ghost", "small")} mb-3 print:hidden`}
      >
        <ArrowLeft aria-hidden="true" className="size-4" />
        <Trans>My energy</Trans>
      </Link>
      {address === undefined ? <NoWallet /> : <Statement holder={address} />}
    </>
  );
}

function Statement({ holder }: { readonly holder: Address }) {
  const { data, error, refetch, from } = useEarnings(holder);
  const time = useChainTime();
  const { month: wanted } = route.useSearch();
  if (error) {
    return (
      <ErrorState
        title={<Trans>Your earnings could not be read</Trans>}
        error={error}
        onRetry={refetch}
      />
    );
  }
  if (data === undefined || time === undefined) return <SkeletonLines lines={8} />;
  const month = wanted ?? byMonth(data).at(-1)?.name ?? localDayOf(time, localZone()).slice(0, 7);
  return <Sheet holder={holder} earnings={data} month={month} madeAt={time} from={from} />;
}

function Sheet({
  holder,
  earnings,
  month,
  madeAt,
  from,
}: {
  readonly holder: Address;
  readonly earnings: readonly Earning[];
  readonly month: string;
  /** Chain time, Unix seconds. */
  readonly madeAt: number;
  readonly from: "indexer" | "chain";
}) {
  const zone = localZone();
  const { name: chain, currency, deployment } = useNetwork();
  const { data: meters } = useMyMeters(holder);
  const { data: microgrids } = useMicrogrids();
  const ofMonth = byDay(earnings).filter(({ name }) => name.startsWith(month));
  const days = inCents(ofMonth, currency.decimals);
  const sums = total(days);
  const period = formatMonth(month);
  const unit = unitOf(currency);
  const communities = [...new Set(meters?.map(({ microgrid }) => microgrid))]
    .map((id) => microgrids?.find((one) => one.microgrid === id)?.name ?? String(id))
    .join(", ");
  return (
    <article className="mx-auto max-w-3xl rounded-2xl border border-line bg-surface p-5 shadow-card sm:p-8 print:max-w-none print:border-0 print:p-0 print:shadow-none">
      <header className="mb-6 flex flex-wrap items-start justify-between gap-4">
        <div>
          <p className="font-bold text-leaf">Wattline</p>
          <h1 className="text-2xl font-bold">
            <Trans>Statement for {period}</Trans>
          </h1>
        </div>
        <Button className="print:hidden" look="primary" onClick={() => window.print()}>
          <Printer aria-hidden="true" className="size-4" />
          <Trans>Print</Trans>
        </Button>
      </header>
      <dl className="mb-6 grid gap-x-6 gap-y-1 text-sm sm:grid-cols-[auto_1fr]">
        <Fact term={<Trans>Household</Trans>}>
          <FullHex>{holder}</FullHex>
        </Fact>
        {communities !== "" && <Fact term={<Trans>Microgrid</Trans>}>{communities}</Fact>}
        <Fact term={<Trans>Meters</Trans>}>
          {meters?.map(({ address }) => (
            <span key={address} className="block">
              <FullHex>{address}</FullHex>
            </span>
          ))}
        </Fact>
        <Fact term={<Trans>Made</Trans>}>
          {formatMoment(madeAt)}, {chain} ({deployment.chainId}),{" "}
          {from === "indexer" ? (
            <Trans>from the index of the chain's events</Trans>
          ) : (
            <Trans>from the chain's own logs</Trans>
          )}
        </Fact>
      </dl>
      <Result sums={sums} />
      <h2 className="mt-6 mb-2 text-lg font-semibold">
        <Trans>Day by day</Trans>
      </h2>
      {days.length === 0 ? (
        <p className="text-sm text-muted">
          <Trans>No trade was delivered in this month.</Trans>
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reached by keyboard.
        <div className="overflow-x-auto" tabIndex={0}>
          <table className="w-full text-right text-sm tabular-nums">
            <Heads />
            <tbody>
              {days.map((day) => (
                <Row key={day.name} name={formatDay(noonOf(day.name))} sums={day} />
              ))}
            </tbody>
            <tfoot className="border-t-2 border-ink font-bold">
              <Row name={<Trans>Total</Trans>} sums={sums} />
            </tfoot>
          </table>
        </div>
      )}
      <p className="mt-6 text-xs text-muted">
        <Trans>
          Amounts in {currency.name} ({unit}). Days by the clock of {zone}, by when the energy was
          delivered. Each trade is set beside the tariffs of its slots.
        </Trans>
      </p>
    </article>
  );
}

function Result({ sums }: { readonly sums: Gains }) {
  const { currency } = useNetwork();
  const gain = formatMillis(sums.earnedMillis + sums.savedMillis, currency);
  return (
    <div className="rounded-xl bg-leaf-soft p-4 print:border print:border-line">
      <p className="text-lg font-bold">
        <Trans>{gain} better off than with the grid alone</Trans>
      </p>
      <dl className="mt-2 grid gap-x-8 gap-y-1 text-sm sm:grid-cols-2">
        <Line
          term={<Trans>Received for {formatEnergy(sums.soldWh)}</Trans>}
          value={sums.receivedMillis}
        />
        <Line
          term={<Trans>Paid for {formatEnergy(sums.boughtWh)}</Trans>}
          value={sums.paidMillis}
        />
        <Line term={<Trans>At the feed-in tariff</Trans>} value={sums.feedInValueMillis} />
        <Line term={<Trans>At the retail tariff</Trans>} value={sums.retailCostMillis} />
        {(sums.bondPaidMillis > 0n || sums.bondReceivedMillis > 0n) && (
          <>
            <Line term={<Trans>Bonds forfeited</Trans>} value={sums.bondPaidMillis} />
            <Line term={<Trans>Bonds received</Trans>} value={sums.bondReceivedMillis} />
          </>
        )}
        <Line term={<Trans>Earned</Trans>} value={sums.earnedMillis} strong />
        <Line term={<Trans>Saved</Trans>} value={sums.savedMillis} strong />
      </dl>
    </div>
  );
}

const Line = ({
  term,
  value,
  strong = false,
}: {
  readonly term: ReactNode;
  readonly value: bigint;
  readonly strong?: boolean;
}) => (
  <div className={`flex justify-between gap-3 ${strong ? "font-bold" : ""}`}>
    <dt>{term}</dt>
    <dd>
      <Money millis={value} />
    </dd>
  </div>
);

function Heads() {
  const { t } = useLingui();
  const heads = [t`Sold`, t`Received`, t`Earned`, t`Bought`, t`Paid`, t`Saved`];
  return (
    <thead className="text-muted">
      <tr>
        <th scope="col" className="py-1.5 text-left font-semibold">
          <Trans>Day</Trans>
        </th>
        {heads.map((head) => (
          <th key={head} scope="col" className="pl-3 font-semibold">
            {head}
          </th>
        ))}
      </tr>
    </thead>
  );
}

const Row = ({ name, sums }: { readonly name: ReactNode; readonly sums: Gains }) => (
  <tr className="break-inside-avoid border-t border-line">
    <th scope="row" className="py-1.5 text-left whitespace-nowrap">
      {name}
    </th>
    <td className="pl-3 whitespace-nowrap">{formatEnergy(sums.soldWh)}</td>
    <td className="pl-3">
      <Money millis={sums.receivedMillis} />
    </td>
    <td className="pl-3">
      <Money millis={sums.earnedMillis} />
    </td>
    <td className="pl-3 whitespace-nowrap">{formatEnergy(sums.boughtWh)}</td>
    <td className="pl-3">
      <Money millis={sums.paidMillis} />
    </td>
    <td className="pl-3">
      <Money millis={sums.savedMillis} />
    </td>
  </tr>
);
