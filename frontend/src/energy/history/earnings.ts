import type { Earning } from "@wattline/sdk";
import type { Address } from "viem";
import { useHistory } from "./useHistory.ts";

/** The end of the requested time: later than any delivery. */
const FAR = 2 ** 40;

/** The earnings of a holder by hour, oldest first. */
export const useEarnings = (holder: Address) =>
  useHistory<readonly Earning[]>(
    ["earnings", holder],
    (indexer, signal) => indexer.earningsOf(holder, 0, FAR, { signal }),
    async (context) => {
      // The code that computes them from logs is not needed while the indexer answers.
      const { earningsFromChain } = await import("./earningsFromChain.ts");
      return earningsFromChain(context, holder);
    },
  );
