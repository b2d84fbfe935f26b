import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { Address } from "viem";
import { useNetwork } from "../chain/index.ts";
import { loadMessages } from "../i18n/index.ts";
import { Card, formatMoment } from "../ui/index.ts";
import { useActivity } from "./history/useActivity.ts";
import { sentenceOf } from "./words.ts";

// The words come with what is said in them.
await loadMessages("activity");

const MOST = 3;

/** The newest that has happened to a household, and the way to all of it; nothing while there is nothing. */
export default function RecentActivity({ holder }: { readonly holder: Address }) {
  const { currency } = useNetwork();
  const { data } = useActivity(holder);
  if (data === undefined || data.entries.length === 0) return null;
  return (
    <Card
      title={<Trans>Activity</Trans>}
      actions={
        <Link to="/activity" className="underline">
          <Trans>All of it</Trans>
        </Link>
      }
    >
      <ul className="divide-y divide-line">
        {data.entries.slice(0, MOST).map((entry) => (
          <li key={entry.id} className="flex flex-wrap justify-between gap-x-4 py-2">
            <span>{sentenceOf(entry, { holder, currency })}</span>
            <time
              dateTime={new Date(entry.time * 1000).toISOString()}
              className="text-sm text-muted tabular-nums"
            >
              {formatMoment(entry.time)}
            </time>
          </li>
        ))}
      </ul>
    </Card>
  );
}
