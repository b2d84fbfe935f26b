/** What a battery has taken and given, Wh at the meter. */
export interface MovedEnergy {
  readonly takenWh: number;
  readonly givenWh: number;
}

interface Step {
  readonly fromMs: number;
  /** Undefined while nobody knows it. */
  readonly chargeW: number | undefined;
}

const MS_PER_HOUR = 3_600_000;

/** What a battery's power was, as far as it is known: each value holds until the next. */
export class PowerLog {
  #steps: Step[] = [];

  /** @param chargeW What it takes from now on, W, negative while it gives; undefined when nobody knows. */
  add(unixMs: number, chargeW: number | undefined): void {
    const last = this.#steps.at(-1);
    if (last !== undefined && (unixMs < last.fromMs || chargeW === last.chargeW)) return;
    this.#steps.push({ fromMs: unixMs, chargeW });
  }

  /** The energy between two moments; undefined when the power of a part of that time is not known. */
  between(fromMs: number, toMs: number): MovedEnergy | undefined {
    let [takenWh, givenWh] = [0, 0];
    let knownFromMs = toMs;
    for (const [index, { fromMs: start, chargeW }] of this.#steps.entries()) {
      const from = Math.max(start, fromMs);
      const to = Math.min(this.#steps[index + 1]?.fromMs ?? toMs, toMs);
      if (to <= from) continue;
      if (chargeW === undefined) return undefined;
      knownFromMs = Math.min(knownFromMs, from);
      const wh = (chargeW * (to - from)) / MS_PER_HOUR;
      if (wh > 0) takenWh += wh;
      else givenWh -= wh;
    }
    return knownFromMs <= fromMs ? { takenWh, givenWh } : undefined;
  }

  /** Forgets what was before a moment. */
  forget(beforeMs: number): void {
    const holds = this.#steps.findLastIndex(({ fromMs }) => fromMs <= beforeMs);
    if (holds > 0) this.#steps = this.#steps.slice(holds);
  }
}
