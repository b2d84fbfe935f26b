import { setTimeout as sleep } from "node:timers/promises";
import type { Say } from "./log.ts";
import { type PartSpec, passes, type RunningPart, startPart } from "./part.ts";

/** A necessary part has ended or could not be started; the message names it. */
export class PartError extends Error {}

/** Supervised parts. */
export interface Stack {
  /** Names of the parts that do not answer and are not tried again. */
  readonly missing: readonly string[];
  /** Rejects with a {@link PartError} when a necessary part ends. */
  readonly over: Promise<never>;
}

/** A supervisor's time limits. */
export interface Patience {
  /** Attempts to start a part that has never answered. */
  readonly attempts: number;
  /** The first pause before another attempt, in ms; each further one is twice as long. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** Between two checks of a running part, in ms. */
  readonly lookMs: number;
  /** After how many checks without an answer a part counts as dead. */
  readonly looks: number;
  /** How long a part may take to end before it is killed, in ms. */
  readonly stopMs: number;
}

const USUAL_PATIENCE: Patience = {
  attempts: 3,
  firstPauseMs: 1_000,
  longestPauseMs: 30_000,
  lookMs: 3_000,
  looks: 5,
  stopMs: 8_000,
};

/** Starts parts, each as soon as those that it needs answer, watches them, and restarts those that may be restarted. */
export class Supervisor {
  readonly #specs: readonly PartSpec[];
  readonly #sayAs: (name: string) => Say;
  readonly #patience: Patience;
  readonly #stop: AbortController;
  readonly #came = new Map<string, PromiseWithResolvers<boolean>>();
  readonly #over = Promise.withResolvers<never>();
  readonly #kept = new Map<string, Promise<void>>();

  constructor(
    specs: readonly PartSpec[],
    sayAs: (name: string) => Say,
    patience: Partial<Patience> = {},
  ) {
    this.#specs = specs;
    this.#sayAs = sayAs;
    this.#patience = { ...USUAL_PATIENCE, ...patience };
    this.#stop = new AbortController();
    for (const { name } of specs) this.#came.set(name, Promise.withResolvers());
    this.#over.promise.catch(() => {});
  }

  /**
   * Resolves when every part answers or has been given up.
   * @throws PartError when a necessary part can't be started.
   */
  async start(): Promise<Stack> {
    for (const spec of this.#specs) {
      this.#kept.set(
        spec.name,
        this.#keep(spec).catch((error) => this.#fail(error)),
      );
    }
    const came = this.#specs.map(async ({ name }) => ({ name, up: await this.#cameUp(name) }));
    const states = await Promise.race([Promise.all(came), this.#over.promise]);
    return {
      missing: states.filter(({ up }) => !up).map(({ name }) => name),
      over: this.#over.promise,
    };
  }

  /** Ends all parts and the processes that they have started; resolves when all have ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#kept.values());
  }

  #fail(error: unknown): void {
    if (!this.#stop.signal.aborted) this.#over.reject(error);
  }

  #cameUp(name: string): Promise<boolean> {
    return this.#came.get(name)?.promise ?? Promise.resolve(false);
  }

  /** Keeps a part running until everything is stopped or the part is given up. */
  async #keep(spec: PartSpec): Promise<void> {
    const signal = this.#stop.signal;
    const say = this.#sayAs(spec.name);
    const needed = await orAborted(this.#comeUp(spec, signal), signal);
    if (needed === undefined) return;
    const lacking = spec.needs.filter((_, index) => !needed[index]);
    if (lacking.length > 0) {
      this.#giveUp(spec, say, `it needs ${lacking.join(", ")}`);
      return;
    }

    let pauseMs = this.#patience.firstPauseMs;
    let everAnswered = false;
    for (let attempt = 1; !signal.aborted; attempt++) {
      const part = startPart(spec, say, this.#patience.stopMs);
      try {
        if (await orAborted(part.answers(signal), signal)) {
          say(everAnswered ? "answers again" : "ready");
          this.#came.get(spec.name)?.resolve(true);
          [everAnswered, pauseMs] = [true, this.#patience.firstPauseMs];
          await this.#watch(spec, part, say);
        }
      } finally {
        if (signal.aborted) await this.#whenOthersEnded(spec);
        await part.stop();
      }
      if (signal.aborted) return;
      const how = await part.ended;
      if (spec.whenDead === "stop" || (spec.whenDead === "go on" && !everAnswered)) {
        throw new PartError(`The ${spec.name} has ended (${how}); everything depends on it.`);
      }
      if (spec.whenDead === "go on") {
        say(`has ended (${how}); the rest continues without it`);
        return;
      }
      if (!everAnswered && attempt >= this.#patience.attempts) {
        this.#giveUp(spec, say, `it ended ${attempt} times (${how}) before it answered`);
        return;
      }
      say(`has ended (${how}); restarting it in ${pauseMs / 1000} s`);
      await orAborted(sleep(pauseMs, undefined, { signal }), signal);
      pauseMs = Math.min(2 * pauseMs, this.#patience.longestPauseMs);
    }
  }

  /** Resolves when everything that a part needs is running, with whether it all came up. */
  async #comeUp({ needs, waits }: PartSpec, signal: AbortSignal): Promise<boolean[]> {
    const up = Promise.all(needs.map((name) => this.#cameUp(name)));
    const came = await Promise.race([up, aborted(signal)]);
    signal.throwIfAborted();
    await waits?.(signal);
    return came ?? [];
  }

  /** Parts that need a part end before it. */
  async #whenOthersEnded({ name }: PartSpec): Promise<void> {
    const others = this.#specs.filter(({ needs }) => needs.includes(name));
    await Promise.all(others.map((other) => this.#kept.get(other.name)));
  }

  #giveUp({ name, whenDead }: PartSpec, say: Say, why: string): void {
    if (whenDead !== "restart") throw new PartError(`The ${name} can't be started: ${why}.`);
    say(`is given up: ${why}; the rest continues without it`);
    this.#came.get(name)?.resolve(false);
  }

  /** Returns when the part has ended, no longer answers, or everything is to stop. */
  async #watch(spec: PartSpec, part: RunningPart, say: Say): Promise<void> {
    const signal = this.#stop.signal;
    let silent = 0;
    let ended = false;
    const end = Promise.race([part.ended, aborted(signal)]).then(() => {
      ended = true;
    });
    while (!ended) {
      const pause = new AbortController();
      await Promise.race([
        end,
        sleep(this.#patience.lookMs, undefined, { signal: pause.signal }).catch(() => {}),
      ]);
      pause.abort();
      if (ended) return;
      const answers = (await orAborted(passes(spec, signal), signal)) ?? true;
      if (answers && silent > 0) say("answers again");
      silent = answers ? 0 : silent + 1;
      if (silent === 1) say("does not answer");
      if (silent >= this.#patience.looks) {
        say("counts as dead: it has not answered for a while");
        return;
      }
    }
  }
}

/** Resolves when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

/** The result of `work`, or undefined when it was aborted. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
