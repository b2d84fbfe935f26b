/** `npm run verify`: checks a delivery statement against the chain, trusting nobody. */
import { runCommand } from "./statements/command.ts";
import { readVerifyOptions, VERIFY_USAGE, verify } from "./statements/verify.ts";

await runCommand(async (signal) => {
  const command = readVerifyOptions(process.argv.slice(2));
  return command === "help" ? { lines: [VERIFY_USAGE], holds: true } : verify(command, signal);
}, "Stopped; nothing was verified.");
