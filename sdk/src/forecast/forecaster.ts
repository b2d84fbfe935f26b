import { type SlotRange, slotsIn } from "../slots.ts";
import { Blend, type ForecastError } from "./blend.ts";

const SECONDS_PER_DAY = 86_400;

/** What a home's meter counted in a slot. */
export interface MeteredSlot {
  readonly slot: number;
  readonly exportedWh: bigint;
  readonly importedWh: bigint;
}

/** What a home is expected to export and import in a slot. */
export interface SlotForecast {
  readonly slot: number;
  readonly exportWh: bigint;
  readonly importWh: bigint;
  /** It exports at least this, as often as it was asked to be sure. */
  readonly sureExportWh: bigint;
  /** It imports at least this, as often as it was asked to be sure. */
  readonly sureImportWh: bigint;
}

/**
 * Forecasts a home's export and import by slot from what its meter has counted. It has no clock and no chance in it: the same
 * slots make the same forecast.
 */
export class Forecaster {
  readonly #exported: Blend;
  readonly #imported: Blend;

  /**
   * @param slotSeconds The microgrid's.
   * @throws RangeError unless an hour is a whole number of slots.
   */
  constructor(slotSeconds: number) {
    if (!Number.isInteger(3600 / slotSeconds)) {
      throw new RangeError(`slotSeconds: ${slotSeconds}; slots have 300, 900, 1800 or 3600 s.`);
    }
    this.#exported = new Blend(SECONDS_PER_DAY / slotSeconds);
    this.#imported = new Blend(SECONDS_PER_DAY / slotSeconds);
  }

  /** The first slot after all that were added; undefined before the first. */
  get end(): number | undefined {
    return Number.isFinite(this.#exported.end) ? this.#exported.end : undefined;
  }

  /** How wrong forecasts of a day ahead were in the last four weeks. */
  get error(): { readonly exported: ForecastError; readonly imported: ForecastError } {
    return { exported: this.#exported.error, imported: this.#imported.error };
  }

  /**
   * Adds a metered slot. Slots come in their order; some may be missing.
   * @throws RangeError when the slot, or a later one, was added before.
   */
  add({ slot, exportedWh, importedWh }: MeteredSlot): void {
    this.#exported.add(slot, Number(exportedWh));
    this.#imported.add(slot, Number(importedWh));
  }

  /**
   * Forecasts slots, as of the end of what was added. Slots before that, and slots of which nothing is known yet, are left out.
   * @param confidence How often at least `sureExportWh` is to be exported: 0 to 1. It is kept by forecasts that were as far ahead
   * in the last four weeks; before the first of them is judged, nothing is sure.
   */
  forecast(range: SlotRange, confidence: number): SlotForecast[] {
    return slotsIn(range).flatMap((slot) => {
      if (slot < this.#exported.end) return [];
      const exported = this.#exported.forecast(slot, confidence);
      const imported = this.#imported.forecast(slot, confidence);
      if (exported === undefined || imported === undefined) return [];
      return [
        {
          slot,
          exportWh: BigInt(Math.round(exported.wh)),
          importWh: BigInt(Math.round(imported.wh)),
          sureExportWh: BigInt(Math.floor(exported.sureWh)),
          sureImportWh: BigInt(Math.floor(imported.sureWh)),
        },
      ];
    });
  }
}
