/** `npm run bench:gas`: what every claim of cost rests on. */
import { fileURLToPath } from "node:url";
import { writeWhole } from "@wattline/common/files";
import { buildContracts } from "@wattline/community/simulation";
import { readBaseline } from "./baseline.ts";
import { findWorse } from "./check.ts";
import { BenchFailure } from "./failure.ts";
import { measureSystem } from "./measure.ts";
import { readOptions, USAGE } from "./options.ts";
import { cow } from "./peers/cow.ts";
import { seaport } from "./peers/seaport.ts";
import { signedSale } from "./peers/signedSale.ts";
import { textbook } from "./peers/textbook.ts";
import { openZeppelin, solady } from "./peers/tokens.ts";
import { resultOf } from "./results.ts";
import type { System } from "./row.ts";
import { markdownOf, textOf } from "./tables.ts";
import { wattline } from "./wattline/system.ts";

/** What people would use instead. */
const PEERS: readonly System[] = [signedSale, seaport, cow, openZeppelin, solady, textbook];

const JSON_SHOWN = "bench/gas.json";
const jsonFile = fileURLToPath(new URL("gas.json", import.meta.url));
const markdownFile = fileURLToPath(new URL("gas.md", import.meta.url));

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof BenchFailure ? error.message : error);
  process.exitCode = 1;
}

async function run(argv: readonly string[]): Promise<number> {
  const order = readOptions(argv);
  if (order === "help") {
    console.log(USAGE);
    return 0;
  }
  return order === "check" ? check() : measure();
}

async function measure(): Promise<number> {
  await buildContracts();
  const measured = [];
  for (const system of [wattline, ...PEERS]) {
    console.error(`Measuring ${system.name}.`);
    measured.push(...(await measureSystem(system)));
  }
  console.log(`\n${textOf(measured)}`);
  writeWhole(jsonFile, `${JSON.stringify(measured.map(resultOf), null, 2)}\n`);
  writeWhole(markdownFile, markdownOf(measured));
  return 0;
}

async function check(): Promise<number> {
  const committed = readBaseline(jsonFile, JSON_SHOWN);
  await buildContracts();
  const measured = (await measureSystem(wattline)).map(resultOf);
  const worse = findWorse(committed, measured);
  for (const sentence of worse) console.error(sentence);
  if (worse.length > 0) {
    console.error(`If this is meant to be, run npm run bench:gas and commit ${JSON_SHOWN}.`);
    return 1;
  }
  console.log(`${measured.length} rows cost no more than 1 % above ${JSON_SHOWN}.`);
  return 0;
}
