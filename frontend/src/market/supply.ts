import type { Crossing, EnergyBySlot, Source } from "@wattline/sdk";
import type { Address } from "viem";

/** What backs offers: minted energy by holder, and what meters can still promise. */
export interface Stock {
  /** Wh per slot; by {@link holdingKey}. */
  readonly held: ReadonlyMap<string, EnergyBySlot>;
  /** By the meter's address in lower case. */
  readonly promisable: ReadonlyMap<string, Promisable>;
}

/** What a meter can still promise, and what it has promised. */
export interface Promisable {
  readonly source: Source;
  readonly owner: Address;
  readonly microgrid: number;
  readonly energyWh: EnergyBySlot;
  readonly promisedWh: EnergyBySlot;
}

export const holdingKey = (holder: Address, microgrid: number, source: Source): string =>
  `${holder.toLowerCase()} ${microgrid} ${source}`;

/** A tie line over which energy can come, and what it carries by slot already. */
export interface Inflow extends Crossing {
  /** The microgrid at the other end. */
  readonly from: number;
  readonly flowWh: EnergyBySlot;
}
