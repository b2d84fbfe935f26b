import type { Abi, Address, Client, ContractEventName, GetContractEventsReturnType } from "viem";
import { getBlockNumber, getContractEvents } from "viem/actions";
import { readInRanges } from "./ranges.ts";

/** Every event of one name that a contract has emitted since `fromBlock`, oldest first. */
export async function readEvents<const abi extends Abi, name extends ContractEventName<abi>>(
  client: Client,
  {
    address,
    abi,
    eventName,
    fromBlock,
    args,
    signal,
  }: {
    readonly address: Address;
    readonly abi: abi;
    readonly eventName: name;
    readonly fromBlock: bigint;
    /** Values of indexed members to look for. */
    readonly args?: Readonly<Record<string, unknown>>;
    readonly signal: AbortSignal;
  },
): Promise<GetContractEventsReturnType<abi, name, true>> {
  // A remembered head may lie before the event that made someone ask.
  const head = await getBlockNumber(client, { cacheTime: 0 });
  return readInRanges(
    client,
    fromBlock,
    head,
    async (from, to) => {
      const logs = await getContractEvents(client, {
        address,
        abi: abi as Abi,
        eventName: eventName as string,
        ...(args !== undefined && { args }),
        fromBlock: from,
        toBlock: to,
        strict: true,
      });
      return logs as GetContractEventsReturnType<abi, name, true>;
    },
    signal,
  );
}
