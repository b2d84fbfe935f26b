import type { Measured } from "./measure.ts";
import { OUR_SYSTEM, sizeOf } from "./results.ts";

/** A row of Wattline compared with the cheapest alternative that does the same work. */
export interface Comparison {
  readonly best: Measured;
  /** Our gas per slot in parts of the alternative's. */
  readonly ratio: number;
  /** The same under the coming repricing, against the cheapest alternative then. */
  readonly repricedRatio: number;
}

/** The best alternative; undefined for a peer's row and where no peer does the same work. */
export function compare(row: Measured, all: readonly Measured[]): Comparison | undefined {
  if (row.system !== OUR_SYSTEM) return undefined;
  const rivals = rivalsOf(row, all);
  const best = cheapest(rivals, gasPerSlot);
  const repricedBest = cheapest(rivals, repricedPerSlot);
  if (best === undefined || repricedBest === undefined) return undefined;
  return {
    best,
    ratio: gasPerSlot(row) / gasPerSlot(best),
    repricedRatio: repricedPerSlot(row) / repricedPerSlot(repricedBest),
  };
}

/** Peers' rows of the same work, slots and case, with as many pairs or the most that they were measured at. */
function rivalsOf(row: Measured, all: readonly Measured[]): Measured[] {
  const pairsOf = ({ pairs = 1 }: Measured) => pairs;
  const same = all.filter(
    (other) =>
      other.system !== OUR_SYSTEM &&
      other.work === row.work &&
      other.slots === row.slots &&
      other.case === row.case &&
      pairsOf(other) <= pairsOf(row),
  );
  const most = Math.max(...same.map(pairsOf));
  return same.filter((other) => pairsOf(other) === most);
}

const gasPerSlot = (row: Measured): number => Number(row.gas) / sizeOf(row);
const repricedPerSlot = (row: Measured): number => Number(row.repricedGas) / sizeOf(row);

const cheapest = (rows: readonly Measured[], price: (row: Measured) => number) =>
  rows.reduce<Measured | undefined>(
    (best, row) => (best === undefined || price(row) < price(best) ? row : best),
    undefined,
  );
