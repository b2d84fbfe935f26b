/** Starts the indexer: reads the environment (see README.md) and runs as `ponder start` until it is stopped. */
import { format, stripVTControlCharacters } from "node:util";
import { isJsonLog, type Level, lastWordsOf, openLog } from "@wattline/common/log";
import { BaseError } from "viem";
import { identify } from "./chainIdentity.ts";
import { deleteIncompleteDatabase, markDatabaseComplete } from "./completeDatabase.ts";
import { readSettings, type Settings, SettingsError } from "./settings.ts";
import { giveUpVanishedBlocks } from "./vanishedBlocks.ts";

const log = openLog("indexer");
const REMEMBER_MILLISECONDS = 2_000;

/** A line of Ponder's: the time of day, its level, its words. */
const PONDERS = /^[\d:.,]+ (ERROR|WARN|INFO|DEBUG|TRACE) +(.*)$/s;
const LEVELS: Readonly<Record<string, Level>> = { ERROR: "error", WARN: "warn", INFO: "info" };

try {
  await start(readSettings(process.env));
} catch (error) {
  const [first = ""] = lastWordsOf(error, true).split("\n");
  log(isExpected(error) ? first : lastWordsOf(error, false), { level: "error" });
  process.exitCode = 1;
}

/** Errors that the operator can fix, and that need no stack trace. */
function isExpected(error: unknown): error is Error {
  return error instanceof SettingsError || error instanceof BaseError;
}

/** Ponder ends the process itself, on a signal or a permanent failure. */
async function start(settings: Settings): Promise<void> {
  const { host, port } = settings;
  const { schema, remember } = await identify(settings);
  await remember();
  deleteIncompleteDatabase(settings);
  setInterval(() => remember().catch(() => {}), REMEMBER_MILLISECONDS).unref();
  setInterval(() => markDatabaseComplete(settings).catch(() => {}), REMEMBER_MILLISECONDS).unref();
  process.env.WATTLINE_DEPLOYMENT = settings.deploymentFile;
  process.env.WATTLINE_DATA = settings.dataFolder;
  process.env.PONDER_TELEMETRY_DISABLED = "1";
  process.env.PORT = `${port}`;
  const options = ["--root", import.meta.dirname, "--schema", schema, "--hostname", host];
  process.argv.splice(2, Infinity, "start", ...options);
  // Ponder writes its GraphQL schema into the working directory.
  process.chdir(settings.dataFolder);
  takeOverLines();
  giveUpVanishedBlocks();
  await import(new URL("bin/ponder.js", import.meta.resolve("ponder")).href);
}

/**
 * Ponder writes its lines by `console.log`. Where logs are JSON they become lines like those of the other services. Hardhat's node
 * does not know `eth_getBlockReceipts`; Ponder then reads single receipts, and its page of stack traces for each of its connections
 * is left out.
 */
function takeOverLines(): void {
  const write = isJsonLog()
    ? (line: string) => {
        const [, level = "DEBUG", message = line] =
          PONDERS.exec(stripVTControlCharacters(line)) ?? [];
        log(message, { level: LEVELS[level] ?? "debug" });
      }
    : console.log;
  console.log = (...words: unknown[]) => {
    const line = format(...words);
    if (!line.includes("eth_getBlockReceipts")) write(line);
  };
}
