import {
  type EnergyBySlot,
  isIslandedIn,
  levelFor,
  type Microgrid,
  slotAt,
  slotStart,
} from "@wattline/sdk";
import {
  type Battery,
  type BatteryFlow,
  type BatterySlot,
  type BatteryStep,
  flowFor,
  planBattery,
  type Worth,
  worthOfNext,
} from "@wattline/sdk/battery";
import type { SlotForecast } from "@wattline/sdk/forecast";
import { type SteeringConfig, whOf } from "../config/battery.ts";
import type { Home } from "../home.ts";
import type { BatteryReading } from "./link.ts";
import { PowerLog } from "./powerLog.ts";

/** How far ahead a battery is planned: well beyond the next full charge. */
export const PLAN_HOURS = 36;
/** What is told beside the command by more than this, for so long, is not what was commanded. */
const [ASTRAY_W, ASTRAY_MS] = [200, 120_000];
const MS_PER_HOUR = 3_600_000;
const SECONDS_PER_DAY = 86_400;
const MS_PER_DAY = SECONDS_PER_DAY * 1000;
/** Its notes stand beside those of meters. */
const NOTES_OF = "battery";
const UNREAD = "it has not been read yet";

/** What the agent knows of the coming slots when it plans. */
export interface Outlook {
  readonly microgrid: Microgrid;
  readonly nowSeconds: number;
  /** The first slot that the forecast has not learned from; undefined before the first. */
  readonly learnedTo: number | undefined;
  /** Of the home without its battery. */
  readonly forecast: readonly SlotForecast[];
  /** What neighbours have left, negative where they lack energy. */
  readonly neighboursWh: EnergyBySlot;
  /** What is bought forward and not imported yet, less what is promised. */
  readonly committedWh: EnergyBySlot;
}

/** One slot of a plan. */
export interface PlannedSlot extends BatteryStep {
  readonly slot: number;
  /** With what is bought and promised forward. */
  readonly terms: BatterySlot;
  readonly committedWh: bigint;
}

/** Why a battery does what it does. */
export type Doing =
  | "fills its reserve"
  | "keeps surplus"
  | "charges"
  | "covers the need"
  | "feeds in"
  | "rests";

/** What the battery is to do, and why. */
export interface Decision {
  readonly flow: BatteryFlow;
  readonly doing: Doing;
  /** What a kWh is worth stored, base units; undefined without a plan. */
  readonly worthPerKwh: bigint | undefined;
}

/** What is known of a battery, to be shown. */
export interface BatteryState {
  /** Undefined while all is well. */
  readonly trouble: string | undefined;
  readonly reading: BatteryReading | undefined;
  /** As it is kept at present: with the reserve of an outage while one is announced. */
  readonly battery: Battery;
  /** The start of the outage for which more is kept, Unix seconds. */
  readonly outageAtSeconds: number | undefined;
  readonly plan: readonly PlannedSlot[];
  /** The last command, W, negative for giving. */
  readonly chargeW: number | undefined;
  readonly decision: Decision | undefined;
}

export interface SteeringOptions {
  readonly config: Omit<SteeringConfig, "link">;
  readonly home: Home;
  readonly report: (message: string) => void;
  /** Our clock, Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Decides what a home's battery does: the only one that does. It plans each slot from the forecast, the prices ahead and the order
 * book, and within the slot follows the meter by that plan.
 */
export class Steering {
  readonly #options: SteeringOptions;
  readonly #slotSeconds: number;
  readonly #log = new PowerLog();
  readonly #battery: Battery;
  #state: BatteryState;
  /** The first slot whose energy is not kept yet. */
  #openSlot: number;
  #astraySinceMs: number | undefined;
  /** What the forecast had learned from when the plan was made. */
  #learnedTo: number | undefined;

  constructor(options: SteeringOptions) {
    const { config, home, now } = options;
    this.#options = options;
    this.#slotSeconds = home.slotSeconds;
    this.#openSlot = slotAt(now() / 1000, home.slotSeconds);
    this.#battery = batteryOf(config);
    this.#state = {
      trouble: UNREAD,
      reading: undefined,
      battery: this.#battery,
      outageAtSeconds: undefined,
      plan: [],
      chargeW: undefined,
      decision: undefined,
    };
  }

  get state(): BatteryState {
    return this.#state;
  }

  /** Takes a reading in. */
  take(reading: BatteryReading): void {
    this.#state = { ...this.#state, reading };
    const { chargeW } = reading;
    if (chargeW !== undefined) this.#log.add(reading.unixMs, chargeW);
    this.#follows(reading);
  }

  /** The battery has taken a command. */
  commanded(chargeW: number, decision: Decision): void {
    const isRead = this.#state.reading?.chargeW !== undefined;
    if (!isRead) this.#log.add(this.#options.now(), chargeW);
    if (chargeW !== this.#state.chargeW) this.#astraySinceMs = undefined;
    this.#state = { ...this.#state, chargeW, decision };
  }

  /** The battery is lost, or is back: the household is told of each change. */
  stand(trouble: string | undefined): void {
    const before = this.#state.trouble;
    this.#state = { ...this.#state, trouble };
    if (trouble !== undefined) {
      const tells = this.#state.reading?.chargeW !== undefined && this.silence() === undefined;
      if (!tells) this.#log.add(this.#options.now(), undefined);
      this.#state = { ...this.#state, plan: [], chargeW: undefined, decision: undefined };
    }
    if (trouble === before) return;
    this.#tell(
      trouble === undefined
        ? "The battery is steered."
        : `The battery is lost: ${trouble}. Trading goes on without it.`,
    );
  }

  /** Why its last reading is none to act on; undefined when it is one. */
  silence(): string | undefined {
    const { reading } = this.#state;
    const { config, now } = this.#options;
    if (reading === undefined) return UNREAD;
    const seconds = Math.round((now() - reading.unixMs) / 1000);
    return seconds > config.stale_seconds
      ? `it has told nothing for more than ${config.stale_seconds} s`
      : undefined;
  }

  /** Plans the coming slots, once a slot and again when more of it was metered; nothing while the battery is lost. */
  plan(outlook: Outlook): readonly PlannedSlot[] {
    const { reading, trouble } = this.#state;
    if (reading === undefined || trouble !== undefined) return [];
    const first = slotAt(outlook.nowSeconds, this.#slotSeconds);
    const isPlanned = this.#state.plan[0]?.slot === first && outlook.learnedTo === this.#learnedTo;
    if (isPlanned) return this.#state.plan;
    if (!hasPrices(outlook.microgrid, first)) return [];
    const { battery, outageAtSeconds } = this.#keptIn(outlook);
    const slots = slotsOf(outlook, first, this.#slotSeconds);
    const terms = slots.map((each) => each.terms);
    const steps =
      outlook.forecast.length === 0
        ? stepsOfNone(battery, reading.storedCentiWh, terms)
        : planBattery(battery, reading.storedCentiWh, terms, this.#slotSeconds);
    const plan = slots.flatMap((each, index) => {
      const step = steps[index];
      return step === undefined ? [] : [{ ...each, ...step }];
    });
    this.#state = { ...this.#state, battery, outageAtSeconds, plan };
    this.#learnedTo = outlook.learnedTo;
    return plan;
  }

  /**
   * What the battery does in a slot of the plan, if the home without it has so much left.
   * @param surplusWh Of a whole slot; negative when the home lacks energy.
   */
  decide(slot: number, surplusWh: bigint): Decision {
    const { reading, plan, battery } = this.#state;
    const planned = plan.find((each) => each.slot === slot);
    if (planned === undefined || reading === undefined) return RESTING;
    const { worth, committedWh } = planned;
    const terms = { ...planned.terms, surplusWh: surplusWh + committedWh };
    const flow = flowFor(battery, reading.storedCentiWh, terms, worth, this.#slotSeconds);
    // What is promised is no reason to feed in where that is not allowed.
    const allowed = battery.feedsIn ? flow : { ...flow, givenWh: least(flow.givenWh, -surplusWh) };
    return {
      flow: allowed,
      doing: doingOf(battery, reading.storedCentiWh, surplusWh, allowed),
      worthPerKwh: worthOfNext(battery, reading.storedCentiWh, worth),
    };
  }

  /** What the battery is to do now: W that it takes, negative to give. */
  decideNow(): { readonly chargeW: number; readonly decision: Decision } {
    const { home, now } = this.#options;
    const slot = slotAt(now() / 1000, this.#slotSeconds);
    const recent = home.recentSurplus();
    const moved = recent && this.#log.between(recent.fromMs, recent.toMs);
    const planned = this.#state.plan.find((each) => each.slot === slot);
    const slotHours = this.#slotSeconds / 3600;
    let surplusWh = planned === undefined ? 0n : planned.terms.surplusWh - planned.committedWh;
    if (recent !== undefined && moved !== undefined) {
      const movedW =
        ((moved.takenWh - moved.givenWh) * MS_PER_HOUR) / (recent.toMs - recent.fromMs);
      surplusWh = BigInt(Math.round((recent.surplusW + movedW) * slotHours));
    }
    const decision = this.decide(slot, surplusWh);
    const { takenWh, givenWh } = decision.flow;
    return { chargeW: Math.trunc(Number(takenWh - givenWh) / slotHours), decision };
  }

  /** Keeps what the battery did in the slots that are over. @returns the first slot that is not */
  settle(): number {
    const { home, now } = this.#options;
    const slotMs = this.#slotSeconds * 1000;
    const current = slotAt(now() / 1000, this.#slotSeconds);
    for (; this.#openSlot < current; this.#openSlot++) {
      const moved = this.#log.between(this.#openSlot * slotMs, (this.#openSlot + 1) * slotMs);
      home.journal.append({
        kind: "battery",
        slot: this.#openSlot,
        takenWh: BigInt(Math.round(moved?.takenWh ?? 0)),
        givenWh: BigInt(Math.round(moved?.givenWh ?? 0)),
        isKnown: moved !== undefined,
      });
    }
    this.#log.forget(Math.min(current * slotMs, now() - 2 * slotMs));
    return this.#openSlot;
  }

  /** What it has taken and given in the slots of the day that are over, by UTC. */
  today(): BatteryFlow {
    const { home, now } = this.#options;
    const first = slotAt(Math.floor(now() / MS_PER_DAY) * SECONDS_PER_DAY, this.#slotSeconds);
    const flow = { takenWh: 0n, givenWh: 0n };
    for (const { slot, takenWh, givenWh } of home.journal.book.battery.values()) {
      if (slot < first) continue;
      flow.takenWh += takenWh;
      flow.givenWh += givenWh;
    }
    return flow;
  }

  /** How the battery is kept: more in it while an outage is announced or lasts. */
  #keptIn({ microgrid, nowSeconds }: Outlook): Pick<BatteryState, "battery" | "outageAtSeconds"> {
    const { config } = this.#options;
    const outage = config.outage;
    const first = slotAt(nowSeconds, this.#slotSeconds);
    const until = slotAt(nowSeconds + (outage?.hours_ahead ?? 0) * 3600, this.#slotSeconds);
    let slot = first;
    while (slot <= until && !isIslandedIn(microgrid, slot)) slot++;
    if (outage === undefined || slot > until) {
      return { battery: this.#battery, outageAtSeconds: undefined };
    }
    const battery = {
      ...this.#battery,
      reserveWh: whOf(outage.reserve, config),
      leastWh: whOf(outage.least, config),
    };
    return { battery, outageAtSeconds: slotStart(slot, this.#slotSeconds) };
  }

  /** A battery that does something else than it is told has another writer, or can't. */
  #follows({ chargeW: told, unixMs }: BatteryReading): void {
    const { chargeW: commandedW } = this.#state;
    if (told === undefined || commandedW === undefined) return;
    if (Math.abs(told - commandedW) <= ASTRAY_W) {
      this.#astraySinceMs = undefined;
      return;
    }
    this.#astraySinceMs ??= unixMs;
    if (unixMs - this.#astraySinceMs < ASTRAY_MS) return;
    this.#astraySinceMs = Number.POSITIVE_INFINITY;
    this.#tell(
      `The battery was told ${wattsOf(commandedW)} and does ${wattsOf(told)}. Does something else steer it, too?`,
    );
  }

  #tell(text: string): void {
    const { home, report, now } = this.#options;
    const last = home.journal.book.notes.findLast(({ meter }) => meter === NOTES_OF);
    report(`${home.config.name}: ${text}`);
    if (last?.text === text) return;
    home.journal.append({ kind: "note", unixMs: now(), meter: NOTES_OF, text });
  }
}

/** What a battery does that nothing was decided for. */
export const RESTING: Decision = {
  flow: { takenWh: 0n, givenWh: 0n },
  doing: "rests",
  worthPerKwh: undefined,
};

/** The battery as it is configured. */
export const batteryOf = (config: SteeringOptions["config"]): Battery => ({
  capacityWh: BigInt(config.capacity_wh),
  powerW: BigInt(config.power_w),
  efficiencyPercent: BigInt(config.efficiency_percent),
  reserveWh: whOf(config.reserve, config),
  feedsIn: config.feeds_in,
});

/** Before the first schedule nobody knows what energy is worth. */
const hasPrices = ({ schedules }: Microgrid, slot: number): boolean =>
  schedules.some(({ firstSlot }) => firstSlot <= slot);

/** The slots that are planned, with what the home expects of them and what energy costs. */
function slotsOf(
  { microgrid, forecast, neighboursWh, committedWh }: Outlook,
  first: number,
  slotSeconds: number,
): Omit<PlannedSlot, keyof BatteryStep>[] {
  const expected = new Map(forecast.map((each) => [each.slot, each.exportWh - each.importWh]));
  const count = (PLAN_HOURS * 3600) / slotSeconds;
  return Array.from({ length: count }, (_, index) => {
    const slot = first + index;
    const committed = committedWh.get(slot) ?? 0n;
    const { pricePerKwh, feePerKwh, feedInPerKwh, retailPerKwh } = levelFor(microgrid, slot);
    const terms = {
      surplusWh: (expected.get(slot) ?? 0n) + committed,
      neighboursWh: neighboursWh.get(slot) ?? 0n,
      pricePerKwh,
      feePerKwh,
      feedInPerKwh,
      retailPerKwh,
      isIslanded: isIslandedIn(microgrid, slot),
    };
    return { slot, terms, committedWh: committed };
  });
}

/**
 * While nothing is forecast, what is stored is worth what it will spare: the battery takes what the home has left, and gives what it
 * lacks.
 */
const stepsOfNone = (
  battery: Battery,
  storedCentiWh: bigint,
  slots: readonly BatterySlot[],
): BatteryStep[] =>
  slots.map(({ retailPerKwh }) => ({
    takenWh: 0n,
    givenWh: 0n,
    storedCentiWh,
    worth: worthOfSparing(battery, retailPerKwh),
  }));

const worthOfSparing = (
  { capacityWh, reserveWh = 0n, efficiencyPercent }: Battery,
  retailPerKwh: bigint,
): Worth => [
  { wh: Number(capacityWh - reserveWh), perKwh: Number(retailPerKwh * efficiencyPercent) / 100 },
];

function doingOf(
  { reserveWh = 0n }: Battery,
  storedCentiWh: bigint,
  surplusWh: bigint,
  { takenWh, givenWh }: BatteryFlow,
): Doing {
  if (takenWh > 0n) {
    if (takenWh <= surplusWh) return "keeps surplus";
    return storedCentiWh < 100n * reserveWh ? "fills its reserve" : "charges";
  }
  if (givenWh > 0n) return givenWh <= -surplusWh ? "covers the need" : "feeds in";
  return "rests";
}

export const wattsOf = (chargeW: number): string =>
  chargeW < 0 ? `giving ${-chargeW} W` : `taking ${chargeW} W`;

const least = (a: bigint, b: bigint): bigint => {
  const smaller = a < b ? a : b;
  return smaller > 0n ? smaller : 0n;
};
