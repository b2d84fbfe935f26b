import { setTimeout as sleep } from "node:timers/promises";
import { AgentError, reasonOf } from "../errors.ts";
import type { BatteryLink } from "./link.ts";
import { type Decision, RESTING, type Steering } from "./steering.ts";

/** How often the battery is looked after. */
const ROUND_MS = 5_000;
/** A command that has not changed is given again so often: an inverter that hears nothing may go its own way. */
const REPEAT_MS = 60_000;
/** Smaller changes are not worth a command. */
const LEAST_CHANGE_W = 50;
/** A battery that does not take a command for so long does not answer. */
const PATIENCE_MS = 15_000;

export interface PilotOptions {
  readonly steering: Steering;
  readonly link: BatteryLink;
  readonly report: (message: string) => void;
  readonly now: () => number;
  /** How often it looks, milliseconds. */
  readonly roundMs?: number;
}

/** Reads a battery and tells it what was decided, until `signal` says stop; then it rests. */
export async function runBattery(options: PilotOptions, signal: AbortSignal): Promise<void> {
  await Promise.all([readings(options, signal), commands(options, signal)]);
}

async function readings({ steering, link, report }: PilotOptions, signal: AbortSignal) {
  try {
    for await (const reading of link.readings(signal)) steering.take(reading);
  } catch (error) {
    if (!signal.aborted) report(`The battery is read no more: ${reasonOf(error)}`);
  }
}

async function commands(options: PilotOptions, signal: AbortSignal): Promise<void> {
  const pilot = new Pilot(options);
  while (!signal.aborted) {
    await pilot.round(signal);
    await sleep(options.roundMs ?? ROUND_MS, undefined, { signal }).catch(() => undefined);
  }
  await pilot.rest();
}

/** Turns decisions into commands. */
class Pilot {
  readonly #options: PilotOptions;
  #lastMs = Number.NEGATIVE_INFINITY;
  #told: number | undefined;
  #refusal: string | undefined;

  constructor(options: PilotOptions) {
    this.#options = options;
  }

  async round(signal: AbortSignal): Promise<void> {
    const { steering, report } = this.#options;
    try {
      steering.settle();
    } catch (error) {
      report(`What the battery did can't be kept: ${reasonOf(error)}`);
    }
    const silence = steering.silence();
    if (silence === undefined) {
      const { chargeW, decision } = steering.decideNow();
      if (this.#isDue(chargeW)) await this.#command(chargeW, decision, signal);
    } else if (this.#isDue(0)) await this.rest();
    if (!signal.aborted) steering.stand(silence ?? this.#refusal);
  }

  /** Leaves the battery at rest, not with what it did: nobody looks after it from now on. */
  async rest(): Promise<void> {
    if (this.#told === undefined || this.#told === 0) return;
    await this.#command(0, RESTING, AbortSignal.timeout(PATIENCE_MS));
  }

  #isDue(chargeW: number): boolean {
    if (this.#options.now() - this.#lastMs >= REPEAT_MS) return true;
    if (this.#refusal !== undefined) return false;
    if (this.#told === undefined) return true;
    const change = Math.abs(chargeW - this.#told);
    return change >= LEAST_CHANGE_W || (chargeW === 0 && change > 0);
  }

  async #command(chargeW: number, decision: Decision, signal: AbortSignal): Promise<void> {
    const { steering, link, now } = this.#options;
    this.#lastMs = now();
    try {
      await inTime(link.command(chargeW, signal));
      this.#refusal = undefined;
      this.#told = chargeW;
      steering.commanded(chargeW, decision);
    } catch (error) {
      this.#refusal = `it does not take commands (${reasonOf(error)})`;
    }
  }
}

/** @throws AgentError when it takes too long. */
async function inTime(task: Promise<void>): Promise<void> {
  const late = new AbortController();
  const patience = sleep(PATIENCE_MS, "late", { signal: late.signal }).catch(() => undefined);
  const first = await Promise.race([task, patience]).finally(() => late.abort());
  if (first === "late") throw new AgentError(`no answer within ${PATIENCE_MS / 1000} s`);
}
