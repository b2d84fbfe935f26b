import { LANES, laneOf, slotAt, sumWh, type TieLine } from "@wattline/sdk";
import {
  type ChainContext,
  readMany,
  useChainQuery,
  useChainTime,
  useMicrogrids,
  useTieLines,
} from "../../chain/index.ts";

/** Energy over a tie line in one direction, as sent. */
export interface Flow {
  readonly nowWh: bigint;
  readonly todayWh: bigint;
}

/** A tie line with what it carries. */
export interface LineWithFlow extends TieLine {
  /** From the lower-numbered microgrid to the other. */
  readonly up: Flow;
  readonly down: Flow;
}

/** The shortest slot length: the flow is read again after it. */
const STEP_SECONDS = 300;
const DAY_SECONDS = 86_400;
const DEFAULT_SLOT_SECONDS = 900;

/** All tie lines as they are now, with what they carry, which is read again as slots pass. */
export function useFlows() {
  const { data: microgrids } = useMicrogrids();
  const { data: lines } = useTieLines();
  const time = useChainTime();
  const step = time === undefined ? undefined : slotAt(time, STEP_SECONDS);
  const flows = useChainQuery(
    ["flows", lines?.map(({ lower, higher }) => `${lower} ${higher}`), step],
    (context) =>
      Promise.all(
        (lines ?? []).map(async ({ lower, higher }) => {
          const slotSeconds =
            microgrids?.find(({ microgrid }) => microgrid === lower)?.slotSeconds ??
            DEFAULT_SLOT_SECONDS;
          const [up, down] = await Promise.all([
            readFlow(context, lower, higher, slotSeconds, time ?? 0),
            readFlow(context, higher, lower, slotSeconds, time ?? 0),
          ]);
          return { lower, higher, up, down };
        }),
      ),
    { enabled: lines !== undefined && microgrids !== undefined && time !== undefined },
  );
  // The terms of a line may change while its flow is being read: they are never part of that answer.
  const data = flows.data?.flatMap((flow): LineWithFlow[] => {
    const line = lines?.find(({ lower, higher }) => lower === flow.lower && higher === flow.higher);
    return line === undefined ? [] : [{ ...line, ...flow }];
  });
  return { ...flows, data };
}

/** Energy sent in one direction in the current slot, and in the last 24 hours. */
async function readFlow(
  { client, contracts: { marketplace } }: ChainContext,
  from: number,
  to: number,
  slotSeconds: number,
  time: number,
): Promise<Flow> {
  const slot = slotAt(time, slotSeconds);
  const first = Math.floor(slotAt(time - DAY_SECONDS, slotSeconds) / LANES);
  const count = Math.floor(slot / LANES) - first + 1;
  const words = await readMany(
    client,
    marketplace,
    "flowOf",
    Array.from({ length: count }, (_, index) => [from, to, first + index] as const),
  );
  return { nowWh: laneOf(words.at(-1) ?? 0n, slot % LANES), todayWh: sumWh(words) };
}
