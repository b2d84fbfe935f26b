import { type Random, wandering } from "./random.ts";

const STEP_MINUTES = 5;
const FRONT_MINUTES = 16 * 60;
const CUMULUS_MINUTES = 20;

const MEAN_INDEX = 0.58;
const FRONT_SPREAD = 0.4;
const CUMULUS_SPREAD = 0.12;
const HEAVIEST_CLOUD = 0.08;

/**
 * The share of the clear sky's light that clouds let through, from 0.08 to 1, in steps of
 * five minutes.
 *
 * The sum of two first-order autoregressive processes: fronts, which last hours, and cumulus, which
 * lasts minutes. The constants are chosen so that a year in the middle of Germany yields what is
 * measured there: about 1,000 kWh per kW of modules on a south roof. There are no seasons: a German
 * winter is duller than this one.
 */
export function cloudIndex(draw: Random): () => number {
  const front = wandering(draw, 1 - STEP_MINUTES / FRONT_MINUTES);
  const cumulus = wandering(draw, 1 - STEP_MINUTES / CUMULUS_MINUTES);
  return () => {
    const index = MEAN_INDEX + FRONT_SPREAD * front() + CUMULUS_SPREAD * cumulus();
    return Math.min(Math.max(index, HEAVIEST_CLOUD), 1);
  };
}
