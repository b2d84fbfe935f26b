/** Runs a relay until it is told to stop. */
import { MendableError } from "@wattline/common/mendable";
import { ConfigError, readConfig } from "./config.ts";
import { StartError, startRelay } from "./server.ts";
import { DatabaseError } from "./store/databaseError.ts";

try {
  const relay = await startRelay(readConfig(process.env));
  console.log(`The relay listens at ${relay.url}.`);
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
          console.error(error);
          process.exit(1);
        },
      );
    });
  }
} catch (error) {
  const expected =
    error instanceof ConfigError ||
    error instanceof MendableError ||
    error instanceof StartError ||
    error instanceof DatabaseError;
  console.error(expected ? error.message : error);
  process.exit(1);
}
