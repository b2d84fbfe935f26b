/** A client has too many tasks waiting already. */
export class QueueFullError extends Error {
  constructor(who: string, waiting: number) {
    super(`${who} has ${waiting} requests waiting already; wait for their answers first.`);
  }
}

interface Task {
  run(): Promise<void>;
}

/**
 * A queue that serves clients in turn: a client with many tasks waits behind its own tasks, not ahead of others'. A few
 * tasks run at once, so that one waits for the chain while another is checked.
 */
export class FairQueue {
  readonly #atOnce: number;
  readonly #mostWaiting: number;
  readonly #waiting = new Map<string, Task[]>();
  #running = 0;

  /**
   * @param atOnce How many tasks run together.
   * @param mostWaiting How many tasks of one client may wait.
   */
  constructor(atOnce: number, mostWaiting: number) {
    this.#atOnce = atOnce;
    this.#mostWaiting = mostWaiting;
  }

  /** @throws QueueFullError */
  run<T>(who: string, task: () => Promise<T>): Promise<T> {
    const line = this.#waiting.get(who) ?? [];
    if (line.length >= this.#mostWaiting) throw new QueueFullError(who, line.length);
    this.#waiting.set(who, line);
    return new Promise<T>((resolve, reject) => {
      line.push({ run: () => task().then(resolve, reject) });
      this.#next();
    });
  }

  #next(): void {
    while (this.#running < this.#atOnce) {
      const [first] = this.#waiting;
      if (first === undefined) return;
      const [who, line] = first;
      // To the end of the queue, or out of it.
      this.#waiting.delete(who);
      const task = line.shift();
      if (line.length > 0) this.#waiting.set(who, line);
      if (task === undefined) continue;
      this.#running++;
      void task.run().finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }
}
