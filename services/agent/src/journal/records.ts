import { Book } from "./book.ts";
import type { Entry, Header } from "./entries.ts";

/** What a home needs of its journal. */
export interface Records {
  readonly book: Book;
  /** Keeps entries that belong together: all of them, or none when it throws. */
  append(...entries: readonly Entry[]): void;
  close(): void;
}

/** A journal in memory, for homes whose chain ends with the process too. */
export class MemoryRecords implements Records {
  readonly book = new Book();

  constructor(header: Omit<Header, "kind" | "version">) {
    this.append({ kind: "header", version: 1, ...header });
  }

  append(...entries: readonly Entry[]): void {
    for (const entry of entries) this.book.apply(entry);
  }

  close(): void {}
}
