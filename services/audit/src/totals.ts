import { type AuditRow, slotStart } from "@wattline/sdk";

/** What a day came to, over all microgrids that are audited. Wh. */
export interface Day {
  exportedWh: bigint;
  tradedWh: bigint;
}

/** What a microgrid came to. */
export interface MicrogridTotals {
  readings: number;
  exportedWh: bigint;
  trades: number;
  /** Sold from here: now or forward, as sent. */
  soldWh: bigint;
  /** Thousandths of a base unit that buyers here paid, and of it what DSOs earned. */
  paidMillis: bigint;
  chargesMillis: bigint;
  retiredWh: bigint;
}

interface Kept {
  readonly days: Map<string, Day>;
  readonly microgrids: Map<number, MicrogridTotals>;
}

/** Adds up rows for the report. */
export class Totals {
  readonly days: Map<string, Day>;
  readonly microgrids: Map<number, MicrogridTotals>;

  constructor(kept?: Kept) {
    this.days = kept?.days ?? new Map();
    this.microgrids = kept?.microgrids ?? new Map();
  }

  add(row: AuditRow): void {
    switch (row.kind) {
      case "reading": {
        const totals = this.#of(row.microgrid);
        totals.readings++;
        totals.exportedWh += row.exportedWh;
        this.#dayOf(slotStart(row.slot, row.slotSeconds)).exportedWh += row.exportedWh;
        return;
      }
      case "settlement": {
        // A reservation is no sale yet: its release is.
        if (row.type === "reserve") return;
        const seller = this.#of(row.from);
        seller.trades++;
        seller.soldWh += row.sentWh;
        const buyer = this.#of(row.to);
        buyer.paidMillis += row.costMillis;
        buyer.chargesMillis += row.chargeMillis;
        this.#dayOf(slotStart(row.firstSlot, row.slotSeconds)).tradedWh += row.sentWh;
        return;
      }
      case "retirement":
        for (const [, wh] of row.energyWh) this.#of(row.microgrid).retiredWh += wh;
    }
  }

  kept(): Kept {
    return { days: this.days, microgrids: this.microgrids };
  }

  #dayOf(unixSeconds: number): Day {
    const date = new Date(unixSeconds * 1000).toISOString().slice(0, 10);
    const known = this.days.get(date) ?? { exportedWh: 0n, tradedWh: 0n };
    this.days.set(date, known);
    return known;
  }

  #of(microgrid: number): MicrogridTotals {
    const known = this.microgrids.get(microgrid) ?? {
      readings: 0,
      exportedWh: 0n,
      trades: 0,
      soldWh: 0n,
      paidMillis: 0n,
      chargesMillis: 0n,
      retiredWh: 0n,
    };
    this.microgrids.set(microgrid, known);
    return known;
  }
}
