/** `npm run clear-signing`: writes the ERC-7730 files of a deployment into a folder that a server can serve. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { writeWhole } from "@wattline/common/files";
import { OptionsError } from "@wattline/common/options";
import { clearSigningFiles } from "@wattline/sdk";
import { readOptions, USAGE } from "./clearSigning/options.ts";

try {
  write(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof OptionsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function write(argv: readonly string[]): void {
  const options = readOptions(argv);
  if (options === "help") {
    console.log(USAGE);
    return;
  }
  mkdirSync(options.out, { recursive: true });
  for (const [name, file] of clearSigningFiles(options.deployment, options.currency)) {
    const target = path.join(options.out, name);
    writeWhole(target, `${JSON.stringify(file, null, 2)}\n`);
    console.log(target);
  }
}
