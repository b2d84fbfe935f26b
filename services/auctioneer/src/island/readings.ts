import { MendableError } from "@wattline/common/mendable";
import {
  asker,
  type ChainView,
  hashReading,
  metersAbi,
  metersDomain,
  type Reading,
  SOURCES,
  slotEnd,
} from "@wattline/sdk";
import { isSignedByDevice } from "@wattline/sdk/deviceKeys";
import { type Hex, isAddressEqual, zeroAddress } from "viem";
import * as z from "zod";
import { type PromiseBook, slotsOf } from "./book.ts";
import type { Entry, ReadingEntry } from "./entries.ts";

const hex = z
  .string()
  .regex(/^0x[0-9a-fA-F]+$/)
  .transform((text) => text as Hex);

/** What agents hand over: the file `readings.json`. */
export const readingsSchema = z.object({
  readings: z
    .array(
      z.object({
        meter: hex.refine((text) => text.length === 42, "an address"),
        firstBlock: z.int().nonnegative(),
        exported: z.array(hex.transform(BigInt)).min(1).max(256),
        signature: hex,
      }),
    )
    .max(10_000),
});
export type Handed = z.output<typeof readingsSchema>["readings"][number];

/** A clock may be so far ahead of ours. */
const CLOCK_SECONDS = 60;

/**
 * Takes a reading in: what has to be kept of it. The first number that a device signs for a slot counts; another one is kept as
 * evidence.
 * @returns Nothing when all of it is known.
 * @throws MendableError that says why it is refused
 */
export async function takeReading(
  view: ChainView,
  chainId: number,
  book: PromiseBook,
  { meter, firstBlock, exported, signature }: Handed,
  nowMs: number,
): Promise<Entry[]> {
  const reading: Reading = { meter, firstBlock, exported };
  const { meters } = view.deployment;
  const digest = hashReading(metersDomain(chainId, meters), reading);
  if (!(await isSignedByDevice(meter, digest, signature))) {
    throw new MendableError(`The reading of ${meter} is not signed by that device.`);
  }
  const found = await asker(view, meters, metersAbi)("meterOf", [meter]);
  const source = SOURCES[found.source];
  const microgrid = await view.microgrid(found.microgrid);
  if (isAddressEqual(found.owner, zeroAddress) || source === undefined || microgrid === undefined) {
    throw new MendableError(`The meter ${meter} is not registered, as far as is known.`);
  }
  const { slotSeconds } = microgrid;
  const mostWh = (BigInt(found.capacityW) * BigInt(slotSeconds) + 3599n) / 3600n;
  const slots = slotsOf({ firstBlock, exported });
  const differing: [slot: number, firstWh: bigint, secondWh: bigint][] = [];
  let isNew = false;
  for (const [slot, wh] of slots) {
    if (slotEnd(slot, slotSeconds) > nowMs / 1000 + CLOCK_SECONDS) {
      throw new MendableError(
        `The reading of ${meter} covers the slot ${slot}, which has not ended.`,
      );
    }
    if (wh > mostWh) {
      throw new MendableError(
        `The reading of ${meter} has ${wh} Wh in the slot ${slot}; the meter is registered for ${mostWh} Wh at most.`,
      );
    }
    const known = book.exportedWh(meter, slot);
    if (known === undefined) isNew = true;
    else if (known !== wh) differing.push([slot, known, wh]);
  }
  const { owner, microgrid: number } = found;
  const kept = { meter, owner, microgrid: number, source, firstBlock, exported, signature };
  const [first] = differing;
  if (first !== undefined) {
    const [slot, firstWh, secondWh] = first;
    const isKept = book.conflicts.some((each) => each.signature === signature);
    if (isKept) return [];
    return [{ kind: "conflict", ...kept, slot, firstWh, secondWh, atMs: nowMs }];
  }
  return isNew ? [{ kind: "reading", ...kept, atMs: nowMs }] : [];
}

/** What the chain has of a meter's slots since the last known block, by `meter slot`. */
export type ReportedWh = ReadonlyMap<string, bigint>;

export const reportedKey = (meter: string, slot: number): string =>
  `${meter.toLowerCase()} ${slot}`;

/**
 * The readings that still have to be reported: of those that overlap the longest, as each slot is reported once. One of
 * which the chain has a part already is left to its device, which alone can sign the rest.
 */
export function waitingReadings(book: PromiseBook, reported: ReportedWh): ReadingEntry[] {
  const taken = new Set<string>();
  return [...book.readings]
    .sort((a, b) => b.exported.length - a.exported.length || a.firstBlock - b.firstBlock)
    .filter((reading) => {
      const keys = [...slotsOf(reading).keys()].map((slot) => reportedKey(reading.meter, slot));
      if (keys.some((key) => taken.has(key) || reported.has(key))) return false;
      for (const key of keys) taken.add(key);
      return true;
    })
    .sort((a, b) => a.firstBlock - b.firstBlock);
}
