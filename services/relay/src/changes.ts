/** A change of the book, ready to be sent. */
export interface Change {
  readonly sequence: number;
  readonly microgrid: number;
  readonly json: string;
}

/** How many of the last changes are kept at hand; who is further behind reads the database. */
const MOST_RECENT = 2_048;

/** Tells whoever waits that the book has changed, and keeps the last changes at hand. */
export class Changes {
  #recent: Change[] = [];
  readonly #stored: number;
  #last: number;
  #waiting = new Set<() => void>();

  /** @param last The sequence of the last change that is stored. */
  constructor(last: number) {
    this.#stored = last;
    this.#last = last;
  }

  get last(): number {
    return this.#last;
  }

  /** The next sequence to be given. Only whoever has the turn to write may take one. */
  next(): number {
    return ++this.#last;
  }

  /** Tells of changes that are stored. */
  publish(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    this.#recent.push(...changes);
    if (this.#recent.length > 2 * MOST_RECENT) this.#recent = this.#recent.slice(-MOST_RECENT);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** The changes after `sequence`; undefined when some of them are not at hand any more. */
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

  /** The sequence of the last change that everybody can see. */
  get published(): number {
    return this.#recent.at(-1)?.sequence ?? this.#stored;
  }
}
