import {
  type Battery,
  type BatteryFlow,
  mostWhOf,
  requireBattery,
  storedAfter,
} from "./battery.ts";
import { levelAbove, type Market, type Piece, type Worth, worthBefore } from "./worth.ts";

/** What a home expects of a slot, and what energy costs and brings in it. Prices in base units per kWh. */
export interface BatterySlot {
  /** What it would feed in without the battery, less what it would draw; Wh, negative when it lacks energy. */
  readonly surplusWh: bigint;
  /** What its neighbours have left together, Wh; negative when they lack energy. 0 for a home alone. */
  readonly neighboursWh: bigint;
  /** What the grid charges. */
  readonly retailPerKwh: bigint;
  /** What the grid pays. */
  readonly feedInPerKwh: bigint;
  /** The community price: what neighbours pay each other, the network fee included. */
  readonly pricePerKwh: bigint;
  /** The network fee. */
  readonly feePerKwh: bigint;
}

/** What a battery is to do in a slot, and how it is to act on what the meter really counts. */
export interface BatteryStep extends BatteryFlow {
  /** What the battery holds after it, in hundredths of a Wh. */
  readonly storedCentiWh: bigint;
  /** What stored energy is worth after the slot. */
  readonly worth: Worth;
}

/**
 * Plans a battery over the next slots: the cheapest way to run it, exactly, if everything comes as expected. What is stored after
 * the last slot is worth nothing, so the plan is to reach well beyond the next full charge.
 * @param storedCentiWh What the battery holds now, in hundredths of a Wh.
 * @returns A step for every slot.
 * @throws RangeError for a battery that is none.
 */
export function planBattery(
  battery: Battery,
  storedCentiWh: bigint,
  slots: readonly BatterySlot[],
  slotSeconds: number,
): BatteryStep[] {
  requireBattery(battery);
  const mostWh = Number(mostWhOf(battery, slotSeconds));
  const efficiency = Number(battery.efficiencyPercent) / 100;
  const worths: Worth[] = [];
  let worth: Worth = [{ wh: Number(battery.capacityWh), perKwh: 0 }];
  for (const slot of slots.toReversed()) {
    worths.push(worth);
    worth = worthBefore(worth, marketOf(slot), mostWh, efficiency);
  }
  let stored = storedCentiWh;
  return slots.map((slot, index) => {
    const after = worths[slots.length - 1 - index] ?? [];
    const flow = flowFor(battery, stored, slot, after, slotSeconds);
    stored = storedAfter(battery, stored, flow);
    return { ...flow, storedCentiWh: stored, worth: after };
  });
}

/**
 * What a battery does in a slot: it takes what costs less than it is worth stored, and gives what brings more. An inverter follows
 * the meter within the slot, so the slot's surplus may be the true one.
 * @param worth What stored energy is worth after the slot; see {@link planBattery}.
 */
export function flowFor(
  battery: Battery,
  storedCentiWh: bigint,
  slot: BatterySlot,
  worth: Worth,
  slotSeconds: number,
): BatteryFlow {
  const mostWh = Number(mostWhOf(battery, slotSeconds));
  const efficiency = Number(battery.efficiencyPercent) / 100;
  const storedWh = Number(storedCentiWh) / 100;
  const { takes, gives } = marketOf(slot);
  const takenWh = amountOf(
    takes,
    mostWh,
    ({ perKwh }) => (levelAbove(worth, perKwh / efficiency) - storedWh) / efficiency,
  );
  if (takenWh > 0n) return { takenWh, givenWh: 0n };
  const givenWh = amountOf(gives, mostWh, ({ perKwh }) => storedWh - levelAbove(worth, perKwh));
  return { takenWh: 0n, givenWh };
}

/** Goes through the pieces as long as each is worth it, up to the power; `reach` says how far the price of a piece goes. */
function amountOf(
  pieces: readonly Piece[],
  mostWh: number,
  reach: (piece: Piece) => number,
): bigint {
  let amount = 0;
  for (const piece of pieces) {
    const upTo = Math.min(amount + piece.wh, mostWh, reach(piece));
    if (upTo < amount) break;
    amount = upTo;
  }
  // A thousandth of a Wh is what counting in fractions may lose.
  return BigInt(Math.floor(amount + 0.001));
}

/**
 * What giving brings: first less is drawn from the grid, then less is bought from neighbours, then more is sold to them, then the grid
 * takes it. What taking costs, the other way round.
 */
function marketOf({
  surplusWh,
  neighboursWh,
  retailPerKwh,
  feedInPerKwh,
  pricePerKwh,
  feePerKwh,
}: BatterySlot): Market {
  const [surplus, neighbours] = [Number(surplusWh), Number(neighboursWh)];
  const [has, lacks] = [Math.max(0, surplus), Math.max(0, -surplus)];
  const [theirs, wanted] = [Math.max(0, neighbours), Math.max(0, -neighbours)];
  const [bought, sold] = [Math.min(lacks, theirs), Math.min(has, wanted)];
  const [retail, feedIn] = [Number(retailPerKwh), Number(feedInPerKwh)];
  const [buy, sell] = [Number(pricePerKwh), Number(pricePerKwh - feePerKwh)];
  const rest = Number.POSITIVE_INFINITY;
  const gives = [
    { wh: lacks - bought, perKwh: retail },
    { wh: bought, perKwh: buy },
    { wh: wanted - sold, perKwh: sell },
    { wh: rest, perKwh: feedIn },
  ];
  const takes = [
    { wh: has - sold, perKwh: feedIn },
    { wh: sold, perKwh: sell },
    { wh: theirs - bought, perKwh: buy },
    { wh: rest, perKwh: retail },
  ];
  return inOrder({ takes, gives });
}

/** The same with no price below zero, and none that would pay for taking and giving at once. */
function inOrder({ takes, gives }: Market): Market {
  let bound = Number.POSITIVE_INFINITY;
  const falling = gives.map(({ wh, perKwh }) => {
    if (wh > 0) bound = Math.max(0, Math.min(bound, perKwh));
    return { wh, perKwh: bound };
  });
  bound = falling.find(({ wh }) => wh > 0)?.perKwh ?? 0;
  const rising = takes.map(({ wh, perKwh }) => {
    if (wh > 0) bound = Math.max(bound, perKwh);
    return { wh, perKwh: bound };
  });
  return { takes: rising, gives: falling };
}
