import { sumWh } from "@wattline/sdk";
import type { Address } from "viem";
import { type ChainContext, readEvents, useNetwork } from "../chain/index.ts";
import { useIndexed } from "../data/index.ts";

/** What a seller has promised and delivered in its released forwards. */
export interface DeliveryRecord {
  readonly promisedWh: bigint;
  readonly deliveredWh: bigint;
}

/** By the seller's address in lower case; sellers without released forwards are missing. */
export type Records = ReadonlyMap<string, DeliveryRecord>;

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
    (context) => (sellers.length === 0 ? Promise.resolve(NONE) : readRecords(context)),
  );
  return data ?? NONE;
}

/** Sums what each seller has promised and delivered in released blocks. */
async function readRecords({ client, contracts, network, signal }: ChainContext): Promise<Records> {
  const of = {
    ...contracts.marketplace,
    fromBlock: BigInt(network.deployment.fromBlock),
    signal,
  } as const;
  const [reserved, released] = await Promise.all([
    readEvents(client, { ...of, eventName: "Reserved" }),
    readEvents(client, { ...of, eventName: "Released" }),
  ]);
  const sellers = new Map<string, string>();
  const promised = new Map<string, bigint>();
  const records = new Map<string, DeliveryRecord>();
  const events = [...reserved, ...released].sort((a, b) =>
    a.blockNumber === b.blockNumber
      ? a.logIndex - b.logIndex
      : Number(a.blockNumber - b.blockNumber),
  );
  for (const { eventName, args } of events) {
    if (eventName === "Reserved") {
      sellers.set(args.positionId, args.position.seller.toLowerCase());
      args.position.energy.forEach((word, index) => {
        const key = `${args.positionId} ${args.position.firstBlock + index}`;
        promised.set(key, (promised.get(key) ?? 0n) + sumWh([word]));
      });
    } else {
      const key = `${args.positionId} ${args.blockNumber}`;
      const seller = sellers.get(args.positionId) ?? "";
      const record = records.get(seller) ?? { promisedWh: 0n, deliveredWh: 0n };
      records.set(seller, {
        promisedWh: record.promisedWh + (promised.get(key) ?? 0n),
        deliveredWh: record.deliveredWh + sumWh([args.delivered]),
      });
      promised.delete(key);
    }
  }
  return records;
}
