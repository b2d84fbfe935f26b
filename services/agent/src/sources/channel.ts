/** Hands what is pushed to who iterates, in order; what nobody takes waits, the oldest falls out beyond `most`. */
export class Channel<T> {
  readonly #waiting: T[] = [];
  readonly #most: number;
  #wake: (() => void) | undefined;
  #isClosed = false;

  constructor(most = 1_000) {
    this.#most = most;
  }

  push(value: T): void {
    this.#waiting.push(value);
    if (this.#waiting.length > this.#most) this.#waiting.shift();
    this.#wake?.();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake?.();
  }

  /** What is pushed, until `signal` says stop. */
  async *until(signal: AbortSignal): AsyncGenerator<T> {
    const stop = () => this.close();
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    try {
      yield* this;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next !== undefined) yield next;
      else if (this.#isClosed) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
