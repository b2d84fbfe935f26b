import {
  type EnergyBySlot,
  type Microgrid,
  type Order,
  packProfile,
  SIDES,
  scheduleFor,
  sourceIndex,
  sourceMask,
  sumWh,
} from "@wattline/sdk";
import type { Address } from "viem";

/** Someone who takes from an order, and the microgrid where it is. */
export interface TakerAt {
  readonly microgrid: number;
  readonly meter: Address;
}

const NO_LIMIT = { buy: 2n ** 128n, sell: 0n } as const;
/** A lane holds no more. */
const ANY_AHEAD_WH = 2 ** 31 - 1;

/** The arguments with which somebody takes all of the energy from an order, at any price. */
export function takeOf(
  { microgrid, meter }: TakerAt,
  order: Order,
  energyWh: EnergyBySlot,
  known: (microgrid: number) => Microgrid,
) {
  const { firstBlock, words } = packProfile(energyWh);
  const [slot = order.firstSlot] = energyWh.keys();
  const isHome = order.microgrid === microgrid;
  return {
    microgrid,
    meter,
    source: order.sources & sourceMask("Solar") ? sourceIndex("Solar") : lowestSource(order),
    schedule: scheduleFor(known(order.microgrid), slot),
    takerSchedule: isHome ? 0 : scheduleFor(known(microgrid), slot),
    firstBlock,
    energy: [...words],
    leastWh: Number(sumWh(words)),
    limit: SIDES[order.side] === "offer" ? NO_LIMIT.buy : NO_LIMIT.sell,
    mostAhead: ANY_AHEAD_WH,
  };
}

/** The first source that an order names. */
const lowestSource = ({ sources }: Order): number => Math.log2(sources & -sources);
