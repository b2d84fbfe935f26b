import { dayOf, parseDay, SECONDS_PER_DAY } from "../profiles/calendar.ts";
import { generateCommunity } from "../profiles/generate.ts";
import { USUAL_HOMES } from "../profiles/homes.ts";
import type { CommunitySeries } from "../profiles/series.ts";

const SLOT_SECONDS = 900;
const DAYS_AT_ONCE = 7;

/**
 * A built-in community with endless data: each week is generated when it is needed, and only the current and the
 * previous week are kept. All weeks have the same homes.
 */
export class Seasons {
  readonly name: string;
  readonly #seed: number;
  readonly #households: number;
  readonly #firstSlot: number;
  readonly #weeks = new Map<number, CommunitySeries>();

  /**
   * @param from The first day, `YYYY-MM-DD`, from 00:00 UTC.
   * @param households How many homes, 2 or more.
   */
  constructor(seed: number, name: string, from: string, households = USUAL_HOMES) {
    this.#seed = seed;
    this.#households = households;
    this.name = name;
    this.#firstSlot = (parseDay(from) ?? 0) / SLOT_SECONDS;
  }

  /** Its homes. */
  get homes(): CommunitySeries["households"] {
    return this.#weekOf(this.#firstSlot).households;
  }

  /** A home's export in a slot, in Wh. */
  exportedWh(home: number, slot: number): bigint {
    return this.#at(home, slot, "exportedWh");
  }

  /** A home's import in a slot, in Wh. */
  importedWh(home: number, slot: number): bigint {
    return this.#at(home, slot, "importedWh");
  }

  /** A range of slots of the first week, for playing it at once. */
  part(firstSlot: number, slots: number): CommunitySeries {
    const week = this.#weekOf(firstSlot);
    const start = firstSlot - week.firstSlot;
    const cut = (energyWh: readonly bigint[]) => energyWh.slice(start, start + slots);
    return {
      ...week,
      firstSlot,
      slots,
      households: week.households.map((home) => ({
        ...home,
        loadWh: cut(home.loadWh),
        producedWh: cut(home.producedWh),
        exportedWh: cut(home.exportedWh),
        importedWh: cut(home.importedWh),
      })),
    };
  }

  #at(home: number, slot: number, flow: "exportedWh" | "importedWh"): bigint {
    const week = this.#weekOf(slot);
    return week.households[home]?.[flow][slot - week.firstSlot] ?? 0n;
  }

  #weekOf(slot: number): CommunitySeries {
    const slotsPerWeek = (DAYS_AT_ONCE * SECONDS_PER_DAY) / SLOT_SECONDS;
    const number = Math.floor((slot - this.#firstSlot) / slotsPerWeek);
    const known = this.#weeks.get(number);
    if (known !== undefined) return known;
    const from = dayOf((this.#firstSlot + number * slotsPerWeek) * SLOT_SECONDS);
    const made = generateCommunity({
      seed: this.#seed,
      from,
      days: DAYS_AT_ONCE,
      households: this.#households,
    });
    const week = { ...made, name: this.name };
    this.#weeks.set(number, week);
    for (const old of this.#weeks.keys()) if (old < number - 1) this.#weeks.delete(old);
    return week;
  }
}
