import { closeSync, ftruncateSync, openSync, renameSync, writeSync } from "node:fs";

/** Text that is gathered before it is written. */
const BUFFER_CHARS = 1 << 16;

/**
 * A file that is written from front to back over several runs: under a name of its own until it is whole, cut back to
 * where a run had come when another goes on.
 */
export class GrowingFile {
  readonly #file: string;
  readonly #handle: number;
  #bytes: number;
  #waiting = "";

  /** @param bytes Where to go on; 0 starts afresh. */
  constructor(file: string, bytes: number) {
    this.#file = file;
    this.#handle = openSync(`${file}.part`, bytes === 0 ? "w" : "r+");
    ftruncateSync(this.#handle, bytes);
    this.#bytes = bytes;
  }

  write(text: string): void {
    this.#waiting += text;
    if (this.#waiting.length >= BUFFER_CHARS) this.#flush();
  }

  /** How long the file is, with everything written. */
  bytes(): number {
    this.#flush();
    return this.#bytes;
  }

  /** Gives the file its name. */
  finish(): void {
    this.#flush();
    closeSync(this.#handle);
    renameSync(`${this.#file}.part`, this.#file);
  }

  /** Leaves the file as it is, for another run. */
  leave(): void {
    closeSync(this.#handle);
  }

  #flush(): void {
    const text = Buffer.from(this.#waiting);
    for (let at = 0; at < text.length; ) {
      at += writeSync(this.#handle, text, at, text.length - at, this.#bytes + at);
    }
    this.#bytes += text.length;
    this.#waiting = "";
  }
}
