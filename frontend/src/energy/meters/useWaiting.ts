import { useQuery } from "@tanstack/react-query";
import { type Address, isAddressEqual } from "viem";
import { simulateContract } from "viem/actions";
import {
  type ChainContext,
  callOf,
  contractsOf,
  useChainQuery,
  useNetwork,
} from "../../chain/index.ts";
import { refusalIn, wordsFor } from "../../wallet/index.ts";
import type { MyMeter } from "../history/meters.ts";
import { contentOf, keyOf, parseReadings, type SignedReading } from "./signedReading.ts";

/** A signed reading, and whether the contract accepts it now. */
export interface JudgedReading extends SignedReading {
  readonly firstSlot: number;
  readonly lastSlot: number;
  readonly exportedWh: bigint;
  /** Why the contract would refuse it, in words; undefined when it would not. */
  readonly refusal: string | undefined;
  /** Its slots are on chain already. */
  readonly done: boolean;
}

/** How often waiting readings are requested. */
const EVERY_MS = 5_000;

/**
 * Readings of these meters in `/readings.json` that are signed and not on chain yet; none where the host
 * serves no such file.
 */
export function useWaiting(holder: Address, meters: readonly MyMeter[] | undefined) {
  const { data: signed = NONE } = useQuery({
    queryKey: ["readings.json"],
    queryFn: ({ signal }) => fetchWaiting(signal),
    refetchInterval: EVERY_MS,
    retry: false,
  });
  const own = signed.filter(({ reading }) =>
    meters?.some(({ address, active }) => active && isAddressEqual(address, reading.meter)),
  );
  const judged = useChainQuery(
    ["waiting", holder, ...own.map(keyOf)],
    async (context) => Promise.all(own.map((one) => judge(context, one, holder))),
    { enabled: own.length > 0 },
  );
  return own.length === 0 ? NONE_JUDGED : (judged.data?.filter(({ done }) => !done) ?? NONE_JUDGED);
}

const NONE: readonly SignedReading[] = [];
const NONE_JUDGED: readonly JudgedReading[] = [];

async function fetchWaiting(signal: AbortSignal): Promise<readonly SignedReading[]> {
  const response = await fetch("/readings.json", { signal });
  if (!response.ok || !response.headers.get("content-type")?.includes("json")) return NONE;
  return parseReadings(await response.text());
}

/** Simulates the report, so that the contract's rules are not repeated here. */
async function judge(
  { client, contracts, network }: ChainContext,
  signed: SignedReading,
  account: Address,
): Promise<JudgedReading> {
  const about = { ...signed, ...contentOf(signed) };
  try {
    await simulateContract(client, {
      ...contracts.meters,
      functionName: "report",
      args: [signed.reading, signed.signature],
      account,
    });
    return { ...about, refusal: undefined, done: false };
  } catch (error) {
    const done = refusalIn(error)?.name === "Meters_AlreadyReported";
    return { ...about, refusal: await wordsFor(error, network), done };
  }
}

/** Signed readings, and whether the contract accepts them. */
export const useJudged = (readings: readonly SignedReading[], account: Address) =>
  useChainQuery(
    ["judged", account, ...readings.map(keyOf)],
    (context) => Promise.all(readings.map((one) => judge(context, one, account))),
    { enabled: readings.length > 0 },
  );

/** Makes the calls that submit readings, the earliest first. */
export function useReportCalls() {
  const { meters } = contractsOf(useNetwork());
  return (readings: readonly JudgedReading[]) =>
    readings
      .toSorted((a, b) => a.firstSlot - b.firstSlot)
      .map(({ reading, signature }) => callOf(meters, "report", [reading, signature]));
}
