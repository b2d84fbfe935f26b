import {
  decodeLog,
  type HistoryEvent,
  type Microgrid,
  Microgrids,
  slotAt,
  type TieLine,
  type TieLineProposal,
} from "@wattline/sdk";
import { getLogs } from "viem/actions";
import { blockTimes, contractsIn, plainLog } from "./events.ts";
import { followed } from "./follow.ts";
import { useChainTime } from "./head.tsx";
import { type ChainContext, useChainQuery } from "./useChainQuery.ts";

/** An event of the microgrids contract, and when it happened. */
interface PastEvent {
  readonly event: HistoryEvent;
  readonly blockNumber: bigint;
  /** Unix seconds. */
  readonly time: number;
}

const readEventsOfMicrogrids = followed(eventsIn);

async function eventsIn(
  context: ChainContext,
  fromBlock: bigint,
  toBlock: bigint,
): Promise<PastEvent[]> {
  const contracts = contractsIn(context);
  const address = contracts.microgrids;
  const logs = await getLogs(context.client, { address, fromBlock, toBlock });
  const timeOf = blockTimes(context.client);
  const events = await Promise.all(
    logs.map(async (log): Promise<PastEvent | undefined> => {
      const event = decodeLog(contracts, plainLog(log));
      const { blockNumber } = log;
      return event && { event, blockNumber, time: await timeOf(blockNumber) };
    }),
  );
  return events.filter((one) => one !== undefined);
}

/** All microgrids, and the tie lines between them. */
interface Communities {
  /** In the order of their founding. */
  readonly microgrids: readonly Microgrid[];
  readonly tieLines: readonly TieLine[];
  readonly proposals: readonly TieLineProposal[];
}

/** What microgrids and tie lines are, from the events of their contract. */
export async function readCommunities(context: ChainContext): Promise<Communities> {
  const book = new Microgrids();
  for (const { event, time } of await readEventsOfMicrogrids(context)) book.add(event, time);
  return { microgrids: book.all(), tieLines: book.lines(), proposals: book.proposals() };
}

const useCommunities = <T>(select: (communities: Communities) => T) =>
  useChainQuery(["microgrids"], readCommunities, { select });

const microgridsIn = ({ microgrids }: Communities) => microgrids;
const tieLinesIn = ({ tieLines }: Communities) => tieLines;
const proposalsIn = ({ proposals }: Communities) => proposals;

/** Every microgrid there is, in the order of their founding. */
export const useMicrogrids = () => useCommunities(microgridsIn);

/** Every tie line that was ever agreed. */
export const useTieLines = () => useCommunities(tieLinesIn);

/** The tie lines that one operator has proposed and the other has not agreed to yet. */
export const useProposals = () => useCommunities(proposalsIn);

/** The slot of the chain's time; undefined until the first block has come. */
export function useCurrentSlot(
  microgrid: Pick<Microgrid, "slotSeconds"> | undefined,
): number | undefined {
  const time = useChainTime();
  return time === undefined || microgrid === undefined
    ? undefined
    : slotAt(time, microgrid.slotSeconds);
}
