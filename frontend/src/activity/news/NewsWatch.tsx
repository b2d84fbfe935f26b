import { plural } from "@lingui/core/macro";
import { useEffect, useRef } from "react";
import type { Address } from "viem";
import { useConnection } from "wagmi";
import { setUnread } from "../../app/index.ts";
import { loadMessages } from "../../i18n/index.ts";
import { onPressed, tell } from "./notifications.ts";
import { useSeen } from "./seen.ts";
import { useNews } from "./useNews.ts";

// The words come with what is said in them.
await loadMessages("activity");

interface Props {
  /** A notification was pressed. */
  onPress(): void;
}

/** Counts the news of the connected account, and tells those that come while the page is open. */
export default function NewsWatch({ onPress }: Props) {
  const { address } = useConnection();
  return address === undefined ? null : <Watch key={address} holder={address} onPress={onPress} />;
}

/** More at once are told as a number. */
const MANY = 3;

function Watch({ holder, onPress }: Props & { readonly holder: Address }) {
  const { news, unread, markAll } = useNews(holder);
  const { seen } = useSeen(holder);
  const told = useRef<ReadonlySet<string>>(undefined);
  const isFirst = seen === undefined && news !== undefined;
  useEffect(() => {
    if (isFirst) markAll();
  });
  useEffect(() => {
    setUnread(unread.length);
    return () => setUnread(0);
  }, [unread.length]);
  useEffect(() => onPressed(onPress), [onPress]);
  useEffect(() => {
    if (news === undefined) return;
    const before = told.current;
    told.current = new Set(news.map(({ key }) => key));
    // What was there when the page was opened is told by the page.
    if (before === undefined) return;
    const fresh = news.filter(({ key }) => !before.has(key));
    if (fresh.length > MANY) {
      const count = fresh.length;
      void tell(
        "many",
        plural(count, { one: "# thing is new", other: "# things are new" }),
        onPress,
      );
    } else for (const { key, sentence } of fresh) void tell(key, sentence, onPress);
  });
  return null;
}
