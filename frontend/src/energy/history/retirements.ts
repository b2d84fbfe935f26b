import type { RetirementRow } from "@wattline/indexer/client";
import { sourceAt, sumWh, unpackProfile } from "@wattline/sdk";
import type { Address } from "viem";
import { blockTimes, readEvents } from "../../chain/index.ts";
import { useHistory } from "./useHistory.ts";

/** Energy that a household has retired; `id` is its certificate's. */
export type Retirement = Pick<
  RetirementRow,
  | "id"
  | "beneficiary"
  | "microgrid"
  | "source"
  | "firstSlot"
  | "lastSlot"
  | "energyWh"
  | "purpose"
  | "time"
>;

const NEWEST = 100;

/** What a holder has retired, newest first. */
export const useRetirements = (holder: Address) =>
  useHistory<readonly Retirement[]>(
    ["retirements", holder],
    async (indexer, signal) =>
      (await indexer.retirementsOf({ holder, limit: NEWEST, signal })).items,
    async ({ client, contracts, network, signal }) => {
      const timeOf = blockTimes(client);
      const events = await readEvents(client, {
        ...contracts.energy,
        eventName: "Retired",
        args: { holder },
        fromBlock: BigInt(network.deployment.fromBlock),
        signal,
      });
      return Promise.all(
        events
          .toReversed()
          .slice(0, NEWEST)
          .map(async ({ args, transactionHash, logIndex, blockNumber }) => {
            const { beneficiary, microgrid, source, firstBlock, energy, purpose } = args;
            const slots = [...unpackProfile({ firstBlock, words: energy }).keys()];
            return {
              id: `${transactionHash}-${logIndex}`,
              beneficiary,
              microgrid,
              source: sourceAt(source),
              firstSlot: slots[0] ?? 0,
              lastSlot: slots.at(-1) ?? 0,
              energyWh: sumWh(energy),
              purpose,
              time: await timeOf(blockNumber),
            };
          }),
      );
    },
  );
