/** `npm run abis`: writes the contracts' ABIs into the sdk, from the build. A test fails when this was forgotten. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { buildContracts } from "@wattline/community/simulation";
import { abiFiles } from "./abis/files.ts";

await buildContracts();
for (const [file, text] of await abiFiles()) {
  writeFileSync(path.join(import.meta.dirname, "..", file), text);
  console.log(file);
}
