import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { lineOf, readLines } from "@wattline/common/lines";
import type { Report } from "@wattline/common/log";
import { MendableError, reasonOf } from "@wattline/common/mendable";
import { type Address, isAddressEqual } from "viem";
import { PromiseBook } from "./book.ts";
import { type Entry, type EntryOf, entriesIn, textOf } from "./entries.ts";

/** Whose promises a ledger holds. */
export type Owner = Omit<EntryOf<"header">, "kind" | "version">;

const NAME = /^promises-(\d{6})\.log$/;

/**
 * What was promised and handed over, on disk: lines are added and never changed, and each is safe before the next step is taken.
 * What comes before all of it is final, the next outage too, goes on in the same file; then a new one begins. Old ones stay.
 */
export class PromiseLedger {
  readonly #folder: string;
  readonly #owner: Owner;
  readonly #report: Report;
  #book = new PromiseBook();
  #number = 0;
  #file: number | undefined;
  #bytes = 0;

  /** @throws MendableError when the newest file is damaged, of somebody else, or can't be read. */
  constructor(folder: string, owner: Owner, report: Report) {
    this.#folder = folder;
    this.#owner = owner;
    this.#report = report;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const last = readdirSync(folder)
        .filter((name) => NAME.test(name))
        .sort()
        .at(-1);
      if (last === undefined) this.#begin();
      else this.#open(last);
    } catch (error) {
      if (error instanceof MendableError) throw error;
      throw new MendableError(`The promises in ${folder} can't be opened: ${reasonOf(error)}.`);
    }
  }

  get book(): PromiseBook {
    return this.#book;
  }

  /** The file's number. */
  get number(): number {
    return this.#number;
  }

  /**
   * Keeps entries that belong together. When it returns they are on the disk.
   * @throws MendableError when the disk does not take them; then none of them is kept.
   */
  append(...entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    try {
      if (this.#book.isFinal) this.#begin();
      this.#write(lineOf(textOf(entries)));
    } catch (error) {
      throw new MendableError(
        `The promises in ${this.#folder} can't be written (${reasonOf(error)}). Make room on the disk: until then nothing is promised.`,
      );
    }
    for (const entry of entries) this.#book.apply(entry);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #place(number: number): string {
    return path.join(this.#folder, `promises-${String(number).padStart(6, "0")}.log`);
  }

  /** Begins the next file. */
  #begin(): void {
    this.close();
    this.#number++;
    const place = this.#place(this.#number);
    if (existsSync(place)) throw new Error(`${place} is there already`);
    this.#file = openSync(place, "w+", 0o600);
    this.#bytes = 0;
    this.#book = new PromiseBook();
    const header: Entry = { kind: "header", version: 1, ...this.#owner };
    this.#write(lineOf(textOf([header])));
  }

  #open(name: string): void {
    this.#number = Number(NAME.exec(name)?.[1]);
    const place = this.#place(this.#number);
    const bytes = readFileSync(place);
    const { texts, wholeBytes, damaged } = readLines(bytes);
    if (damaged.length > 0) {
      throw new MendableError(
        `${place}: lines ${damaged.join(", ")} are damaged, and promises may be among them. Restore the file from a copy, or move it away to give them up.`,
      );
    }
    const entries = texts.flatMap(entriesIn);
    const [header] = entries;
    if (header !== undefined) this.#requireOwn(header, place);
    for (const entry of entries) this.#book.apply(entry);
    this.#file = openSync(place, "r+");
    this.#bytes = wholeBytes;
    if (bytes.length > wholeBytes) {
      this.#report(`${place}: the last line was cut off, as by a power cut; it was dropped.`);
      this.#cut();
    }
    if (header === undefined) {
      this.#write(lineOf(textOf([{ kind: "header", version: 1, ...this.#owner }])));
    }
  }

  #requireOwn(header: Entry, place: string): void {
    const isOwn =
      header.kind === "header" &&
      header.chainId === this.#owner.chainId &&
      isAddressEqual(header.marketplace, this.#owner.marketplace) &&
      isAddressEqual(header.settler, this.#owner.settler);
    if (isOwn) return;
    throw new MendableError(
      `${place} holds promises of another account or deployment than ${nameOf(this.#owner)}. Mend account.key or chain.deployment, or give this node another data folder.`,
    );
  }

  #write(line: string): void {
    if (this.#file === undefined) throw new Error("it is closed");
    const bytes = Buffer.from(line);
    try {
      for (let written = 0; written < bytes.length; ) {
        const left = bytes.length - written;
        written += writeSync(this.#file, bytes, written, left, this.#bytes + written);
      }
      fsyncSync(this.#file);
    } catch (error) {
      this.#cut();
      throw error;
    }
    this.#bytes += bytes.length;
  }

  /** Takes off what follows the last whole line. */
  #cut(): void {
    if (this.#file === undefined) return;
    ftruncateSync(this.#file, this.#bytes);
    fsyncSync(this.#file);
  }
}

const nameOf = ({ settler, chainId }: { readonly settler: Address; readonly chainId: number }) =>
  `${settler} on chain ${chainId}`;
