import type { Address } from "viem";
import { useNetwork } from "../chain/index.ts";
import { useIndexed } from "../data/index.ts";
import type { Records } from "./records.ts";

const NONE: Records = new Map();

/** The delivery records of sellers, from the indexer, else from the chain's events. */
export function useRecords(sellers: readonly Address[]): Records {
  const { indexerUrl } = useNetwork();
  const { data } = useIndexed<Records>(
    ["deliveryRecords", sellers],
    async (_, signal) => {
      if (sellers.length === 0) return NONE;
      const { connectIndexer } = await import("@wattline/indexer/client");
      const rows = await connectIndexer(indexerUrl ?? "").deliveryRecordsOf(sellers, { signal });
      return new Map(
        rows.map(({ seller, promisedWh, deliveredWh }) => [seller, { promisedWh, deliveredWh }]),
      );
    },
    async (context) => {
      if (sellers.length === 0) return NONE;
      const { readRecords } = await import("./readRecords.ts");
      return readRecords(context);
    },
  );
  return data ?? NONE;
}
