import { EXPERTS, excessOf, opinionsOf, type Past } from "./experts.ts";

/** A forecast of a slot, in Wh, and what it is sure of. */
export interface Blended {
  readonly wh: number;
  /** At least this, as often as asked for. */
  readonly sureWh: number;
}

/** How wrong forecasts of a day ahead were lately, per slot. */
export interface ForecastError {
  /** Mean absolute error, in Wh. */
  readonly meanWh: number;
  /** The same of persistence: as the same slot a day earlier. */
  readonly persistenceWh: number;
  /** Over so many slots. */
  readonly slots: number;
}

/** A forecast that waits for its slot. */
interface Made {
  readonly opinions: readonly (number | undefined)[];
  readonly blendedWh: number | undefined;
}

/** Experts are judged by how far ahead they look, in hours: what is best for the next hour is not for tomorrow. */
const LEAD_HOURS = [1, 3, 6, 12, 24, 48] as const;
const DAY_AHEAD = LEAD_HOURS.indexOf(24);
const HOURS_PER_DAY = 24;
/** What is left of an error's weight after a day. */
const DAILY_DECAY = 0.9;
/** How strongly the better expert counts: e^-5 for one that is wrong by twice as much. */
const SHARPNESS = 5;
/** Days whose forecasts count for what a forecast is sure of, and for its error. */
const JUDGED_DAYS = 28;
const KEPT_DAYS = 50;

/**
 * Forecasts one quantity of a home, such as its export by slot: a blend of simple experts, weighed by how right each was
 * lately at this hour of day and so far ahead (exponentially weighted average forecaster: Cesa-Bianchi and Lugosi,
 * "Prediction, Learning, and Games", 2006, chapter 2). The same slots, added in the same order, make the same forecast.
 */
export class Blend {
  readonly #slotsPerDay: number;
  readonly #wh = new Map<number, number>();
  /** By lead, hour of day and expert. */
  readonly #errors = LEAD_HOURS.map(() =>
    Array.from({ length: HOURS_PER_DAY }, () => new Float64Array(EXPERTS).fill(Number.NaN)),
  );
  /** What came of what had been forecast, 1 for all of it, by lead and hour of day, the last ones. */
  readonly #shares = LEAD_HOURS.map(() =>
    Array.from({ length: HOURS_PER_DAY }, (): number[] => []),
  );
  #judged: { readonly wrongWh: number; readonly persistenceWh: number }[] = [];
  /** What was forecast of slots that have not been added yet, by lead. */
  readonly #made = LEAD_HOURS.map(() => new Map<number, Made>());
  #end = Number.NEGATIVE_INFINITY;
  /** As of the end; it is worked out when it is asked for. */
  #excess: { readonly end: number; readonly wh: number | undefined } | undefined;

  /** @param slotsPerDay A multiple of 24. */
  constructor(slotsPerDay: number) {
    this.#slotsPerDay = slotsPerDay;
  }

  /** The first slot after all that were added. */
  get end(): number {
    return this.#end;
  }

  /**
   * Adds what was metered in a slot, and judges by it what was forecast. Slots come in their order; some may be missing.
   * @throws RangeError when the slot, or a later one, was added before.
   */
  add(slot: number, wh: number): void {
    if (slot < this.#end) {
      throw new RangeError(`Slot ${slot} is refused: slots up to ${this.#end - 1} were added.`);
    }
    for (const lead of LEAD_HOURS.keys()) this.#judge(lead, slot, wh);
    this.#wh.set(slot, wh);
    this.#end = slot + 1;
    for (const lead of LEAD_HOURS.keys()) this.#make(lead);
    for (const old of this.#wh.keys()) {
      if (old >= slot - KEPT_DAYS * this.#slotsPerDay) break;
      this.#wh.delete(old);
    }
  }

  /**
   * Forecasts a slot, as of the end of what was added.
   * @param confidence How often at least `sureWh` is to come, 0 to 1.
   * @returns Undefined when nothing like it is known. Nothing is sure further ahead than two days.
   */
  forecast(slot: number, confidence: number): Blended | undefined {
    const leadHours = ((slot - this.#end + 1) * HOURS_PER_DAY) / this.#slotsPerDay;
    const lead = LEAD_HOURS.findIndex((hours) => leadHours <= hours);
    const opinions = this.#opinions(slot);
    if (lead < 0) {
      const wh = this.#blend(LEAD_HOURS.length - 1, slot, opinions);
      return wh === undefined ? undefined : { wh, sureWh: 0 };
    }
    const wh = this.#blend(lead, slot, opinions);
    if (wh === undefined) return undefined;
    const shares = this.#shares[lead]?.[this.#hourOf(slot)] ?? [];
    return { wh, sureWh: wh * Math.min(1, sureShare(shares, confidence) ?? 0) };
  }

  /** How wrong it was lately, a day ahead. */
  get error(): ForecastError {
    const slots = this.#judged.length;
    const sum = (of: "wrongWh" | "persistenceWh") =>
      this.#judged.reduce((all, each) => all + each[of], 0);
    return {
      meanWh: slots === 0 ? 0 : sum("wrongWh") / slots,
      persistenceWh: slots === 0 ? 0 : sum("persistenceWh") / slots,
      slots,
    };
  }

  /** Forecasts the slot that is a lead ahead, to be judged when it comes. */
  #make(lead: number): void {
    const leadSlots = ((LEAD_HOURS[lead] ?? HOURS_PER_DAY) * this.#slotsPerDay) / HOURS_PER_DAY;
    const slot = this.#end + leadSlots - 1;
    const opinions = this.#opinions(slot);
    this.#made[lead]?.set(slot, { opinions, blendedWh: this.#blend(lead, slot, opinions) });
  }

  #judge(lead: number, slot: number, wh: number): void {
    const made = this.#made[lead]?.get(slot);
    for (const old of this.#made[lead]?.keys() ?? []) {
      if (old > slot) break;
      this.#made[lead]?.delete(old);
    }
    if (made === undefined) return;
    const { opinions, blendedWh } = made;
    const hour = this.#hourOf(slot);
    if (blendedWh !== undefined) {
      const shares = this.#shares[lead]?.[hour] ?? [];
      if (blendedWh >= 1) shares.push(wh / blendedWh);
      if (shares.length > JUDGED_DAYS * (this.#slotsPerDay / HOURS_PER_DAY)) shares.shift();
      const before = this.#wh.get(slot - this.#slotsPerDay);
      if (lead === DAY_AHEAD && before !== undefined) {
        this.#judged.push({
          wrongWh: Math.abs(wh - blendedWh),
          persistenceWh: Math.abs(wh - before),
        });
        if (this.#judged.length > JUDGED_DAYS * this.#slotsPerDay) this.#judged.shift();
      }
    }
    const errors = this.#errors[lead]?.[hour];
    if (errors === undefined) return;
    const kept = DAILY_DECAY ** (HOURS_PER_DAY / this.#slotsPerDay);
    for (const [index, opinion] of opinions.entries()) {
      if (opinion === undefined) continue;
      const error = Math.abs(wh - opinion);
      const before = errors[index] ?? Number.NaN;
      errors[index] = Number.isNaN(before) ? error : kept * before + (1 - kept) * error;
    }
  }

  /** As of the end of what was added. */
  #opinions(slot: number): (number | undefined)[] {
    const end = this.#end;
    const past: Past = {
      slotsPerDay: this.#slotsPerDay,
      originSlot: end,
      at: (each) => (each < end ? this.#wh.get(each) : undefined),
    };
    if (this.#excess?.end !== end) this.#excess = { end, wh: excessOf(past) };
    return opinionsOf(past, slot, this.#excess.wh).map((wh) =>
      wh === undefined ? undefined : Math.max(0, wh),
    );
  }

  #blend(
    lead: number,
    slot: number,
    opinions: readonly (number | undefined)[],
  ): number | undefined {
    const errors = this.#errorsAround(lead, this.#hourOf(slot));
    const least = errors.reduce((a, b) => (b < a ? b : a), Number.POSITIVE_INFINITY);
    let [sum, weights] = [0, 0];
    for (const [index, opinion] of opinions.entries()) {
      if (opinion === undefined) continue;
      const error = errors[index] ?? Number.NaN;
      const excess = Number.isNaN(error) ? 0 : (error - least) / (least + 1);
      const weight = Math.exp(-SHARPNESS * excess);
      sum += weight * opinion;
      weights += weight;
    }
    return weights === 0 ? undefined : sum / weights;
  }

  /** The experts' errors at an hour of day, together with those an hour before and after. */
  #errorsAround(lead: number, hour: number): Float64Array {
    const all = new Float64Array(EXPERTS);
    for (let index = 0; index < EXPERTS; index++) {
      let [sum, count] = [0, 0];
      for (let shift = -1; shift <= 1; shift++) {
        const near = this.#errors[lead]?.[(hour + shift + HOURS_PER_DAY) % HOURS_PER_DAY]?.[index];
        if (near === undefined || Number.isNaN(near)) continue;
        sum += near;
        count++;
      }
      all[index] = sum / count;
    }
    return all;
  }

  #hourOf(slot: number): number {
    const ofDay = ((slot % this.#slotsPerDay) + this.#slotsPerDay) % this.#slotsPerDay;
    return Math.floor((ofDay * HOURS_PER_DAY) / this.#slotsPerDay);
  }
}

/**
 * The share that is reached as often as asked for, if the future is like the past: the rank of split conformal prediction (Lei et al.,
 * "Distribution-Free Predictive Inference for Regression", 2018). Undefined when there are too few to be so sure.
 */
function sureShare(shares: readonly number[], confidence: number): number | undefined {
  const rank = Math.floor((1 - confidence) * (shares.length + 1));
  return Float64Array.from(shares).sort()[rank - 1];
}
