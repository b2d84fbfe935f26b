/** A complaint is not repeated before, in ms. */
const QUIET_MS = 60_000;

/** What has failed. */
interface Failure {
  /** When it was last said, in ms. */
  readonly saidAt: number;
  failing: boolean;
}

/** Does things that may fail while parts come and go, and says so without repeating itself. */
export class Complaints {
  readonly #say: (text: string) => void;
  readonly #signal: AbortSignal;
  readonly #failures = new Map<string, Failure>();

  constructor(say: (text: string) => void, signal: AbortSignal) {
    this.#say = say;
    this.#signal = signal;
  }

  /**
   * @param what Names the work: one of a few.
   * @returns What came of it, undefined when it failed.
   * @throws The signal's reason when all is to stop.
   */
  async attempt<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    this.#signal.throwIfAborted();
    try {
      const result = await work();
      this.#succeeded(what);
      return result;
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#failed(what, error);
      return undefined;
    }
  }

  #failed(what: string, error: unknown): void {
    const known = this.#failures.get(what);
    if (known?.failing || (known && performance.now() < known.saidAt + QUIET_MS)) return;
    this.#say(`${what} fails: ${reasonOf(error)}`);
    this.#failures.set(what, { saidAt: performance.now(), failing: true });
  }

  #succeeded(what: string): void {
    const known = this.#failures.get(what);
    if (!known?.failing) return;
    known.failing = false;
    this.#say(`${what} works again`);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // What ethers has to say of a transaction fills a page; its short message does not.
  const short = "shortMessage" in error ? String(error.shortMessage) : error.message;
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return (short.split("\n")[0] ?? "") + cause;
}
