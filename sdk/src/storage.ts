import { type Address, getAddress, isAddress } from "viem";
import type { Source } from "./energyId.ts";
import type { EnergyBySlot } from "./profile.ts";

/*
 * What a battery exports is renewable only as far as renewable energy was retired to charge it. Nothing is added for its
 * losses: a Wh exported needs a Wh retired.
 */

/** Sources whose energy makes a battery's export renewable. */
export const RENEWABLE_SOURCES: readonly Source[] = ["Solar", "Wind", "Hydro", "Biogas"];

const PURPOSE = "wattline-charge:";

/** The purpose of a retirement of energy that charged a battery, by the battery's meter. */
export const chargePurpose = (meter: Address): string => `${PURPOSE}${meter}`;

/** The meter of the battery that retired energy has charged; undefined when it was retired for something else. */
export function chargedMeter(purpose: string): Address | undefined {
  const meter = purpose.startsWith(PURPOSE) ? purpose.slice(PURPOSE.length) : "";
  return isAddress(meter, { strict: false }) ? getAddress(meter) : undefined;
}

/**
 * How much of a battery's export is renewable: in each slot no more than was charged up to the end of that slot and is not
 * spent by earlier slots.
 * @param exportedWh What its meter reported.
 * @param chargedWh What was retired to charge it, by the slot of the retired energy.
 * @returns By slot, in order; slots in which nothing is renewable are left out.
 */
export function renewableExport(
  exportedWh: EnergyBySlot,
  chargedWh: EnergyBySlot,
): Map<number, bigint> {
  const charges = inOrder(chargedWh);
  const renewable = new Map<number, bigint>();
  let storedWh = 0n;
  let next = 0;
  for (const [slot, wh] of inOrder(exportedWh)) {
    for (let charge = charges[next]; charge && charge[0] <= slot; charge = charges[++next]) {
      storedWh += charge[1];
    }
    const takenWh = wh < storedWh ? wh : storedWh;
    storedWh -= takenWh;
    if (takenWh > 0n) renewable.set(slot, takenWh);
  }
  return renewable;
}

const inOrder = (energyWh: EnergyBySlot): (readonly [slot: number, wh: bigint])[] =>
  [...energyWh].sort(([a], [b]) => a - b);
