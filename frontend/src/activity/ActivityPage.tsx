import { Trans, useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import { History } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import type { Address } from "viem";
import { useConnection } from "wagmi";
import { NoWallet } from "../app/index.ts";
import { useChainTime } from "../chain/index.ts";
import { useSigned } from "../data/index.ts";
import {
  Button,
  Card,
  EmptyState,
  ErrorState,
  formatDay,
  PageHeader,
  Select,
  SkeletonLines,
} from "../ui/index.ts";
import { DueCard } from "./due/DueCard.tsx";
import { useDue } from "./due/useDue.ts";
import { type Entry, EntryItem, type Surroundings } from "./EntryItem.tsx";
import { useActivity } from "./history/useActivity.ts";
import { NewsCard } from "./news/NewsCard.tsx";
import { NotificationsSwitch } from "./news/NotificationsSwitch.tsx";
import { isSeen, type Seen } from "./news/news.ts";
import { useSeen } from "./news/seen.ts";
import { isNews, newsKeyOf, useNews } from "./news/useNews.ts";
import { orderEntriesOf } from "./orders.ts";
import { SHOWN, type Shown } from "./shown.ts";

const route = getRouteApi("/activity");

/** Everything that has happened to a household, the newest first, and what waits for it. */
export function ActivityPage() {
  const { address } = useConnection();
  return (
    <>
      <PageHeader
        title={<Trans>Activity</Trans>}
        actions={address !== undefined && <NotificationsSwitch />}
      >
        <Trans>Your trades from the signature to the money, and what waits for you.</Trans>
      </PageHeader>
      {address === undefined ? <NoWallet /> : <Household key={address} holder={address} />}
    </>
  );
}

function Household({ holder }: { readonly holder: Address }) {
  const [pages, setPages] = useState(1);
  const { data, error, refetch } = useActivity(holder, pages);
  const signed = useSigned(holder);
  const due = useDue(holder);
  const { news, markAll } = useNews(holder);
  const { seen } = useSeen(holder);
  // What was new when the page was opened stays marked while one reads.
  const [seenBefore] = useState<Seen | undefined>(seen);
  const time = useChainTime();
  const marks = news === undefined || time === undefined ? undefined : news[0]?.key;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is there now has been looked at, whenever something is added.
  useEffect(markAll, [marks, news?.length]);
  const around: Surroundings = {
    holder,
    signedAt: new Map(signed?.map(({ hash, receivedAt }) => [hash.toLowerCase(), receivedAt])),
    open: due.open,
    readiness: due.readiness,
  };
  const entries = useMemo((): readonly Entry[] => {
    const since = data?.sinceSeconds ?? 0;
    const orders = orderEntriesOf(signed ?? []).filter((one) => one.time >= since);
    return [...(data?.entries ?? []), ...orders].sort((a, b) => b.time - a.time);
  }, [data, signed]);
  const isNew = (entry: Entry): boolean =>
    seenBefore !== undefined &&
    entry.kind !== "orders" &&
    isNews(entry, holder) &&
    !isSeen({ key: newsKeyOf(entry), time: entry.time }, seenBefore);
  return (
    <div className="flex flex-col gap-5">
      <DueCard due={due} holder={holder} />
      <NewsCard news={news} seenBefore={seenBefore} />
      {error ? (
        <ErrorState
          title={<Trans>Your activity could not be read</Trans>}
          error={error}
          onRetry={refetch}
        />
      ) : data === undefined ? (
        <SkeletonLines lines={8} />
      ) : (
        <Timeline
          entries={entries}
          isNew={isNew}
          around={around}
          onOlder={data.sinceSeconds === undefined ? undefined : () => setPages(pages + 1)}
        />
      )}
    </div>
  );
}

/** Whether an entry is among those that one wants to see. */
const FITS: Readonly<Record<Shown, (entry: Entry) => boolean>> = {
  all: () => true,
  trades: ({ kind }) => kind === "trade",
  open: (entry) => entry.kind === "trade" && entry.state === "open",
  orders: ({ kind }) => kind === "orders" || kind === "cancelAll",
  other: ({ kind }) => kind !== "trade" && kind !== "orders",
};

function Timeline({
  entries,
  isNew,
  around,
  onOlder,
}: {
  readonly entries: readonly Entry[];
  isNew(entry: Entry): boolean;
  readonly around: Surroundings;
  /** Undefined when there is nothing older. */
  readonly onOlder: (() => void) | undefined;
}) {
  const { t } = useLingui();
  const { show = "all" } = route.useSearch();
  const navigate = route.useNavigate();
  const days = [...Map.groupBy(entries.filter(FITS[show]), ({ time }) => formatDay(time))];
  const names: Readonly<Record<Shown, string>> = {
    all: t`Everything`,
    trades: t`Trades`,
    open: t`To be delivered`,
    orders: t`Orders`,
    other: t`Energy and money`,
  };
  return (
    <Card
      title={<Trans>What has happened</Trans>}
      actions={
        <Select
          aria-label={t`Shown`}
          value={show}
          onChange={({ target }) =>
            void navigate({
              search: (search) => ({ ...search, show: SHOWN.find((one) => one === target.value) }),
              replace: true,
            })
          }
        >
          {SHOWN.map((each) => (
            <option key={each} value={each}>
              {names[each]}
            </option>
          ))}
        </Select>
      }
    >
      {days.length === 0 && (
        <EmptyState icon={<History />} title={<Trans>Nothing has happened yet</Trans>}>
          <Trans>
            What you sell, buy, deposit and mint is told here, with the amounts, from the signature
            to the payment.
          </Trans>
        </EmptyState>
      )}
      {days.map(([day, ofDay]) => (
        <section key={day} className="mt-4 first:mt-0">
          <h3 className="mb-2 text-sm font-semibold text-muted">{day}</h3>
          <ul className="divide-y divide-line">
            {ofDay.map((entry) => (
              <EntryItem
                key={`${entry.kind} ${entry.id}`}
                entry={entry}
                isNew={isNew(entry)}
                around={around}
              />
            ))}
          </ul>
        </section>
      ))}
      {onOlder && (
        <Button className="mt-4" onClick={onOlder}>
          <Trans>Show older</Trans>
        </Button>
      )}
    </Card>
  );
}
