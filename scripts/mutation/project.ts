/** A copy of the project in which the contract tests meet a mutant. */
import { type ChildProcess, fork, type Serializable } from "node:child_process";
import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ROOT } from "../testing/groups.ts";
import { type Code, SOURCES } from "./compile.ts";
import { choose } from "./guard.ts";

const COPIED = ["contracts", "ignition", "package.json", "scripts", "sdk", "test", "tsconfig.json"];
/** The guards make contracts longer than Ethereum allows. */
const CONFIG = `import sound from "./sound.config.ts";

export default {
  ...sound,
  networks: {
    ...sound.networks,
    default: { type: "edr-simulated", allowUnlimitedContractSize: true },
  },
};
`;

interface Artifact {
  readonly sourceName: string;
  readonly contractName: string;
}

/** What came of the tests with a mutant. */
export type Verdict =
  | { readonly verdict: "killed"; readonly by: string }
  | { readonly verdict: "survived" };

export class Project {
  readonly #folder = mkdtempSync(path.join(tmpdir(), "wattline-mutation-"));
  #code: Code = new Map();

  constructor() {
    const filter = (from: string) => path.basename(from) !== "node_modules";
    for (const part of COPIED) {
      cpSync(path.join(ROOT, part), path.join(this.#folder, part), { recursive: true, filter });
    }
    cpSync(path.join(ROOT, "hardhat.config.ts"), path.join(this.#folder, "sound.config.ts"));
    writeFileSync(path.join(this.#folder, "hardhat.config.ts"), CONFIG);
    cpSync(path.join(ROOT, "artifacts"), path.join(this.#folder, "artifacts"), { recursive: true });
    symlinkSync(path.join(ROOT, "node_modules"), path.join(this.#folder, "node_modules"));
  }

  /** The contracts' code from now on, with its guards. */
  take(code: Code): void {
    this.#code = code;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }

  /**
   * Runs files of tests with a mutant, until one fails.
   * @param number Of the mutant; 0 for none.
   * @param mostMs A file that takes longer fails: its mutant may never end.
   */
  async try(
    number: number,
    files: readonly string[],
    mostMs: number,
    signal: AbortSignal,
  ): Promise<Verdict> {
    this.#choose(number);
    const worker = fork(path.join(this.#folder, "scripts/testing/worker.ts"), {
      cwd: this.#folder,
      stdio: "ignore",
      signal,
    });
    try {
      for (const file of files) {
        if (!(await passes(worker, file, mostMs))) return { verdict: "killed", by: file };
      }
      return { verdict: "survived" };
    } finally {
      worker.kill("SIGKILL");
    }
  }

  #choose(number: number): void {
    for (const name of globSync(`artifacts/${SOURCES}/**/*.json`, { cwd: this.#folder })) {
      const file = path.join(this.#folder, name);
      const artifact: Artifact = JSON.parse(readFileSync(file, "utf8"));
      const place = path.posix.relative(SOURCES, artifact.sourceName);
      const code = this.#code.get(`${place}:${artifact.contractName}`);
      if (code !== undefined) {
        writeFileSync(file, JSON.stringify({ ...artifact, ...choose(code, number) }));
      }
    }
  }
}

function passes(worker: ChildProcess, file: string, mostMs: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(false), mostMs);
    const onMessage = (message: Serializable) => end(isPass(message));
    const onExit = () => end(false);
    const onError = (error: Error) => {
      end(false);
      reject(error);
    };
    function end(passed: boolean): void {
      clearTimeout(timer);
      worker.off("message", onMessage).off("exit", onExit).off("error", onError);
      resolve(passed);
    }
    worker.on("message", onMessage).on("exit", onExit).on("error", onError);
    worker.send({ file, loader: "node", bail: true });
  });
}

/** An {@link Outcome} without a failure. */
const isPass = (message: Serializable): boolean =>
  typeof message === "object" && "failed" in message && message.failed === 0;
