/** Starts the indexer: reads the environment (see README.md) and runs as `ponder start` until it is stopped. */
import { BaseError } from "viem";
import { identify } from "./chainIdentity.ts";
import { deleteIncompleteDatabase, markDatabaseComplete } from "./completeDatabase.ts";
import { readSettings, type Settings, SettingsError } from "./settings.ts";

const REMEMBER_MILLISECONDS = 2_000;

try {
  await start(readSettings(process.env));
} catch (error) {
  console.error(isExpected(error) ? error.message.split("\n")[0] : error);
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
  leaveOutFallbacks();
  await import(new URL("bin/ponder.js", import.meta.resolve("ponder")).href);
}

/**
 * Hardhat's node does not know `eth_getBlockReceipts`; Ponder then reads single receipts, and logs a page of stack
 * traces for each of its connections.
 */
function leaveOutFallbacks(): void {
  const { log } = console;
  console.log = (...lines: unknown[]) => {
    if (!lines.some((line) => String(line).includes("eth_getBlockReceipts"))) log(...lines);
  };
}
