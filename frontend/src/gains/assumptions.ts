import { middleOf } from "@wattline/sdk";
import type { Battery, StudyLevel } from "@wattline/sdk/study";
import type { Unit } from "../ui/index.ts";
import type { GainsSearch } from "./search.ts";

/** Decimals of the prices and bills of a study, whatever the network's currency has. */
const STUDY_DECIMALS = 6;

/** The unit that a study counts in: millionths of the network's currency. */
export const studyUnit = ({ symbol }: Unit): Unit => ({ symbol, decimals: STUDY_DECIMALS });

/** What a study rests on besides the meter files. */
export interface Assumptions {
  /** Homes of the made-up street, and how many of them have solar panels. */
  readonly neighbours: number;
  readonly roofs: number;
  /** Another number is another street. */
  readonly street: number;
  readonly latitudeTenths: number;
  readonly longitudeTenths: number;
  /** Millionths of the currency per kWh. */
  readonly retailPerKwh: bigint;
  readonly feedInPerKwh: bigint;
  readonly feePerKwh: bigint;
  /** The community price; undefined: the middle of feed-in and retail tariff. */
  readonly pricePerKwh: bigint | undefined;
  /** Undefined: none. */
  readonly battery: Battery | undefined;
}

/** The prices, the same in every slot. */
export const levelOf = (assumptions: Assumptions): StudyLevel => {
  const { retailPerKwh, feedInPerKwh, feePerKwh, pricePerKwh } = assumptions;
  return {
    retailPerKwh,
    feedInPerKwh,
    feePerKwh,
    pricePerKwh: pricePerKwh ?? middleOf(feedInPerKwh, retailPerKwh),
  };
};

/** The assumptions of an untouched page: the simulation's place and tariffs. */
export const USUAL = {
  neighbours: 9,
  roofs: 5,
  street: 1,
  latitude: 513,
  longitude: 95,
  retail: 320_000,
  feedIn: 80_000,
  fee: 0,
  battery: 10,
  power: 5,
  efficiency: 90,
} as const;

/** The assumptions that a link carries. */
export function assumptionsIn(search: GainsSearch): Assumptions {
  const { neighbours = USUAL.neighbours, street = USUAL.street } = search;
  const { retail = USUAL.retail, feedIn = USUAL.feedIn, fee = USUAL.fee, price } = search;
  const { battery = USUAL.battery, power = USUAL.power, efficiency = USUAL.efficiency } = search;
  return {
    neighbours,
    roofs: Math.min(search.roofs ?? USUAL.roofs, neighbours),
    street,
    latitudeTenths: search.latitude ?? USUAL.latitude,
    longitudeTenths: search.longitude ?? USUAL.longitude,
    retailPerKwh: BigInt(retail),
    feedInPerKwh: BigInt(feedIn),
    feePerKwh: BigInt(fee),
    pricePerKwh: price === undefined ? undefined : BigInt(price),
    battery:
      battery === 0
        ? undefined
        : {
            capacityWh: 1_000n * BigInt(battery),
            powerW: 1_000n * BigInt(power),
            efficiencyPercent: BigInt(efficiency),
          },
  };
}
