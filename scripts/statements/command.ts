import { readFileSync } from "node:fs";
import { ReorgError, RpcError } from "@wattline/audit";
import { OptionsError } from "@wattline/common/options";
import { BrokenActError } from "@wattline/sdk";
import { StatementFormatError } from "@wattline/sdk/statements";

/** A command's exit codes. */
export const [DONE, FALSE, MISUSED, UNREADABLE, STOPPED] = [0, 1, 2, 3, 130] as const;

/** A command's result: what it prints, and whether everything holds. */
export interface Told {
  readonly lines: readonly string[];
  readonly holds: boolean;
}

/**
 * Runs a command: prints its lines, and sets the exit code. Ctrl-C cancels it.
 * @param stopped What is said then.
 */
export async function runCommand(
  run: (signal: AbortSignal) => Promise<Told>,
  stopped: string,
): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => stop.abort(new Error(stopped)));
  }
  try {
    const { lines, holds } = await run(stop.signal);
    for (const line of lines) console.log(line);
    process.exitCode = holds ? DONE : FALSE;
  } catch (error) {
    const isMisuse = [OptionsError, StatementFormatError].some((kind) => error instanceof kind);
    const isUnreadable = [RpcError, ReorgError, BrokenActError].some(
      (kind) => error instanceof kind,
    );
    const isExpected = isMisuse || isUnreadable || stop.signal.aborted;
    console.error(isExpected && error instanceof Error ? error.message : error);
    process.exitCode = stop.signal.aborted ? STOPPED : isMisuse ? MISUSED : UNREADABLE;
  }
}

/** @throws OptionsError when the file can't be read. */
export function readInput(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new OptionsError(
      `${file} can't be read: ${error instanceof Error ? error.message : error}`,
    );
  }
}
