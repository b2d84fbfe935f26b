import type { Earning } from "@wattline/sdk";
import type { Address } from "viem";
import { useHistory } from "./useHistory.ts";

/** The last second that is asked for: beyond any delivery. */
const FAR = 2 ** 40;

/** What all trades of a holder came to, hour by hour, oldest first. */
export const useEarnings = (holder: Address) =>
  useHistory<readonly Earning[]>(
    ["earnings", holder],
    (indexer, signal) => indexer.earningsOf(holder, 0, FAR, { signal }),
    async (context) => {
      // Reckoning it all up from logs takes code that is not needed while the indexer answers.
      const { earningsFromChain } = await import("./earningsFromChain.ts");
      return earningsFromChain(context, holder);
    },
  );
