import { CLOCK_MODULE, type Clock } from "./clock.ts";
import { type Line, lineTo } from "./line.ts";
import { Supervised } from "./supervised.ts";

/** Is told how to close what was opened, so that it is closed on failure, too. */
export type Opened = (close: () => Promise<void>) => void;

/** The processes of a play, each with a clock and a line of its own. */
export class Cast {
  readonly parts = new Map<string, Supervised>();
  readonly lines = new Map<string, Line>();
  readonly #clock: Clock;
  readonly #opened: Opened;

  constructor(clock: Clock, opened: Opened) {
    this.#clock = clock;
    this.#opened = opened;
  }

  /** Opens a part's line to its node. Returns the address at which the part finds it. */
  async line(name: string, targetUrl: string): Promise<string> {
    const line = await lineTo(targetUrl);
    this.#opened(() => line.close());
    this.lines.set(name, line);
    return line.url;
  }

  add(
    name: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    answers: (said: string) => Promise<boolean>,
  ): void {
    const part = new Supervised({
      name,
      args: ["--import", CLOCK_MODULE, ...args],
      env: { WATTLINE_TEST_CLOCK: this.#clock.fileOf(name), ...env },
      answers,
    });
    this.#opened(() => part.close());
    this.parts.set(name, part);
  }
}

/** Whether there is an answer that is no error. */
export const isOk = async (url: string): Promise<boolean> =>
  (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;
