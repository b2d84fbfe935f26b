import {
  type Battery,
  type BatteryFlow,
  mostWhOf,
  requireBattery,
  storedAfter,
  tradedWhOf,
} from "./battery.ts";
import { levelAbove, type Market, type Piece, priceAt, type Worth, worthBefore } from "./worth.ts";

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
  /** Whether there is no grid: it neither takes nor gives anything then. */
  readonly isIslanded?: boolean | undefined;
}

/** What a battery is to do in a slot, and how it is to act on what the meter really counts. */
export interface BatteryStep extends BatteryFlow {
  /** What the battery holds after it, in hundredths of a Wh. */
  readonly storedCentiWh: bigint;
  /** What stored energy above the reserve is worth after the slot. */
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
  let worth: Worth = [{ wh: Number(tradedWhOf(battery)), perKwh: 0 }];
  for (const slot of slots.toReversed()) {
    worths.push(worth);
    worth = worthBefore(worth, marketOf(battery, slot), mostWh, efficiency);
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
 * the meter within the slot, so the slot's surplus may be the true one. Below its reserve it is filled up; while islanded with the
 * home's own surplus alone, and it covers the home's need down to the least that it keeps.
 * @param worth What stored energy above the reserve is worth after the slot; see {@link planBattery}.
 */
export function flowFor(
  battery: Battery,
  storedCentiWh: bigint,
  slot: BatterySlot,
  worth: Worth,
  slotSeconds: number,
): BatteryFlow {
  const { reserveWh = 0n } = battery;
  const missingWh = (100n * reserveWh - storedCentiWh) / battery.efficiencyPercent;
  const mostWh = mostWhOf(battery, slotSeconds);
  if (missingWh > 0n) {
    const takenWh = least(missingWh, slot.isIslanded ? none(slot.surplusWh) : mostWh, mostWh);
    if (takenWh > 0n) return { takenWh, givenWh: 0n };
  }
  const flow = tradedFlow(battery, storedCentiWh, slot, worth, mostWh);
  return slot.isIslanded && flow.takenWh === 0n
    ? {
        takenWh: 0n,
        givenWh: greatest(flow.givenWh, coveredWh(battery, storedCentiWh, slot, mostWh)),
      }
    : flow;
}

/** What of the home's own need it covers while islanded. */
const coveredWh = (
  { reserveWh = 0n, leastWh = reserveWh }: Battery,
  storedCentiWh: bigint,
  { surplusWh }: BatterySlot,
  mostWh: bigint,
): bigint => least(none(-surplusWh), mostWh, none(storedCentiWh - 100n * leastWh) / 100n);

/** What it does with what is above its reserve, by prices alone. */
function tradedFlow(
  battery: Battery,
  storedCentiWh: bigint,
  slot: BatterySlot,
  worth: Worth,
  mostWh: bigint,
): BatteryFlow {
  const efficiency = Number(battery.efficiencyPercent) / 100;
  const tradedWh = Number(none(storedCentiWh - 100n * (battery.reserveWh ?? 0n))) / 100;
  const { takes, gives } = marketOf(battery, slot);
  const takenWh = amountOf(
    takes,
    Number(mostWh),
    ({ perKwh }) => (levelAbove(worth, perKwh / efficiency) - tradedWh) / efficiency,
  );
  if (takenWh > 0n) return { takenWh, givenWh: 0n };
  const givenWh = amountOf(
    gives,
    Number(mostWh),
    ({ perKwh }) => tradedWh - levelAbove(worth, perKwh),
  );
  return { takenWh: 0n, givenWh };
}

/** What the next kWh that is stored is worth, base units; 0 in a full battery. */
export const worthOfNext = (
  { reserveWh = 0n }: Battery,
  storedCentiWh: bigint,
  worth: Worth,
): bigint =>
  BigInt(Math.round(priceAt(worth, Number(none(storedCentiWh - 100n * reserveWh)) / 100)));

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
function marketOf(
  { feedsIn = true }: Battery,
  {
    surplusWh,
    neighboursWh,
    retailPerKwh,
    feedInPerKwh,
    pricePerKwh,
    feePerKwh,
    isIslanded = false,
  }: BatterySlot,
): Market {
  const [surplus, neighbours] = [Number(surplusWh), Number(neighboursWh)];
  const [has, lacks] = [Math.max(0, surplus), Math.max(0, -surplus)];
  const [theirs, wanted] = [Math.max(0, neighbours), Math.max(0, -neighbours)];
  const [bought, sold] = [Math.min(lacks, theirs), Math.min(has, wanted)];
  const [retail, feedIn] = [Number(retailPerKwh), isIslanded ? 0 : Number(feedInPerKwh)];
  const [buy, sell] = [Number(pricePerKwh), Number(pricePerKwh - feePerKwh)];
  const rest = isIslanded ? 0 : Number.POSITIVE_INFINITY;
  const needed = [
    { wh: lacks - bought, perKwh: retail },
    { wh: bought, perKwh: buy },
  ];
  const fedIn = [
    { wh: wanted - sold, perKwh: sell },
    { wh: rest, perKwh: feedIn },
  ];
  const gives = feedsIn ? [...needed, ...fedIn] : needed;
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

const none = (wh: bigint): bigint => (wh > 0n ? wh : 0n);
const greatest = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const least = (...amounts: readonly [bigint, ...bigint[]]): bigint =>
  amounts.reduce((low, each) => (each < low ? each : low));
