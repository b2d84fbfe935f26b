import { zeroAddress } from "viem";
import type { Level } from "../../src/deals/schedule.ts";
import type { Microgrid } from "../../src/microgrid.ts";

/** Prices of a level where a test does not say. */
export const LEVEL: Level = {
  pricePerKwh: 200_000n,
  feePerKwh: 0n,
  capPerKwh: 150_000n,
  feedInPerKwh: 80_000n,
  retailPerKwh: 320_000n,
};

/** What a test wants of a microgrid. */
export interface Wanted extends Partial<Microgrid> {
  /** All hours by the first unless told otherwise. */
  readonly levels?: readonly Partial<Level>[];
  readonly levelOfHour?: bigint;
  /** From here on another schedule of the same levels holds. */
  readonly nextFromSlot?: number;
}

/** A microgrid that nobody founded: slots of 15 minutes, never islanded, open. */
export function microgridWith({
  levels = [{}],
  levelOfHour = 0n,
  nextFromSlot,
  ...members
}: Wanted = {}): Microgrid {
  const never = 2 ** 32 - 1;
  const shared = { levelOfHour, levels: levels.map((level) => ({ ...LEVEL, ...level })) };
  const first = { ...shared, firstSlot: 0, endSlot: nextFromSlot ?? never };
  const next =
    nextFromSlot === undefined ? [] : [{ ...shared, firstSlot: nextFromSlot, endSlot: never }];
  return {
    microgrid: 1,
    name: "Sunny Lane",
    latitudeTenths: 484,
    longitudeTenths: 100,
    currency: "0xe0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0",
    slotSeconds: 900,
    reportingDeadlineSeconds: 86_400,
    utcOffsetMinutes: 0,
    operator: zeroAddress,
    successor: undefined,
    dso: zeroAddress,
    schedules: [first, ...next],
    islands: [],
    declared: [],
    rations: [{ fromSlot: 0, rationWh: 250n }],
    closedFrom: undefined,
    ...members,
  };
}
