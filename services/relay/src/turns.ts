/** Runs tasks one after another. In a file of its own because the order book is long enough without it. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `task` after all tasks before it. A task that fails does not hold up the next one. */
  take<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task, task);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
