/** A world's chain as the audit reads it. */
import type { ChainBlock, Contracts, Question } from "@wattline/sdk";
import { type Address, getAddress, type Hex } from "viem";
import type { World } from "./world.ts";

export const contractsOf = async ({
  addresses,
  microgrids,
  energy,
}: World): Promise<Contracts> => ({
  marketplace: addresses.market,
  meters: addresses.meters,
  microgrids: getAddress(await microgrids.getAddress()),
  energy: getAddress(await energy.getAddress()),
});

/** The blocks that left logs of the contracts. */
export async function blocksOf({ provider }: World, contracts: Contracts): Promise<ChainBlock[]> {
  const filter = { fromBlock: "0x0", toBlock: "latest", address: Object.values(contracts) };
  const logs: readonly NodeLog[] = await provider.request({
    method: "eth_getLogs",
    params: [filter],
  });
  const groups = [...Map.groupBy(logs, ({ blockNumber }) => blockNumber)];
  return Promise.all(
    groups.map(async ([number, within]): Promise<ChainBlock> => {
      const block: NodeBlock = await provider.request({
        method: "eth_getBlockByNumber",
        params: [number, true],
      });
      return {
        number: Number(block.number),
        timestamp: Number(block.timestamp),
        hash: block.hash,
        transactions: block.transactions.flatMap(({ hash, from, to, input }) => {
          const left = within.filter(({ transactionHash }) => transactionHash === hash);
          if (left.length === 0) return [];
          const logsOf = left.map(({ address, topics, data, logIndex }) => ({
            ...{ address: getAddress(address), topics, data, logIndex: Number(logIndex) },
          }));
          const receiver = to === null ? undefined : getAddress(to);
          return { hash, from: getAddress(from), to: receiver, input, logs: logsOf };
        }),
      };
    }),
  );
}

/** What the chain answers a question now; undefined for a reverted call. */
export async function answerIn(
  { provider }: World,
  { to, data, from }: Pick<Question, "to" | "data" | "from">,
): Promise<Hex | undefined> {
  const call = { to, data, ...(from !== undefined && { from }) };
  return provider.request({ method: "eth_call", params: [call, "latest"] }).catch(() => undefined);
}

interface NodeLog {
  readonly address: Address;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly logIndex: Hex;
  readonly blockNumber: Hex;
  readonly transactionHash: Hex;
}

interface NodeBlock {
  readonly number: Hex;
  readonly timestamp: Hex;
  readonly hash: Hex;
  readonly transactions: readonly {
    readonly hash: Hex;
    readonly from: Address;
    readonly to: Address | null;
    readonly input: Hex;
  }[];
}
