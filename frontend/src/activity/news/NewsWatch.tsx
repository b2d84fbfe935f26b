import { plural } from "@lingui/core/macro";
import { useEffect, useRef } from "react";
import type { Address } from "viem";
import { useConnection } from "wagmi";
import { setUnread } from "../../app/index.ts";
import { loadMessages } from "../../i18n/index.ts";
import { tell } from "./notifications.ts";
import { useSeen } from "./seen.ts";
import { useNews } from "./useNews.ts";

// The words come with what is said in them.
await loadMessages("activity");

/** Counts the news of the connected account, and tells those that come while the page is open. */
export default function NewsWatch() {
  const { address } = useConnection();
  return address === undefined ? null : <Watch key={address} holder={address} />;
}

/** More at once are told as a number. */
const MANY = 3;

function Watch({ holder }: { readonly holder: Address }) {
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
  useEffect(() => {
    if (news === undefined) return;
    const before = told.current;
    told.current = new Set(news.map(({ key }) => key));
    // What was there when the page was opened is told by the page.
    if (before === undefined) return;
    const fresh = news.filter(({ key }) => !before.has(key));
    if (fresh.length > MANY) {
      const count = fresh.length;
      void tell("many", plural(count, { one: "# thing is new", other: "# things are new" }));
    } else for (const { key, sentence } of fresh) void tell(key, sentence);
  });
  return null;
}
