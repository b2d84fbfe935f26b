import { type ActivityEntry, activityOf } from "@wattline/sdk";
import { useMemo } from "react";
import type { Address } from "viem";
import { useNetwork } from "../../chain/index.ts";
import { type Indexed, useIndexed } from "../../data/index.ts";
import type { Read } from "./read.ts";

/** How many rows of each kind are read at first, and more each time that one asks for older ones. */
const AT_ONCE = 100;

/** A household's entries, the newest first. */
export interface Activity {
  readonly entries: readonly ActivityEntry[];
  /** Nothing older than this is known, Unix seconds; undefined when this is all. */
  readonly sinceSeconds: number | undefined;
}

/**
 * What has happened to a household, from the indexer or from the chain.
 * @param pages How far back: 1 for the newest.
 */
export function useActivity(
  holder: Address,
  pages = 1,
): Omit<Indexed<Read>, "data"> & {
  readonly data: Activity | undefined;
} {
  const { indexerUrl = "" } = useNetwork();
  const most = AT_ONCE * pages;
  const read = useIndexed<Read>(
    ["activity", holder, most],
    async (_, signal) => {
      const { activityFromIndexer } = await import("./fromIndexer.ts");
      return activityFromIndexer(indexerUrl, holder, most, signal);
    },
    async (context) => {
      const { activityFromChain } = await import("./fromChain.ts");
      return activityFromChain(context, holder, most);
    },
  );
  const { data } = read;
  const activity = useMemo(() => data && within(data), [data]);
  return { ...read, data: activity };
}

/** Kinds of which less is known go back less far: what is older than all are known for is left out. */
function within(read: Read): Activity {
  const { sinceSeconds } = read;
  const entries = activityOf(read);
  return {
    entries:
      sinceSeconds === undefined ? entries : entries.filter(({ time }) => time >= sinceSeconds),
    sinceSeconds,
  };
}
