import { energyTokenAbi, marketplaceAbi, metersAbi, microgridsAbi } from "@wattline/sdk";
import { decodeErrorResult, type Hex } from "viem";

/** The same failure is not reported again before, in ms. */
const QUIET_MS = 60_000;

/** A kind of work that failed. */
interface Failure {
  /** When it was last reported, in ms. */
  readonly saidAt: number;
  failing: boolean;
}

/** Runs work that may fail while other programs start and stop, and reports each failure once. */
export class FailureLog {
  readonly #say: (text: string) => void;
  readonly #signal: AbortSignal;
  readonly #failures = new Map<string, Failure>();

  constructor(say: (text: string) => void, signal: AbortSignal) {
    this.#say = say;
    this.#signal = signal;
  }

  /**
   * @param what Names the kind of work; there are only a few.
   * @returns The result, undefined when the work failed.
   * @throws The signal's reason when aborted.
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
  // ethers' message about a transaction fills a page; its short message does not.
  const short = "shortMessage" in error ? String(error.shortMessage) : error.message;
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return inWords(short.split("\n")[0] ?? "") + cause;
}

const REVERT = /custom error (0x[0-9a-f]{8}): ?([0-9a-f]*)/i;
const ERRORS = [...marketplaceAbi, ...metersAbi, ...microgridsAbi, ...energyTokenAbi].filter(
  ({ type }) => type === "error",
);

/** A node's message that quotes the bytes of a contract's error, with its name and values instead. */
function inWords(message: string): string {
  return message.replace(REVERT, (quoted, selector: Hex, rest: string) => {
    try {
      const { errorName, args = [] } = decodeErrorResult({
        abi: ERRORS,
        data: `${selector}${rest}`,
      });
      return `${errorName}(${args.join(", ")})`;
    } catch {
      return quoted;
    }
  });
}
