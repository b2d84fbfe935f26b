import type { Microgrid, Mode, Source } from "@wattline/sdk";
import type { Address } from "viem";
import type { Member } from "../data/index.ts";

/** Energy of one slot that a neighbour has sold to another one. */
export interface SlotTrade {
  readonly slot: number;
  readonly seller: Address;
  readonly buyer: Address;
  /** Microgrids. */
  readonly from: number;
  readonly to: number;
  readonly sentWh: bigint;
  readonly arrivedWh: bigint;
  /** What the buyer pays, base units per kWh. */
  readonly pricePerKwh: bigint;
}

/** A home in the picture, and what it trades in the shown slot. */
export interface Home {
  readonly owner: Address;
  readonly hasRoof: boolean;
  readonly hasBattery: boolean;
  /** Whether it is a critical load. */
  readonly isShelter: boolean;
  readonly soldWh: bigint;
  readonly boughtWh: bigint;
  /** The average of its trades, base units per kWh; undefined without any. */
  readonly pricePerKwh: bigint | undefined;
}

/** A microgrid in the picture. */
export interface Street {
  readonly microgrid: number;
  readonly name: string;
  readonly mode: Mode;
  /** The shelter first, then roofs, then the others; within these as they were registered. */
  readonly homes: readonly Home[];
}

/** A tie line, and what it carries in the shown slot, as sent. */
export interface Tie {
  readonly lower: number;
  readonly higher: number;
  readonly upWh: bigint;
  readonly downWh: bigint;
  /** Whether anything can cross it now. */
  readonly isOpen: boolean;
}

/** What somebody has pressed. */
export type Picked =
  | { readonly kind: "home"; readonly microgrid: number; readonly owner: Home["owner"] }
  | { readonly kind: "microgrid"; readonly microgrid: number }
  | { readonly kind: "tie"; readonly lower: number; readonly higher: number };

const isStorage = (source: Source): boolean => source === "Storage";

/** The homes of a microgrid: one for each household that has a meter in service, with what it trades. */
export function homesOf(
  { microgrid }: Pick<Microgrid, "microgrid">,
  members: readonly Member[],
  trades: readonly SlotTrade[],
): Home[] {
  const own = members.filter(
    (one) => one.microgrid === microgrid && one.active && one.source !== "Grid",
  );
  const homes = [...Map.groupBy(own, ({ owner }) => owner.toLowerCase()).values()];
  return homes
    .flatMap((meters): Home[] => {
      const [first] = meters;
      if (first === undefined) return [];
      const { owner } = first;
      const is = (one: Address) => one.toLowerCase() === owner.toLowerCase();
      const sold = trades.filter(({ from, seller }) => from === microgrid && is(seller));
      const bought = trades.filter(({ to, buyer }) => to === microgrid && is(buyer));
      return [
        {
          owner,
          hasRoof: meters.some(({ capacityW, source }) => capacityW > 0 && !isStorage(source)),
          hasBattery: meters.some(({ source }) => isStorage(source)),
          isShelter: meters.some(({ critical }) => critical),
          soldWh: sold.reduce((sum, { sentWh }) => sum + sentWh, 0n),
          boughtWh: bought.reduce((sum, { arrivedWh }) => sum + arrivedWh, 0n),
          pricePerKwh: averageOf([...sold, ...bought]),
        },
      ];
    })
    .toSorted((a, b) => rankOf(a) - rankOf(b));
}

const rankOf = ({ isShelter, hasRoof }: Home): number => (isShelter ? 0 : hasRoof ? 1 : 2);

function averageOf(trades: readonly SlotTrade[]): bigint | undefined {
  const wh = trades.reduce((sum, { arrivedWh }) => sum + arrivedWh, 0n);
  if (wh === 0n) return undefined;
  return trades.reduce((sum, { arrivedWh, pricePerKwh }) => sum + arrivedWh * pricePerKwh, 0n) / wh;
}

/** What trades send over a tie line, in each direction. */
export function flowOver(
  { lower, higher }: Pick<Tie, "lower" | "higher">,
  trades: readonly SlotTrade[],
): Pick<Tie, "upWh" | "downWh"> {
  const sum = (from: number, to: number) =>
    trades
      .filter((trade) => trade.from === from && trade.to === to)
      .reduce((wh, { sentWh }) => wh + sentWh, 0n);
  return { upWh: sum(lower, higher), downWh: sum(higher, lower) };
}

/** The trades of the slot to show: the current one, or before anything is traded in it the newest that has trades. */
export function tradesToShow(
  trades: readonly SlotTrade[],
  currentSlot: number,
): { readonly slot: number; readonly trades: readonly SlotTrade[] } {
  const newest = trades.reduce(
    (best, { slot }) => (slot <= currentSlot && slot > best ? slot : best),
    Number.NEGATIVE_INFINITY,
  );
  const slot = Number.isFinite(newest) ? newest : currentSlot;
  return { slot, trades: trades.filter((one) => one.slot === slot) };
}
