import type { Assumptions } from "./assumptions.ts";
import type { GainsSearch } from "./search.ts";

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
