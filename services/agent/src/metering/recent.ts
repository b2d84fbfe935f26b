/** What a home has fed in less what it has drawn, over the newest readings. */
export interface RecentSurplus {
  readonly fromMs: number;
  readonly toMs: number;
  /** On average, W; negative while it draws. */
  readonly surplusW: number;
}

interface Counted {
  readonly unixMs: number;
  readonly exportWh: bigint;
  readonly importWh: bigint;
}

/** Registers count whole Wh, so that shorter times say little about power. */
const LEAST_MS = 60_000;
const MS_PER_HOUR = 3_600_000;

/** The newest registers of a meter, for its power. */
export class RecentRegisters {
  #counted: Counted[] = [];

  add(counted: Counted): void {
    this.#counted.push(counted);
    const start = this.#counted.findLastIndex(({ unixMs }) => counted.unixMs - unixMs >= LEAST_MS);
    if (start > 0) this.#counted = this.#counted.slice(start);
  }

  /** Registers that begin anew say nothing about what was before. */
  restart(): void {
    this.#counted = [];
  }

  /** The mean power over the last minute, or between the last two readings; undefined when they are older than `sinceMs`. */
  surplus(sinceMs: number): RecentSurplus | undefined {
    const [first, last] = [this.#counted[0], this.#counted.at(-1)];
    if (first === undefined || last === undefined || last.unixMs < sinceMs) return undefined;
    const elapsedMs = last.unixMs - first.unixMs;
    if (elapsedMs < LEAST_MS) return undefined;
    const wh = last.exportWh - first.exportWh - (last.importWh - first.importWh);
    return {
      fromMs: first.unixMs,
      toMs: last.unixMs,
      surplusW: (Number(wh) * MS_PER_HOUR) / elapsedMs,
    };
  }
}
