import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { OptionsError } from "./options.ts";

/**
 * The flags of a command line that has nothing else, and `--help`.
 * @param Refusal The error for a flag that is unknown or lacks its value; the message names it.
 */
export const readFlags = <const Flags extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  flags: Flags,
  Refusal: new (message: string) => Error = OptionsError,
) => parsed(argv, flags, Refusal, false).values;

/** As {@link readFlags}, with the arguments that belong to no flag, such as files, in their order. */
export const readArguments = <const Flags extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  flags: Flags,
) => parsed(argv, flags, OptionsError, true);

function parsed<const Flags extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  flags: Flags,
  Refusal: new (message: string) => Error,
  allowPositionals: boolean,
) {
  try {
    const options = { ...flags, help: { type: "boolean", short: "h" } } as const;
    return parseArgs({ args: [...argv], options, allowPositionals });
  } catch (error) {
    // Node adds advice about positional arguments, which few commands here have.
    const reason = error instanceof Error ? error.message.split(/\n|\. To specify/)[0] : error;
    throw new Refusal(`${reason}. See --help.`.replace("..", "."));
  }
}
