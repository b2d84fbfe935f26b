/** `npm run deploy`: puts Wattline on a public network. */
import { OptionsError } from "@wattline/common/options";
import { deploy } from "./deploy/deploy.ts";
import { readOptions, USAGE } from "./deploy/options.ts";

const [DONE, NOT_DONE, MISUSED] = [0, 1, 2];

try {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") console.log(USAGE);
  else {
    const { lines, isDone } = await deploy(options);
    for (const line of lines) console.log(line);
    process.exitCode = isDone ? DONE : NOT_DONE;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof OptionsError ? MISUSED : NOT_DONE;
}
