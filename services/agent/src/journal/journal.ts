import * as nodeFiles from "node:fs";
import path from "node:path";
import { lineOf, readLines } from "@wattline/common/lines";
import { AgentError, reasonOf } from "../errors.ts";
import { Book } from "./book.ts";
import { type Entry, entriesIn, type Header, textOf } from "./entries.ts";
import type { Records } from "./records.ts";

/** What the journal needs of a file system. */
export type Files = Pick<
  typeof nodeFiles,
  | "closeSync"
  | "existsSync"
  | "fsyncSync"
  | "ftruncateSync"
  | "mkdirSync"
  | "openSync"
  | "readdirSync"
  | "readFileSync"
  | "renameSync"
  | "writeSync"
>;

export interface JournalOptions {
  readonly folder: string;
  readonly header: Omit<Header, "kind" | "version">;
  readonly report?: (message: string) => void;
  readonly files?: Files;
  /** A new file is begun beyond this size. */
  readonly fileBytes?: number;
}

/** Some two months of one home. */
const FILE_BYTES = 1_000_000;
const NAME = /^journal-(\d{6})\.log$/;

/**
 * All that the agent knows, on disk: lines are added and never changed, and each is safe before the next step is taken. A
 * file that has grown large is followed by another one, which begins with what the agent still works with.
 */
export class Journal implements Records {
  readonly book = new Book();
  readonly #options: JournalOptions;
  readonly #files: Files;
  #number = 0;
  #file: number | undefined;
  #bytes = 0;
  /** Whether something may follow the last whole line. */
  #isTorn = false;

  private constructor(options: JournalOptions) {
    this.#options = options;
    this.#files = options.files ?? nodeFiles;
  }

  /**
   * Opens the journal of a folder, or begins one.
   * @throws AgentError when it is of another chain or slot length, or can't be read.
   */
  static open(options: JournalOptions): Journal {
    const journal = new Journal(options);
    try {
      journal.#open();
    } catch (error) {
      journal.close();
      if (error instanceof AgentError) throw error;
      throw new AgentError(`The journal in ${options.folder} can't be opened: ${reasonOf(error)}.`);
    }
    return journal;
  }

  /**
   * Keeps entries that belong together. When it returns they are on the disk; when it throws, none of them is.
   * @throws AgentError when the disk does not take them.
   */
  append(...entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    try {
      this.#write(lineOf(textOf(entries)));
    } catch (error) {
      throw new AgentError(
        `The journal in ${this.#options.folder} can't be written (${reasonOf(error)}). Make room on the disk: until then nothing new is kept, and the meter's registers hold what was missed.`,
      );
    }
    for (const entry of entries) this.book.apply(entry);
    if (this.#bytes > (this.#options.fileBytes ?? FILE_BYTES)) this.#rollOver();
  }

  close(): void {
    if (this.#file !== undefined) this.#files.closeSync(this.#file);
    this.#file = undefined;
  }

  #open(): void {
    const { folder, header, report = () => {} } = this.#options;
    this.#files.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const names = journalsIn(this.#files, folder);
    const last = names.at(-1);
    if (last === undefined) {
      this.#begin(1, [{ kind: "header", version: 1, ...header }]);
      return;
    }
    this.#number = numberIn(last);
    const place = path.join(folder, last);
    const bytes = this.#files.readFileSync(place);
    const { texts, wholeBytes, damaged } = readLines(bytes);
    for (const text of texts) for (const entry of entriesIn(text)) this.book.apply(entry);
    requireSame(this.book.header, header, folder);
    if (damaged.length > 0) {
      report(
        `${place}: lines ${damaged.join(", ")} are damaged and were passed over. Is the disk failing?`,
      );
    }
    this.#file = this.#files.openSync(place, "r+");
    this.#bytes = wholeBytes;
    if (bytes.length > wholeBytes) {
      report(`${place}: the last line was cut off, as by a power cut; it was dropped.`);
      this.#isTorn = true;
      this.#mend();
    }
  }

  #write(line: string): void {
    this.#mend();
    if (this.#file === undefined) throw new Error("it is closed");
    const bytes = Buffer.from(line);
    this.#isTorn = true;
    try {
      for (let written = 0; written < bytes.length; ) {
        written += this.#files.writeSync(
          this.#file,
          bytes,
          written,
          bytes.length - written,
          this.#bytes + written,
        );
      }
      this.#files.fsyncSync(this.#file);
    } catch (error) {
      this.#mend();
      throw error;
    }
    this.#isTorn = false;
    this.#bytes += bytes.length;
  }

  /** Takes off what follows the last whole line. */
  #mend(): void {
    if (!this.#isTorn || this.#file === undefined) return;
    this.#files.ftruncateSync(this.#file, this.#bytes);
    this.#files.fsyncSync(this.#file);
    this.#isTorn = false;
  }

  /** Goes on in a new file. When the disk does not take it, the old one goes on. */
  #rollOver(): void {
    const { report = () => {} } = this.#options;
    const old = this.#file;
    try {
      this.#begin(this.#number + 1, this.book.entries());
      if (old !== undefined) this.#files.closeSync(old);
    } catch (error) {
      report(`The journal goes on in its old file: a new one can't be begun (${reasonOf(error)}).`);
    }
  }

  /** Writes a new file under another name first: a file that bears the name is whole. */
  #begin(number: number, entries: readonly Entry[]): void {
    const { folder } = this.#options;
    const place = path.join(folder, `journal-${String(number).padStart(6, "0")}.log`);
    const bytes = Buffer.from(lineOf(textOf(entries)));
    const file = this.#files.openSync(`${place}.new`, "w+", 0o600);
    try {
      for (let written = 0; written < bytes.length; ) {
        written += this.#files.writeSync(file, bytes, written, bytes.length - written, written);
      }
      this.#files.fsyncSync(file);
      this.#files.renameSync(`${place}.new`, place);
      syncFolder(this.#files, folder);
    } catch (error) {
      this.#files.closeSync(file);
      throw error;
    }
    this.#file = file;
    this.#number = number;
    this.#bytes = bytes.length;
    this.#isTorn = false;
    for (const entry of entries) this.book.apply(entry);
  }
}

/** All entries that a folder keeps, file by file; what two files keep comes twice. */
export function* readJournal(folder: string): Generator<Entry> {
  for (const name of journalsIn(nodeFiles, folder)) {
    const { texts } = readLines(nodeFiles.readFileSync(path.join(folder, name)));
    for (const text of texts) yield* entriesIn(text);
  }
}

const journalsIn = (files: Pick<Files, "existsSync" | "readdirSync">, folder: string): string[] =>
  files.existsSync(folder)
    ? files
        .readdirSync(folder)
        .map(String)
        .filter((name) => NAME.test(name))
        .sort()
    : [];

const numberIn = (name: string): number => Number(NAME.exec(name)?.[1]);

/** A new name is safe once its folder is. */
function syncFolder(files: Files, folder: string): void {
  if (process.platform === "win32") return;
  const handle = files.openSync(folder, "r");
  try {
    files.fsyncSync(handle);
  } finally {
    files.closeSync(handle);
  }
}

function requireSame(
  kept: Header | undefined,
  { slotSeconds, chainId, metersContract }: JournalOptions["header"],
  folder: string,
): void {
  if (kept === undefined) {
    throw new AgentError(
      `The journal in ${folder} has lost its first line: restore it from a copy.`,
    );
  }
  const differs =
    kept.slotSeconds !== slotSeconds ||
    kept.chainId !== chainId ||
    kept.metersContract.toLowerCase() !== metersContract.toLowerCase();
  if (differs) {
    throw new AgentError(
      `The journal in ${folder} has slots of ${kept.slotSeconds} s, for chain ${kept.chainId} and the contract ${kept.metersContract}; the configuration says ${slotSeconds} s, ${chainId} and ${metersContract}. Mend the configuration, or give this home another data folder.`,
    );
  }
}
