import type { Microgrid } from "@wattline/sdk";
import { useChainTime, useNetwork } from "../chain/index.ts";
import { useIndexed } from "../data/index.ts";
import type { CommunityGains } from "./readCommunityGains.ts";

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** What neighbours have gained from trades with each other, for energy delivered in the last 24 hours. */
export function useCommunityGains(microgrid: Microgrid | undefined) {
  const { indexerUrl = "" } = useNetwork();
  const time = useChainTime();
  const until = time === undefined ? undefined : Math.ceil(time / HOUR) * HOUR;
  const isReady = microgrid !== undefined && until !== undefined;
  const [from, to] = [(until ?? 0) - DAY, until ?? 0];
  const indexed = useIndexed<CommunityGains | null>(
    ["community gains", microgrid?.microgrid, until],
    async (_, signal) => {
      if (!isReady) return null;
      const { gainsFromIndexer } = await import("./readCommunityGains.ts");
      return gainsFromIndexer(indexerUrl, microgrid, from, to, signal);
    },
    async (context) => {
      if (!isReady) return null;
      const { gainsFromChain } = await import("./readCommunityGains.ts");
      return gainsFromChain(context, microgrid, from, to);
    },
  );
  return { ...indexed, data: indexed.data ?? undefined };
}
