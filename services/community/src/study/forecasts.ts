import { Forecaster } from "@wattline/sdk/forecast";
import type { StudiedHome } from "@wattline/sdk/study";
import type { Work } from "./work.ts";

const SECONDS_PER_HOUR = 3600;
/** How far ahead a battery is planned. */
export const PLAN_HOURS = 36;
/** How often a home forecasts anew. */
const FORECAST_HOURS = 4;
/** Only forecasts that are sure depend on it, which a battery's plan does not use. */
const CONFIDENCE = 0.5;

/** The hours of a study. */
export class Hours {
  readonly first: number;
  readonly count: number;
  readonly #firstSlot: number;
  readonly #slots: number;
  readonly #slotsPerHour: number;

  constructor(firstSlot: number, slots: number, slotSeconds: number) {
    this.#firstSlot = firstSlot;
    this.#slots = slots;
    this.#slotsPerHour = SECONDS_PER_HOUR / slotSeconds;
    this.first = Math.floor(firstSlot / this.#slotsPerHour);
    this.count = Math.ceil((firstSlot + slots) / this.#slotsPerHour) - this.first;
  }

  /** The places of an hour's slots in the study. */
  slotsOf(hour: number): number[] {
    const from = (this.first + hour) * this.#slotsPerHour - this.#firstSlot;
    return Array.from({ length: this.#slotsPerHour }, (_, index) => from + index).filter(
      (slot) => slot >= 0 && slot < this.#slots,
    );
  }
}

/** What a home expects to have left by the hour, as it forecast it, in Wh; negative when it lacks energy. */
export class HomeForecasts {
  /** By the number of the forecast: its hours, as far as it knew them. */
  readonly #made: Float64Array[] = [];

  /** Adds the next forecast. */
  add(expectedWh: Float64Array): void {
    this.#made.push(expectedWh);
  }

  /** What was expected of an hour when another one began. */
  at(nowHour: number, hour: number): number {
    const number = Math.floor(nowHour / FORECAST_HOURS);
    return this.#made[number]?.[hour - number * FORECAST_HOURS] ?? 0;
  }
}

/** Every home forecasts its hours from its own meter alone, every few hours, as it would have done then. */
export async function forecastsOf(
  homes: readonly StudiedHome[],
  hours: Hours,
  { signal, onProgress }: Work,
): Promise<HomeForecasts[]> {
  const all: HomeForecasts[] = [];
  for (const [index, home] of homes.entries()) {
    signal.throwIfAborted();
    onProgress("Forecasting", index, homes.length);
    all.push(forecastsOfHome(home, hours));
    await new Promise((done) => setImmediate(done));
  }
  return all;
}

function forecastsOfHome({ exportedWh, importedWh }: StudiedHome, hours: Hours): HomeForecasts {
  const forecaster = new Forecaster(SECONDS_PER_HOUR);
  const made = new HomeForecasts();
  for (let hour = 0; hour < hours.count; hour++) {
    if (hour % FORECAST_HOURS === 0) {
      const from = hours.first + hour;
      const range = { firstSlot: from, lastSlot: from + FORECAST_HOURS + PLAN_HOURS - 2 };
      const expected = new Float64Array(FORECAST_HOURS + PLAN_HOURS - 1);
      for (const { slot, exportWh, importWh } of forecaster.forecast(range, CONFIDENCE)) {
        expected[slot - from] = Number(exportWh - importWh);
      }
      made.add(expected);
    }
    let [exported, imported] = [0n, 0n];
    for (const slot of hours.slotsOf(hour)) {
      exported += exportedWh[slot] ?? 0n;
      imported += importedWh[slot] ?? 0n;
    }
    forecaster.add({ slot: hours.first + hour, exportedWh: exported, importedWh: imported });
  }
  return made;
}
