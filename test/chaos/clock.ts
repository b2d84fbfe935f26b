import { writeFileSync } from "node:fs";
import path from "node:path";

/** Loaded before a program, so that its clock is as far off as its file says. */
export const CLOCK_MODULE = path.resolve("services/node/test/support/clock.mjs");

/** The time of the play, and a file for each process that says how far its clock is off. */
export class Clock {
  readonly #folder: string;
  readonly #skewMs = new Map<string, number>();
  #offsetMs: number;

  /** @param seconds What it shows first, Unix seconds. */
  constructor(folder: string, seconds: number) {
    this.#folder = folder;
    this.#offsetMs = seconds * 1000 - Date.now();
  }

  /** Unix milliseconds. */
  nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  /** The clock's file for a process. */
  fileOf(name: string): string {
    if (!this.#skewMs.has(name)) this.skew(name, 0);
    return path.join(this.#folder, `clock-${name}`);
  }

  advance(ms: number): void {
    this.#offsetMs += ms;
    for (const name of this.#skewMs.keys()) this.#write(name);
  }

  /** Sets one process's clock off by some time. */
  skew(name: string, ms: number): void {
    this.#skewMs.set(name, ms);
    this.#write(name);
  }

  #write(name: string): void {
    const offsetMs = Math.round(this.#offsetMs + (this.#skewMs.get(name) ?? 0));
    writeFileSync(path.join(this.#folder, `clock-${name}`), String(offsetMs));
  }
}
