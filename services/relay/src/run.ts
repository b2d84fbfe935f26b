/** Runs a relay until it is told to stop; or backs up its book, or restores it. */
import { lastWordsOf, openLog } from "@wattline/common/log";
import { MendableError } from "@wattline/common/mendable";
import { backUp, restore } from "./backup.ts";
import { ConfigError, readConfig } from "./config.ts";
import { StartError, startRelay } from "./server.ts";
import { DatabaseError } from "./store/databaseError.ts";

const log = openLog("relay");
const COMMANDS: Readonly<Record<string, typeof backUp>> = { backup: backUp, restore };

try {
  const [name, file, ...more] = process.argv.slice(2);
  if (name === undefined) await run();
  else {
    const command = COMMANDS[name];
    if (command === undefined || file === undefined || more.length > 0) {
      throw new ConfigError(
        `"${process.argv.slice(2).join(" ")}" is no command: backup FILE, restore FILE, or nothing to run the relay.`,
      );
    }
    const { storage, deployment } = readConfig(process.env);
    const orders = await command(storage, deployment, file);
    console.log(`${name === "backup" ? "Backed up" : "Restored"}: ${orders} orders.`);
  }
} catch (error) {
  const expected =
    error instanceof ConfigError ||
    error instanceof MendableError ||
    error instanceof StartError ||
    error instanceof DatabaseError ||
    (error instanceof Error && "code" in error && "path" in error);
  log(lastWordsOf(error, expected), { level: "error" });
  process.exit(1);
}

async function run(): Promise<void> {
  const relay = await startRelay(readConfig(process.env));
  log(`The relay listens at ${relay.url}.`, { url: relay.url });
  // A supervisor starts the relay again; no accepted order is lost.
  void relay.failed.then(() => process.exit(1));
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      relay.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          log(lastWordsOf(error, false), { level: "error" });
          process.exit(1);
        },
      );
    });
  }
}
