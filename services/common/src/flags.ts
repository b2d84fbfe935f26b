import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { OptionsError } from "./options.ts";

/**
 * The flags of a command line, and `--help`.
 * @param Refusal The error for a flag that is unknown or lacks its value; the message names it.
 */
export function readFlags<const Flags extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  flags: Flags,
  Refusal: new (message: string) => Error = OptionsError,
) {
  try {
    const options = { ...flags, help: { type: "boolean", short: "h" } } as const;
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    // Node adds advice about positional arguments, which no command here has.
    const reason = error instanceof Error ? error.message.split(/\n|\. To specify/)[0] : error;
    throw new Refusal(`${reason}. See --help.`.replace("..", "."));
  }
}
