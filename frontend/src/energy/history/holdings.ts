import type { BalanceRow } from "@wattline/indexer/client";
import { blockOf, parseEnergyId, sourceIndex, sumWh } from "@wattline/sdk";
import type { Address } from "viem";
import { readContract } from "viem/actions";
import { type ChainContext, readEvents } from "../../chain/index.ts";
import { useHistory } from "./useHistory.ts";

/** Energy held of one source in the eight slots of a block. */
export type Holding = Pick<BalanceRow, "microgrid" | "source" | "block" | "word" | "energyWh">;

/** All energy that a holder has. */
export const useHoldings = (holder: Address) =>
  useHistory<readonly Holding[]>(
    ["holdings", holder],
    (indexer, signal) => indexer.portfolioOf(holder, { signal }),
    (context) => holdingsFromChain(context, holder),
  );

/** Transfers to the holder give the blocks to read; the token gives what is left in them. */
async function holdingsFromChain(context: ChainContext, holder: Address): Promise<Holding[]> {
  const { client, contracts, network, signal } = context;
  const incoming = {
    ...contracts.energy,
    args: { to: holder },
    fromBlock: BigInt(network.deployment.fromBlock),
    signal,
  };
  const [singles, batches] = await Promise.all([
    readEvents(client, { ...incoming, eventName: "TransferSingle" }),
    readEvents(client, { ...incoming, eventName: "TransferBatch" }),
  ]);
  const ids = [...singles.map(({ args }) => args.id), ...batches.flatMap(({ args }) => args.ids)];
  const blocks = new Map(
    ids.map((id) => {
      const { microgrid, source, slot } = parseEnergyId(id);
      const block = blockOf(slot);
      return [`${microgrid} ${source} ${block}`, { microgrid, source, block }];
    }),
  );
  const held = await Promise.all(
    [...blocks.values()].map(async (one) => {
      const [word = 0n] = await readContract(client, {
        ...contracts.energy,
        functionName: "profileOf",
        args: [holder, one.microgrid, sourceIndex(one.source), one.block, 1n],
      });
      return { ...one, word, energyWh: sumWh([word]) };
    }),
  );
  return held.filter(({ energyWh }) => energyWh > 0n).toSorted((a, b) => a.block - b.block);
}
