/** `npm run statements`: members' statements and invoices for a period. */
import { runCommand } from "./statements/command.ts";
import {
  readStatementsOptions,
  STATEMENTS_USAGE,
  writeStatements,
} from "./statements/statements.ts";

await runCommand(async (signal) => {
  const command = readStatementsOptions(process.argv.slice(2));
  return command === "help"
    ? { lines: [STATEMENTS_USAGE], holds: true }
    : writeStatements(command, signal);
}, "Stopped; nothing was written.");
