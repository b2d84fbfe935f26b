/** A change of the book, ready to send. */
export interface Change {
  readonly sequence: number;
  readonly microgrid: number;
  readonly json: string;
}

/** How many of the latest changes are kept in memory; a reader further behind is served from the database. */
const MOST_RECENT = 2_048;

/** Wakes readers when the book has changed, and keeps the latest changes. */
export class Changes {
  #recent: Change[] = [];
  readonly #stored: number;
  #waiting = new Set<() => void>();

  /** @param last The sequence of the last change that is stored. */
  constructor(last: number) {
    this.#stored = last;
  }

  /** Publishes changes that are stored. */
  publish(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    this.#recent.push(...changes);
    if (this.#recent.length > 2 * MOST_RECENT) this.#recent = this.#recent.slice(-MOST_RECENT);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** The changes after `sequence`; undefined when some of them are no longer in memory. */
  since(sequence: number): readonly Change[] | undefined {
    const first = this.#recent[0];
    if (first === undefined || sequence + 1 < first.sequence) {
      return sequence >= this.published ? [] : undefined;
    }
    let index = this.#recent.length;
    while (index > 0 && (this.#recent[index - 1]?.sequence ?? 0) > sequence) index--;
    return this.#recent.slice(index);
  }

  /** Resolves with the next change, or when `signal` is aborted. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      if (signal.aborted) return resolve();
      signal.addEventListener("abort", wake);
      this.#waiting.add(wake);
    });
  }

  /** The sequence of the last change that readers can see. */
  get published(): number {
    return this.#recent.at(-1)?.sequence ?? this.#stored;
  }
}
