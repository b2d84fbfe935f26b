/** Walks through a page of docs/recovery: runs its commands as they stand there, in a folder of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { until } from "../../scripts/testing/until.ts";
import { kill } from "../../services/relay/test/support/node.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");

/** A command that runs until it is stopped. */
export interface Running {
  readonly output: () => string;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export type Walk = ReturnType<typeof walkThrough>;

/**
 * A page, to be walked through block by block.
 * @param page Its name in docs/recovery.
 * @param place The folder in which its commands run, in place of the project's.
 * @param env Variables that the page leaves to its reader; more are added as they become known.
 */
export function walkThrough(page: string, place: string, env: Record<string, string>) {
  const file = path.join(ROOT, "docs/recovery", `${page}.md`);
  const blocks = [...readFileSync(file, "utf8").matchAll(/^( *)```sh\n(.*?)^ *```/gms)].map(
    ([, indent = "", block = ""]) =>
      block
        .replaceAll(new RegExp(`^${indent}`, "gm"), "")
        .replaceAll("http://127.0.0.1:8545", env.WATTLINE_RPC_URL ?? ""),
  );
  let next = 0;

  function launch(): ChildProcess {
    const block = blocks[next++];
    if (block === undefined)
      throw new Error(`${page} has only ${blocks.length} blocks of commands.`);
    // What a block sets, the blocks after it know; a variable that nobody has set is an error.
    const script = `set -euo pipefail\n${npm}\n${block}\n`;
    return spawn("bash", ["-c", script], {
      cwd: place,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  return {
    env,

    /** Runs the next block to its end. @returns what it printed */
    async step(): Promise<string> {
      const { code, output, errors } = await ended(launch());
      expect(code, `${page}, block ${next}: ${errors}`).to.equal(0);
      return output;
    },

    /** Runs the next block, which is refused. @returns the error's words */
    async refusedStep(): Promise<string> {
      const { code, errors } = await ended(launch());
      expect(code, `${page}, block ${next}`).not.to.equal(0);
      return errors;
    },

    /** Starts the next block, which runs until it is stopped. */
    start(): Running {
      const child = launch();
      let output = "";
      for (const pipe of [child.stdout, child.stderr]) pipe?.on("data", (text) => (output += text));
      return { output: () => output, kill: (signal = "SIGKILL") => kill(child, signal) };
    },

    /** Expects that every block was run. */
    end(): void {
      expect(next, `blocks of ${page} that were run`).to.equal(blocks.length);
    },
  };
}

async function ended(child: ChildProcess) {
  let [output, errors] = ["", ""];
  child.stdout?.on("data", (text) => (output += text));
  child.stderr?.on("data", (text) => (errors += text));
  let code: number | null | undefined;
  child.once("close", (exit) => {
    code = exit;
  });
  await until("the commands end", () => code !== undefined, 300_000);
  return { code, output: output.trim(), errors: errors.trim() };
}

/** `npm run` without npm: it would change to the project's folder, and takes half a second each time. */
const npm = `npm() {
  local words=() ; for word in "$@"; do
    case "$word" in run|-s|--silent) ;; *) words+=("$word") ;; esac
  done
  local name="\${words[0]}" rest=("\${words[@]:1}")
  [ "\${rest[0]:-}" != -- ] || rest=("\${rest[@]:1}")
  case "$name" in
${Object.entries(scripts())
  .map(([name, file]) => `    ${name}) ${run(file)} "\${rest[@]}" ;;`)
  .join("\n")}
    *) echo "There is no script $name." >&2; return 1 ;;
  esac
}`;

/** The scripts of package.json that are a program for Node, by name. */
function scripts(): Record<string, string> {
  const { scripts: all } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
  return Object.fromEntries(
    Object.entries<string>(all).flatMap(([name, command]) => {
      const [, file] = /^node (\S+\.ts)$/.exec(command) ?? [];
      return file === undefined ? [] : [[name, path.join(ROOT, file)]];
    }),
  );
}

/** A service gets the shell's place, so that ending the one ends the other. */
function run(file: string): string {
  const isService = /services\/(relay|indexer)\//.test(file);
  return `${isService ? "exec " : ""}'${process.execPath}' '${file}'`;
}
