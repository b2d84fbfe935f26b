/** `npm run size`: builds the app and prints the gzipped size of the first page, by file. Fails above the budget. */
import path from "node:path";
import { build } from "vite";
import { BUDGET_BYTES, totalOf, weighFirstPage } from "./firstPage.ts";

const ROOT = path.join(import.meta.dirname, "..");

await build({ root: ROOT, logLevel: "warn" });
const files = weighFirstPage(path.join(ROOT, "dist"));
const total = totalOf(files);

for (const { file, bytes } of files) console.log(`${kB(bytes).padStart(10)}  ${file}`);
console.log(
  `${kB(total).padStart(10)}  the first page, gzipped (budget ${BUDGET_BYTES / 1000} kB)`,
);
if (total > BUDGET_BYTES) process.exitCode = 1;

function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
