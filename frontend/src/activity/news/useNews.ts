import { t } from "@lingui/core/macro";
import { useLingui } from "@lingui/react";
import { type ActivityEntry, modeIn, slotAt, slotStart, type TradeEntry } from "@wattline/sdk";
import { useMemo } from "react";
import { type Address, isAddressEqual } from "viem";
import { useChainTime, useMicrogrids, useNetwork } from "../../chain/index.ts";
import { useMyMeters } from "../../energy/index.ts";
import { useCalled } from "../../people/index.ts";
import { useDue } from "../due/useDue.ts";
import { dueWords } from "../due/words.ts";
import { useActivity } from "../history/useActivity.ts";
import { sentenceOf } from "../words.ts";
import { isSeen, type News, seenOnce } from "./news.ts";
import { useSeen } from "./seen.ts";

/** What others did or what has come about, the newest first: sold, bought, delivered short, waiting, islanded. */
export function useNews(holder: Address): {
  /** Undefined while it is being read. */
  readonly news: readonly News[] | undefined;
  readonly unread: readonly News[];
  /** All that there is now was looked at. */
  markAll(): void;
} {
  const { currency } = useNetwork();
  const { data } = useActivity(holder);
  const due = useDue(holder);
  const islanded = useIslanded(holder);
  const { seen, markSeen } = useSeen(holder);
  const called = useCalled();
  const { locale } = useLingui().i18n;
  const time = useChainTime();
  // biome-ignore lint/correctness/useExhaustiveDependencies: sentences have names in them, and a language.
  const told = useMemo(
    () =>
      data?.entries
        .filter((entry) => isNews(entry, holder))
        .map((entry): News => {
          const sentence = sentenceOf(entry, { holder, currency });
          return { key: newsKeyOf(entry), time: entry.time, sentence, isDue: false };
        }),
    [data, holder, currency, called, locale],
  );
  const lasting = [
    ...dueWords(due).map((one) => ({ ...one, isDue: true })),
    ...islanded.map((one) => ({ ...one, isDue: false })),
  ].map((one) => ({ ...one, time: undefined }));
  const news = told && [...lasting, ...told];
  // Who comes for the first time has missed nothing.
  const unread = seen === undefined ? [] : (news ?? []).filter((one) => !isSeen(one, seen));
  const markAll = () => {
    if (news !== undefined && time !== undefined) markSeen(seenOnce(news));
  };
  return { news, unread, markAll };
}

export const newsKeyOf = ({ id, kind }: Pick<ActivityEntry, "id" | "kind">): string =>
  `${id} ${kind}`;

/**
 * Trades with neighbours that somebody else has made, or that have fallen short. One's own deeds are no news, and no news is a
 * delivery as it was agreed.
 */
export const isNews = (entry: ActivityEntry, holder: Address): entry is TradeEntry =>
  entry.kind === "trade" &&
  !entry.withGrid &&
  (entry.state === "short" ||
    ((entry.taker === undefined || !isAddressEqual(entry.taker, holder)) &&
      (entry.reserved === undefined || entry.delivered === undefined)));

/** Microgrids of the household's meters that are islanded now. */
function useIslanded(holder: Address): { readonly key: string; readonly sentence: string }[] {
  const { data: meters = [] } = useMyMeters(holder);
  const { data: microgrids = [] } = useMicrogrids();
  const now = useChainTime();
  if (now === undefined) return [];
  return microgrids
    .filter(({ microgrid }) => meters.some((meter) => meter.microgrid === microgrid))
    .filter((microgrid) => modeIn(microgrid, slotAt(now, microgrid.slotSeconds)) === "Islanded")
    .map(({ microgrid, name, islands, slotSeconds }) => {
      const since = slotStart(islands.at(-1)?.firstSlot ?? 0, slotSeconds);
      const sentence = t`${name} is islanded: neighbours trade among themselves only`;
      return { key: `islanded ${microgrid} ${since}`, sentence };
    });
}
