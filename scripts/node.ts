/** `npm run node`: all that a community needs on one machine in its own network, with or without the chain. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { writeWhole } from "@wattline/common/files";
import { readArguments } from "@wattline/common/flags";
import { takeLock } from "@wattline/common/lock";
import { lastWordsOf, openLog } from "@wattline/common/log";
import { MendableError } from "@wattline/common/mendable";
import { OptionsError } from "@wattline/common/options";
import { filesOf, publicUrlsOf, readNodeConfig, urlsOf } from "@wattline/node/config";
import { pagesConfig, partsOf } from "./node/parts.ts";
import { linesOf, statusAt } from "./node/status.ts";
import { logOf } from "./start/log.ts";
import { toldToStop } from "./start/runAsPart.ts";
import { PartError, Supervisor } from "./start/supervisor.ts";

const USAGE = `The island node: gateway to the chain, relay, auctioneer, indexer and pages of a community on one machine.

npm run node                  until Ctrl-C
npm run node -- status        how it stands: whether the chain is in reach, what is promised, settled and failed

  -c, --config FILE    the configuration (node.toml); services/node/node.example.toml explains it
  --json               status as JSON
  -h, --help           this text`;

const FLAGS = {
  config: { type: "string", short: "c", default: "node.toml" },
  json: { type: "boolean", default: false },
} as const;

try {
  await main(process.argv.slice(2));
} catch (error) {
  const isExpected = [MendableError, OptionsError, PartError].some((kind) => error instanceof kind);
  openLog("node")(lastWordsOf(error, isExpected), { level: "error" });
  process.exitCode = 1;
}

async function main(argv: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(argv, FLAGS);
  const [command = "run", ...more] = positionals;
  if (values.help === true) return console.log(USAGE);
  if (more.length > 0) throw new OptionsError(`"${more[0]}" is too much. See --help.`);
  switch (command) {
    case "run":
      return run(path.resolve(values.config));
    case "status":
      return status(values.config, values.json);
    default:
      throw new OptionsError(`"${command}" is no command: run or status. See --help.`);
  }
}

async function run(file: string): Promise<void> {
  const config = readNodeConfig(file);
  mkdirSync(config.data, { recursive: true, mode: 0o700 });
  const lock = await takeLock(path.join(config.data, "node"));
  writeWhole(filesOf(config).pages, pagesConfig(config));
  const parts = partsOf(file, config);
  const supervisor = new Supervisor(parts, logOf(parts.map(({ name }) => name)));
  const log = openLog("node");
  const told = toldToStop();
  try {
    await Promise.race([
      supervisor.start().then(({ missing, over }) => {
        const missingWords = missing.length > 0 ? `, without ${missing.join(", ")}` : "";
        const { pages } = publicUrlsOf(config);
        log(`The node runs at ${pages}${missingWords}. Ctrl-C stops it.`);
        return over;
      }),
      told,
    ]);
    log("Stopping …");
  } finally {
    await supervisor.stop();
    await lock.release();
  }
  log("Stopped; all parts have ended.");
}

async function status(file: string, isJson: boolean): Promise<void> {
  const config = readNodeConfig(file);
  const found = await statusAt(urlsOf(config).promises, AbortSignal.timeout(10_000));
  if (isJson) return console.log(JSON.stringify(found, undefined, 2));
  for (const line of linesOf(found)) console.log(line);
}
