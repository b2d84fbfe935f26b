import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../scripts/testing/until.ts";
import { kill } from "../../services/relay/test/support/node.ts";

const PAUSE_MS = 500;
/** Characters of output that are kept: a run of an hour says much. */
const KEPT = 200_000;

/** Whatever ends this process, none of these stays. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** What runs as a process of its own. */
export interface Program {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Whether it answers; `said` is what it has written since it was last started. */
  readonly answers: (said: string) => Promise<boolean>;
}

/** A program that is started again whenever it has ended, as a system's supervisor does it. */
export class Supervised {
  readonly name: string;
  readonly #program: Program;
  #child: ChildProcess | undefined;
  #isWanted = false;
  #isClosed = false;
  #output = "";
  #saidBefore = 0;
  /** How often it has ended without having been told to. */
  ends = 0;

  constructor(program: Program) {
    this.#program = program;
    this.name = program.name;
  }

  get output(): string {
    return this.#output;
  }

  /** Starts it; from here on it is started again whenever it ends. */
  start(): void {
    if (this.#isClosed) return;
    this.#isWanted = true;
    if (this.#child === undefined) this.#spawn();
  }

  async answers(patienceMs: number): Promise<void> {
    const ask = () =>
      this.#program.answers(this.#output.slice(this.#saidBefore)).catch(() => false);
    await until(`${this.name} answers`, ask, patienceMs);
  }

  /** Ends it without warning; it comes back. */
  async kill(): Promise<void> {
    if (this.#child !== undefined) await kill(this.#child, "SIGKILL");
  }

  /** Ends it without warning, and it stays down until it is started. */
  async hold(): Promise<void> {
    this.#isWanted = false;
    await this.kill();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.hold();
  }

  #spawn(): void {
    const { DATABASE_URL: _, ...inherited } = process.env;
    if (this.#output.length > KEPT) this.#output = this.#output.slice(-KEPT / 2);
    this.#saidBefore = this.#output.length;
    const child = spawn(process.execPath, [...this.#program.args], {
      env: { ...inherited, ...this.#program.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    for (const pipe of [child.stdout, child.stderr]) {
      pipe.on("data", (text) => {
        this.#output += text;
      });
    }
    running.add(child);
    child.once("exit", (code) => {
      running.delete(child);
      this.#child = undefined;
      if (code !== null) this.ends++;
      void this.#comeBack();
    });
  }

  async #comeBack(): Promise<void> {
    await sleep(PAUSE_MS);
    if (this.#isWanted && this.#child === undefined) this.#spawn();
  }
}
