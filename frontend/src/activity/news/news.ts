/** Something that a household should hear of. */
export interface News {
  readonly key: string;
  /** Unix seconds; undefined for what waits or lasts, which is known by its key. */
  readonly time: number | undefined;
  readonly sentence: string;
  /** It waits for the household to do something. */
  readonly isDue: boolean;
}

/** What of an account's news was looked at in this browser. */
export interface Seen {
  /** News before this time, Unix seconds. */
  readonly until: number;
  /** And by their keys what is of that very second, which several blocks may share, and what waits or lasts. */
  readonly keys: readonly string[];
}

export const isSeen = ({ key, time }: Pick<News, "key" | "time">, seen: Seen): boolean =>
  time !== undefined && time !== seen.until ? time < seen.until : seen.keys.includes(key);

/** What is seen once all of this was looked at. */
export function seenOnce(news: readonly Pick<News, "key" | "time">[]): Seen {
  const until = news.reduce((latest, { time = 0 }) => Math.max(latest, time), 0);
  const lastOrLasting = news.filter(({ time = until }) => time === until);
  return { until, keys: lastOrLasting.map(({ key }) => key) };
}
