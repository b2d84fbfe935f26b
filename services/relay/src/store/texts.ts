import { randomUUID } from "node:crypto";
import { closeSync, openSync, readSync, rmSync, writeSync } from "node:fs";

/** Where a text starts in the sequence of all texts ever stored, in bytes. */
export interface Place {
  readonly at: number;
  readonly length: number;
}

/** The place of a text that was never stored. */
export const NOWHERE: Place = { at: 0, length: 0 };

const CAPACITY = 256 * 2 ** 20;

/**
 * Keeps the newest texts in a file, which the operating system caches in free memory. When the file is full, the oldest
 * texts are overwritten. The file is unlinked, so it disappears with the process. Without disk space, texts are not kept.
 */
export class Texts {
  #file: number | undefined;
  readonly #capacity: number;
  readonly #report: (message: string) => void;
  /** How many bytes were ever stored, including those skipped at the end of the file when it wraps. */
  #end = 0;

  /**
   * @param folder Where to create the file.
   * @param capacity Its largest size in bytes.
   * @param report Called when there is no disk space.
   */
  constructor(folder: string, report: (message: string) => void, capacity = CAPACITY) {
    this.#capacity = capacity;
    this.#report = report;
    const path = `${folder}/${randomUUID()}.texts`;
    try {
      this.#file = openSync(path, "wx+", 0o600);
      rmSync(path);
    } catch (error) {
      this.#doWithout(error);
    }
  }

  /** Stores texts. @returns The place of each. */
  put(texts: readonly string[]): Place[] {
    const buffers = texts.map((text) => Buffer.from(text));
    const bytes = Buffer.concat(buffers);
    if (this.#file === undefined || bytes.length > this.#capacity) return texts.map(() => NOWHERE);
    const left = this.#capacity - (this.#end % this.#capacity);
    let at = bytes.length > left ? this.#end + left : this.#end;
    try {
      const written = writeSync(this.#file, bytes, 0, bytes.length, at % this.#capacity);
      if (written < bytes.length) throw new Error("the disk is full");
    } catch (error) {
      this.#doWithout(error);
      return texts.map(() => NOWHERE);
    }
    this.#end = at + bytes.length;
    return buffers.map(({ length }) => {
      at += length;
      return { at: at - length, length };
    });
  }

  /** The text at a place; undefined when it has been overwritten. */
  read({ at, length }: Place): Buffer | undefined {
    if (this.#file === undefined || length === 0) return undefined;
    // Bytes skipped by a wrap still hold older texts; they count as overwritten.
    if (at < this.#end - this.#capacity) return undefined;
    const text = Buffer.allocUnsafe(length);
    return readSync(this.#file, text, 0, length, at % this.#capacity) === length ? text : undefined;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #doWithout(error: unknown): void {
    this.close();
    const reason = error instanceof Error ? error.message : String(error);
    this.#report(
      `Orders can't be kept at hand (${reason}): pages are read from the database, which takes longer.`,
    );
  }
}
