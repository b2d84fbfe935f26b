import { Trans } from "@lingui/react/macro";
import { Card, formatCount } from "../../ui/index.ts";
import { isSeen, type News, type Seen } from "./news.ts";

/** The most that is listed; all of it is in the timeline. */
const MOST = 5;

/** What is new since one last looked; nothing when nothing is. What waits has a card of its own. */
export function NewsCard({
  news = [],
  seenBefore,
}: {
  readonly news: readonly News[] | undefined;
  /** What had been seen when the page was opened. */
  readonly seenBefore: Seen | undefined;
}) {
  if (seenBefore === undefined) return null;
  const fresh = news.filter((one) => !one.isDue && !isSeen(one, seenBefore));
  if (fresh.length === 0) return null;
  const more = formatCount(fresh.length - MOST);
  return (
    <Card title={<Trans>New since you last looked</Trans>} className="border-sky">
      <ul className="flex flex-col gap-1">
        {fresh.slice(0, MOST).map(({ key, sentence }) => (
          <li key={key}>{sentence}</li>
        ))}
        {fresh.length > MOST && (
          <li className="text-muted">
            <Trans>and {more} more</Trans>
          </li>
        )}
      </ul>
    </Card>
  );
}
