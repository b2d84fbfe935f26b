import type { EnergyBySlot } from "../profile.ts";

/** A need is energy over a window of slots. Each rule says in which slots it is covered, never more than there is of a slot. */

/** Fractions of a Wh that count in comparisons of shares. */
const SHARE_UNITS = 1_000_000;

/**
 * Spreads a need in proportion to a shape, as a household uses energy: what a slot lacks goes to the others, in proportion
 * again. In whole Wh, which add up to the need exactly, or to all there is (largest remainder, the earlier slot first).
 * @param energyWh What is needed.
 * @param availableWh The most of each slot; slots that are not named have nothing.
 * @param shapeOf How much is used in a slot, in any unit that is the same for all; at least nothing.
 */
export function spreadNeed(
  energyWh: bigint,
  availableWh: EnergyBySlot,
  shapeOf: (slot: number) => number,
): EnergyBySlot {
  const found = new Map<number, bigint>();
  let open = [...availableWh]
    .filter(([, wh]) => wh > 0n)
    .map(([slot, mostWh]) => ({ slot, mostWh, weight: weightOf(shapeOf(slot)) }))
    .filter(({ weight }) => weight > 0n)
    .sort((a, b) => a.slot - b.slot);
  let leftWh = energyWh;
  // Slots that can't hold their share are full; the rest is shared out among the others anew.
  for (;;) {
    const weights = sumOf(open.map(({ weight }) => weight));
    const full = open.filter(({ mostWh, weight }) => leftWh * weight >= mostWh * weights);
    if (full.length === 0) break;
    for (const { slot, mostWh } of full) found.set(slot, mostWh);
    leftWh -= sumOf(full.map(({ mostWh }) => mostWh));
    open = open.filter((each) => !full.includes(each));
  }
  if (leftWh > 0n) {
    for (const [slot, wh] of inProportion(leftWh, open)) if (wh > 0n) found.set(slot, wh);
  }
  return inOrder(found);
}

/** Covers a need in the earliest slots. See {@link spreadNeed}. */
export function soonestNeed(energyWh: bigint, availableWh: EnergyBySlot): EnergyBySlot {
  const found = new Map<number, bigint>();
  let leftWh = energyWh;
  for (const [slot, mostWh] of inOrder(availableWh)) {
    const wh = mostWh < leftWh ? mostWh : leftWh;
    if (wh <= 0n) continue;
    found.set(slot, wh);
    leftWh -= wh;
  }
  return found;
}

interface Share {
  readonly slot: number;
  readonly weight: bigint;
}

/** Divides Wh by weight; what rounding leaves goes to the largest remainders, one Wh each. */
function inProportion(energyWh: bigint, shares: readonly Share[]): [number, bigint][] {
  const weights = sumOf(shares.map(({ weight }) => weight));
  const parts = shares.map(({ slot, weight }) => ({
    slot,
    wh: (energyWh * weight) / weights,
    remainder: (energyWh * weight) % weights,
  }));
  const rest = Number(energyWh - sumOf(parts.map(({ wh }) => wh)));
  const larger = [...parts]
    .sort((a, b) =>
      a.remainder === b.remainder ? a.slot - b.slot : a.remainder > b.remainder ? -1 : 1,
    )
    .slice(0, rest);
  return parts.map((part) => [part.slot, part.wh + (larger.includes(part) ? 1n : 0n)]);
}

const weightOf = (shape: number): bigint => {
  if (!(shape >= 0 && Number.isFinite(shape))) {
    throw new RangeError(`A shape has finite values from 0 on, not ${shape}.`);
  }
  return BigInt(Math.round(shape * SHARE_UNITS));
};

const sumOf = (values: readonly bigint[]): bigint => values.reduce((sum, each) => sum + each, 0n);

const inOrder = (energyWh: EnergyBySlot): Map<number, bigint> =>
  new Map([...energyWh].sort(([a], [b]) => a - b));
