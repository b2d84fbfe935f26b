import { Forecaster, type SlotForecast } from "@wattline/sdk/forecast";
import type { CommunitySeries, HouseholdSeries } from "../profiles/series.ts";

/** How sure agents are of what they trade forward, unless told otherwise. */
const CONFIDENCE = 0.8;

/** What the agents of a community forecast, each from what its own meter has counted before. */
export class Forecasts {
  readonly #series: CommunitySeries;
  readonly #homes: readonly { readonly home: HouseholdSeries; readonly forecaster: Forecaster }[];

  constructor(series: CommunitySeries) {
    this.#series = series;
    this.#homes = series.households.map((home) => {
      const forecaster = new Forecaster(series.slotSeconds);
      const { exportedWh: past = [], importedWh: pastImport = [] } = home.past ?? {};
      for (const [index, exportedWh] of past.entries()) {
        const slot = series.firstSlot - past.length + index;
        forecaster.add({ slot, exportedWh, importedWh: pastImport[index] ?? 0n });
      }
      return { home, forecaster };
    });
  }

  /** Meters have counted all slots before this one. */
  learnUpTo(endSlot: number): void {
    const { firstSlot } = this.#series;
    for (const { home, forecaster } of this.#homes) {
      for (let slot = forecaster.end ?? firstSlot; slot < endSlot; slot++) {
        forecaster.add({
          slot,
          exportedWh: home.exportedWh[slot - firstSlot] ?? 0n,
          importedWh: home.importedWh[slot - firstSlot] ?? 0n,
        });
      }
    }
  }

  /** By home: what each is sure to export and import in the slots of which enough is known. */
  of(slots: readonly number[]): ReadonlyMap<number, SlotForecast>[] {
    const [firstSlot = 0, lastSlot = -1] = [slots[0], slots.at(-1)];
    return this.#homes.map(
      ({ forecaster }) =>
        new Map(
          forecaster
            .forecast({ firstSlot, lastSlot }, CONFIDENCE)
            .map((forecast) => [forecast.slot, forecast]),
        ),
    );
  }
}
