/**
 * `npm run size`: builds and says what the first page (`/market`) weighs, gzipped: the page, its styles, the entry and the
 * market's own script with all that they import, and the words of one language. Fails above the budget.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Manifest } from "vite";

const ROOT = path.join(import.meta.dirname, "..");
const DIST = path.join(ROOT, "dist");
const BUDGET_KB = 250;
const FIRST_PAGE = [
  "index.html",
  "src/market/MarketPage.tsx",
  "src/i18n/locales/en.po",
  "src/market/locales/en.po",
];

await build({ root: ROOT, logLevel: "warn" });
const manifest: Manifest = JSON.parse(readFileSync(path.join(DIST, ".vite/manifest.json"), "utf8"));

/** The files of a chunk and of all that it imports at once. */
function filesOf(key: string, into = new Set<string>()): Set<string> {
  const chunk = manifest[key];
  if (chunk === undefined) throw new Error(`The build has no ${key}.`);
  if (into.has(chunk.file)) return into;
  into.add(chunk.file);
  for (const css of chunk.css ?? []) into.add(css);
  for (const imported of chunk.imports ?? []) filesOf(imported, into);
  return into;
}

const first = new Set(["index.html", "theme.js"]);
for (const key of FIRST_PAGE) filesOf(key, first);
const sizes = [...first]
  .map((file) => ({ file, bytes: gzipSync(readFileSync(path.join(DIST, file))).length }))
  .sort((a, b) => b.bytes - a.bytes);
const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);

for (const { file, bytes } of sizes) console.log(`${kB(bytes).padStart(10)}  ${file}`);
console.log(`${kB(total).padStart(10)}  the first page, gzipped (budget ${BUDGET_KB} kB)`);
if (total > BUDGET_KB * 1000) process.exitCode = 1;

function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
