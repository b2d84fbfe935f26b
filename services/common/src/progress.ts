/** Shows the progress of long work: a bar that is redrawn on a terminal, a line per tenth elsewhere. */
export class Progress {
  readonly #label: string;
  readonly #total: number;
  readonly #out: NodeJS.WriteStream;
  #shown = -1;

  constructor(label: string, total: number, out: NodeJS.WriteStream = process.stderr) {
    this.#label = label;
    this.#total = total;
    this.#out = out;
  }

  /** Shows that `done` of the total is done, with a note about what comes next. */
  show(done: number, note = ""): void {
    const percent = Math.floor((100 * done) / this.#total);
    if (this.#out.isTTY) {
      const filled = Math.round(percent / 4);
      const bar = "█".repeat(filled) + "░".repeat(25 - filled);
      this.#out.write(`\r\x1b[K${this.#label} ${bar} ${percent} % ${note}`);
      if (done >= this.#total) this.#out.write("\n");
    } else if (Math.floor(percent / 10) > this.#shown) {
      this.#shown = Math.floor(percent / 10);
      this.#out.write(`${this.#label} ${percent} % ${note}\n`);
    }
  }
}
