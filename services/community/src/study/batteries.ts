import {
  type Battery,
  type BatterySlot,
  flowFor,
  planBattery,
  storedAfter,
  type Worth,
} from "@wattline/sdk/battery";
import { isWorthwhile, type StudiedHome, type StudyTerms } from "@wattline/sdk/study";
import { type HomeForecasts, Hours, PLAN_HOURS } from "./forecasts.ts";
import type { Work } from "./work.ts";

const SECONDS_PER_HOUR = 3600;

/** A home as its meter counts with its battery, and what the battery did. */
export interface RunBattery {
  readonly home: StudiedHome;
  /** Wh at the meter. */
  readonly takenWh: bigint;
  readonly givenWh: bigint;
}

export interface BatteryTerms extends StudyTerms {
  readonly battery: Battery;
  /** Whether homes reckon with what their neighbours have left or lack; else each is alone with the grid. */
  readonly together: boolean;
}

/**
 * Runs a battery in every home, empty at first. Every hour each home in turn plans the next 36 hours from its own forecast and the
 * prices, and tells the others what it then expects to have left or to lack, as it would by bids and offers of energy to come. Within a
 * slot the batteries act in turn, another first in each slot: each on what its own meter counts, on what those before it do, and on
 * what those after it have planned.
 */
export async function runBatteries(
  homes: readonly StudiedHome[],
  forecasts: readonly HomeForecasts[],
  terms: BatteryTerms,
  { signal, onProgress }: Work,
): Promise<RunBattery[]> {
  const slots = homes[0]?.importedWh.length ?? 0;
  const hours = new Hours(terms.firstSlot, slots, terms.slotSeconds);
  const runs = homes.map((home, index) => new HomeRun(home, forecasts[index], terms, hours));
  const board = new Board();
  for (let hour = 0; hour < hours.count; hour++) {
    if (hour % 24 === 0) {
      signal.throwIfAborted();
      onProgress(
        terms.together ? "Running batteries" : "Running batteries alone",
        hour,
        hours.count,
      );
      await new Promise((done) => setImmediate(done));
    }
    for (const run of inTurn(runs, hour)) run.plan(hour, board);
    const within = hours.slotsOf(hour);
    for (const slot of within) {
      let expectedWh = runs.reduce((sum, run) => sum + run.plannedWh(hour, within.length), 0n);
      for (const run of inTurn(runs, slot)) {
        expectedWh -= run.plannedWh(hour, within.length);
        expectedWh += run.act(slot, hour, expectedWh);
      }
    }
  }
  return runs.map((run) => run.result());
}

/** All, another one first each time. */
const inTurn = <Each>(all: readonly Each[], turn: number): Each[] => [
  ...all.slice(turn % all.length),
  ...all.slice(0, turn % all.length),
];

/** What homes have told each other that they expect to have left by the hour, Wh; negative where they lack energy. */
class Board {
  readonly #totalWh = new Map<number, bigint>();

  totalWh(hour: number): bigint {
    return this.#totalWh.get(hour) ?? 0n;
  }

  add(hour: number, wh: bigint): void {
    this.#totalWh.set(hour, this.totalWh(hour) + wh);
  }

  forget(hour: number): void {
    this.#totalWh.delete(hour);
  }
}

interface PlannedHour {
  readonly leftWh: bigint;
  readonly worth: Worth;
}

/** One home's battery on its way through the slots. */
class HomeRun {
  readonly #home: StudiedHome;
  readonly #forecasts: HomeForecasts | undefined;
  readonly #terms: BatteryTerms;
  readonly #hours: Hours;
  readonly #importedWh: bigint[] = [];
  readonly #exportedWh: bigint[] = [];
  #plan = new Map<number, PlannedHour>();
  #storedCentiWh = 0n;
  #takenWh = 0n;
  #givenWh = 0n;

  constructor(
    home: StudiedHome,
    forecasts: HomeForecasts | undefined,
    terms: BatteryTerms,
    hours: Hours,
  ) {
    this.#home = home;
    this.#forecasts = forecasts;
    this.#terms = terms;
    this.#hours = hours;
  }

  /** Plans the next hours, and tells the board. */
  plan(now: number, board: Board): void {
    for (const [hour, { leftWh }] of this.#plan) board.add(hour, -leftWh);
    board.forget(now - 1);
    const until = Math.min(this.#hours.count, now + PLAN_HOURS);
    const slots: BatterySlot[] = [];
    for (let hour = now; hour < until; hour++) {
      const surplusWh = BigInt(Math.round(this.#forecasts?.at(now, hour) ?? 0));
      slots.push(this.#slotOf(this.#hours.slotsOf(hour)[0] ?? 0, surplusWh, board.totalWh(hour)));
    }
    const steps = planBattery(this.#terms.battery, this.#storedCentiWh, slots, SECONDS_PER_HOUR);
    this.#plan = new Map(
      steps.map(({ takenWh, givenWh, worth }, index) => {
        const leftWh = (slots[index]?.surplusWh ?? 0n) - takenWh + givenWh;
        board.add(now + index, leftWh);
        return [now + index, { leftWh, worth }];
      }),
    );
  }

  /** A slot's part of what was planned to be left in an hour. */
  plannedWh(hour: number, slots: number): bigint {
    return (this.#plan.get(hour)?.leftWh ?? 0n) / BigInt(slots);
  }

  /**
   * The battery acts in a slot.
   * @param neighboursWh What the others have left.
   * @returns What this home has left.
   */
  act(slot: number, hour: number, neighboursWh: bigint): bigint {
    const { battery, slotSeconds } = this.#terms;
    const surplusWh = (this.#home.exportedWh[slot] ?? 0n) - (this.#home.importedWh[slot] ?? 0n);
    const worth = this.#plan.get(hour)?.worth ?? [];
    const flow = flowFor(
      battery,
      this.#storedCentiWh,
      this.#slotOf(slot, surplusWh, neighboursWh),
      worth,
      slotSeconds,
    );
    this.#storedCentiWh = storedAfter(battery, this.#storedCentiWh, flow);
    this.#takenWh += flow.takenWh;
    this.#givenWh += flow.givenWh;
    const leftWh = surplusWh - flow.takenWh + flow.givenWh;
    this.#importedWh.push(leftWh < 0n ? -leftWh : 0n);
    this.#exportedWh.push(leftWh > 0n ? leftWh : 0n);
    return leftWh;
  }

  result(): RunBattery {
    const { name } = this.#home;
    const home = { name, importedWh: this.#importedWh, exportedWh: this.#exportedWh };
    return { home, takenWh: this.#takenWh, givenWh: this.#givenWh };
  }

  #slotOf(slot: number, surplusWh: bigint, neighboursWh: bigint): BatterySlot {
    const { levelOf, firstSlot, together } = this.#terms;
    const level = levelOf(firstSlot + slot);
    const trades = together && isWorthwhile(level);
    return { ...level, surplusWh, neighboursWh: trades ? neighboursWh : 0n };
  }
}
