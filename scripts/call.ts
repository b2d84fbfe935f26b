/** `npm run call`: asks or calls one of the contracts, by its name. */
import { MendableError } from "@wattline/common/mendable";
import { OptionsError } from "@wattline/common/options";
import { call } from "./call/call.ts";
import { readCallOptions, USAGE } from "./call/options.ts";

try {
  const command = readCallOptions(process.argv.slice(2));
  if (command === "help") console.log(USAGE);
  else console.log(await call(command));
} catch (error) {
  const isExpected = error instanceof OptionsError || error instanceof MendableError;
  console.error(isExpected ? error.message : error);
  process.exitCode = 1;
}
