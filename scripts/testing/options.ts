/** The options of `npm test`. */
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { ROOT, solidityFiles, testFiles } from "./groups.ts";

/** The options make no sense; the message says why, and what would. */
export class OptionsError extends Error {}

export const USAGE = `npm test                             everything
npm test -- PATH ...                 these files of tests, or all in these folders
npm test -- PATH ... -g WORDS        only tests whose title has these words
npm test -- PATH ... --watch         again whenever a file changes
npm run test:deep                    everything, looking much deeper (WATTLINE_DEEP=1)`;

export interface Options {
  /** From the repository's root; empty for everything. */
  readonly files: readonly string[];
  readonly words: string | undefined;
  readonly watch: boolean;
  readonly deep: boolean;
}

/** @throws OptionsError */
export function readOptions(args: readonly string[]): Options | "help" {
  const { values, positionals } = parsed(args);
  if (values.help) return "help";
  const files = [...new Set(positionals.flatMap(filesAt))];
  if (files.length === 0 && values.watch) {
    throw new OptionsError("--watch needs a path: npm test -- PATH --watch");
  }
  if (files.length === 0 && values.grep !== undefined) {
    throw new OptionsError("-g needs a path: npm test -- PATH -g WORDS");
  }
  return { files, words: values.grep, watch: values.watch, deep: values.deep };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        grep: { type: "string", short: "g" },
        watch: { type: "boolean", default: false },
        deep: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    throw new OptionsError(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  }
}

/** The test files at a path. @throws OptionsError when there is none. */
function filesAt(given: string): string[] {
  const relative = path.relative(ROOT, path.resolve(given)).split(path.sep).join("/");
  const known = [...testFiles().map(({ file }) => file), ...solidityFiles()];
  if (relative === "") return known;
  const found = known.filter((file) => file === relative || file.startsWith(`${relative}/`));
  if (found.length > 0) return found;
  throw new OptionsError(`${given} ${whatIsWrong(relative, known)}`);
}

function whatIsWrong(relative: string, known: readonly string[]): string {
  const full = path.join(ROOT, relative);
  if (existsSync(full)) {
    return statSync(full).isDirectory()
      ? "is a folder without tests; their files end in .test.ts or .t.sol."
      : "is not a test file that npm test runs: those end in .test.ts or .t.sol and are in a test folder.";
  }
  const name = path.basename(relative).split(".")[0] ?? "";
  const similar = known.filter((file) => name !== "" && path.basename(file).startsWith(name));
  return similar.length > 0
    ? `does not exist. Was it ${similar.join(" or ")}?`
    : "does not exist. Give the path of a test file, or of a folder with test files.";
}
