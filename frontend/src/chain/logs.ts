import type { Abi, Address, Client, ContractEventName, GetContractEventsReturnType } from "viem";
import { getBlockNumber, getContractEvents } from "viem/actions";

/** Blocks that a public RPC lets one ask for at once. */
const CHUNK = 10_000n;

/** Every event of one name that a contract has emitted since `fromBlock`, oldest first; chunk by chunk. */
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
  const found: GetContractEventsReturnType<abi, name, true>[number][] = [];
  for (let from = fromBlock; from <= head; from += CHUNK) {
    signal.throwIfAborted();
    const last = from + CHUNK - 1n;
    const logs = await getContractEvents(client, {
      address,
      abi: abi as Abi,
      eventName: eventName as string,
      ...(args !== undefined && { args }),
      fromBlock: from,
      toBlock: last < head ? last : head,
      strict: true,
    });
    for (const log of logs) found.push(log as (typeof found)[number]);
  }
  return found;
}
