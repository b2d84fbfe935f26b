import { type Random, seededRandom, wandering } from "./random.ts";
import type { Roof } from "./roof.ts";

/** A home and its individual properties. */
export interface Home {
  readonly name: string;
  /** Its yearly use, in kWh. */
  readonly annualKwh: number;
  /** How much later than average its daily routine is, in s. */
  readonly lateSeconds: number;
  /** Its roof; null for a consumer. */
  readonly roof: Roof | null;
  /** The ratio of its current use to the usual use at this hour, step by step; 1 on average. */
  readonly mood: () => number;
}

/** The default number of homes. */
export const USUAL_HOMES = 14;

/** The critical load. */
export const SHELTER = "Shelter";

const ROLL = "Jane Ahmed Berta Chidi Dilek Emil Frieda Goran Hanna Ivo Karla Luis Mina Noor Otto";
const NAMES = ROLL.split(" ");

const PROSUMER_SHARE = 0.6;
const MOOD_MEMORY = 1 - 5 / 30;
const MOOD_SPREAD = 0.35;

/**
 * The homes of a community, the same for the same seed: Jane and other prosumers first, then
 * consumers, the Shelter last. Stream n + 1 of the seed belongs to home n, so that a larger community
 * has the same sizes for the homes that it shares with a smaller one.
 *
 * The sizes are chosen for this model: homes use 1,800 to 5,500 kWh a year, around the 3,500 kWh for
 * which BDEW quotes the German household tariff; the Shelter uses 8,000; roofs have 3 to 10 kW, a
 * pitch of 20° to 45°, and face anywhere from east over south to west.
 *
 * @param homes 2 or more: a market needs a seller and a buyer.
 * @throws RangeError if it is not a whole number, less than 2 or more than 1,000.
 */
export function createHomes(seed: number, homes: number): Home[] {
  requireHomes(homes);
  const prosumers = Math.max(1, Math.min(Math.round(homes * PROSUMER_SHARE), homes - 1));
  return Array.from({ length: homes }, (_, index) =>
    index === homes - 1
      ? { ...homeOf(seed, index, false, 8000), name: SHELTER }
      : homeOf(seed, index, index < prosumers),
  );
}

/**
 * One of the homes of a seed: the `index`-th has the same size, habits and, where it has one, roof in every community of the
 * seed.
 * @param index 0 or more.
 * @param annualKwh Drawn unless given.
 */
export function homeOf(seed: number, index: number, hasRoof: boolean, annualKwh?: number): Home {
  const draw = seededRandom(seed, index + 1);
  return {
    annualKwh: annualKwh ?? 100 * between(draw, 18, 55),
    lateSeconds: 900 * between(draw, -4, 4),
    roof: drawRoof(draw, hasRoof),
    mood: drawMood(draw),
    name: nameOf(index),
  };
}

function requireHomes(homes: number): void {
  if (!Number.isInteger(homes) || homes < 2 || homes > 1000) {
    throw new RangeError(`${homes} homes are refused: give a whole number from 2 to 1000`);
  }
}

/** Draws the same count of random numbers with and without a roof, so that the home's other values do not change. */
function drawRoof(draw: Random, present: boolean): Roof | null {
  const roof = {
    peakW: 100 * between(draw, 30, 100),
    tiltDegrees: between(draw, 20, 45),
    azimuthDegrees: between(draw, 90, 270),
  };
  return present ? roof : null;
}

/** A square is never negative, and the mean of (1 + s·x)² is 1 + s² where x has mean 0 and standard deviation 1. */
function drawMood(draw: Random): () => number {
  const whim = wandering(draw, MOOD_MEMORY);
  return () => (1 + MOOD_SPREAD * whim()) ** 2 / (1 + MOOD_SPREAD ** 2);
}

/** A whole number from low to high, both included. */
function between(draw: Random, low: number, high: number): number {
  return low + Math.floor(draw() * (high - low + 1));
}

/** Jane, Ahmed, …, and after the last name Jane 2, Ahmed 2, … */
function nameOf(index: number): string {
  const name = NAMES[index % NAMES.length] ?? "Neighbour";
  const round = Math.floor(index / NAMES.length) + 1;
  return round === 1 ? name : `${name} ${round}`;
}
