import { LANES, laneOf, metersAbi, slotAt, sumWh } from "@wattline/sdk";
import { readContract } from "viem/actions";
import { type ChainContext, type Microgrid, readEvents, readMany } from "../../chain/index.ts";

/** Terms of a tie line. Wheeling charges in base units per kWh sent. */
export interface Terms {
  readonly lossBps: number;
  /** Wh per delivery slot, in each direction. */
  readonly capacityWh: bigint;
  /** From the lower-numbered microgrid to the other. */
  readonly wheelingUp: bigint;
  readonly wheelingDown: bigint;
}

/** Energy over a tie line in one direction, as sent. */
export interface Flow {
  readonly nowWh: bigint;
  readonly todayWh: bigint;
}

export interface TieLine {
  readonly lower: number;
  readonly higher: number;
  /** In force now. */
  readonly terms: Terms;
  /** Agreed, and in force after the notice period. */
  readonly next?: Terms & { readonly effectiveAt: number };
  readonly up: Flow;
  readonly down: Flow;
}

/** Terms that one operator has proposed and the other has not agreed to yet. */
export interface Proposal extends Terms {
  readonly lower: number;
  readonly higher: number;
  /** The microgrid whose operator proposed. */
  readonly by: number;
}

export interface TieLinesAndProposals {
  readonly tieLines: readonly TieLine[];
  readonly proposals: readonly Proposal[];
}

/**
 * Reads all tie lines and open proposals from the chain.
 * @param time Chain time, Unix seconds.
 */
export async function readTieLines(
  context: ChainContext,
  microgrids: readonly Microgrid[],
  time: number,
): Promise<TieLinesAndProposals> {
  const { client, contracts, network, signal } = context;
  const at = {
    address: contracts.meters.address,
    abi: metersAbi,
    fromBlock: BigInt(network.deployment.fromBlock),
    signal,
  } as const;
  const [agreed, proposed] = await Promise.all([
    readEvents(client, { ...at, eventName: "TieLineAgreed" }),
    readEvents(client, { ...at, eventName: "TieLineProposed" }),
  ]);
  const newest = new Map(agreed.map((log) => [keyOf(log.args), log]));
  const tieLines = await Promise.all(
    [...newest.values()].map(async ({ args }): Promise<TieLine> => {
      const { lower, higher, line, effectiveAt } = args;
      const slotSeconds =
        microgrids.find(({ id }) => id === lower)?.charter.slotSeconds ?? DEFAULT_SLOT_SECONDS;
      const crossing = (from: number, to: number) =>
        readContract(client, { ...contracts.meters, functionName: "crossingOf", args: [from, to] });
      const [there, back, up, down] = await Promise.all([
        crossing(lower, higher),
        crossing(higher, lower),
        readFlow(context, lower, higher, slotSeconds, time),
        readFlow(context, higher, lower, slotSeconds, time),
      ]);
      const terms: Terms = {
        lossBps: there.lossBps,
        capacityWh: BigInt(there.capacity),
        wheelingUp: there.wheeling,
        wheelingDown: back.wheeling,
      };
      const next = effectiveAt > time ? { ...termsOf(line), effectiveAt } : undefined;
      return { lower, higher, terms, up, down, ...(next && { next }) };
    }),
  );
  const open = new Map(proposed.map((log) => [keyOf(log.args), log]));
  const proposals = [...open.values()]
    .filter((log) => {
      const answer = newest.get(keyOf(log.args));
      return answer === undefined || isBefore(answer, log);
    })
    .map(({ args: { lower, higher, by, line } }) => ({ lower, higher, by, ...termsOf(line) }));
  return { tieLines, proposals };
}

const DEFAULT_SLOT_SECONDS = 900;

const keyOf = ({ lower, higher }: { readonly lower: number; readonly higher: number }): string =>
  `${lower} ${higher}`;

const termsOf = (line: {
  readonly lossBps: number;
  readonly capacity: number;
  readonly wheelingUp: bigint;
  readonly wheelingDown: bigint;
}): Terms => ({
  lossBps: line.lossBps,
  capacityWh: BigInt(line.capacity),
  wheelingUp: line.wheelingUp,
  wheelingDown: line.wheelingDown,
});

interface Place {
  readonly blockNumber: bigint;
  readonly logIndex: number;
}
const isBefore = (one: Place, other: Place): boolean =>
  one.blockNumber < other.blockNumber ||
  (one.blockNumber === other.blockNumber && one.logIndex < other.logIndex);

const DAY_SECONDS = 86_400;

/** Energy sent in one direction in the current slot, and in the last 24 hours. */
async function readFlow(
  { client, contracts: { marketplace } }: ChainContext,
  from: number,
  to: number,
  slotSeconds: number,
  time: number,
): Promise<Flow> {
  const slot = slotAt(time, slotSeconds);
  const [first, last] = [slotAt(time - DAY_SECONDS, slotSeconds), slot].map((each) =>
    Math.floor(each / LANES),
  );
  const blocks = Array.from(
    { length: (last ?? 0) - (first ?? 0) + 1 },
    (_, index) => (first ?? 0) + index,
  );
  const words = await readMany(
    client,
    marketplace,
    "flowOf",
    blocks.map((block) => [from, to, block] as const),
  );
  return { nowWh: laneOf(words.at(-1) ?? 0n, slot % LANES), todayWh: sumWh(words) };
}
