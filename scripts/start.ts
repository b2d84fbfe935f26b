/** `npm start`: all of Wattline on this machine, until Ctrl-C. */
import { readFileSync } from "node:fs";
import { styleText } from "node:util";
import type { NetworkConfig } from "./start/config.ts";
import { FolderError, filesIn, takeFolder } from "./start/folder.ts";
import { guideTo } from "./start/guide.ts";
import { logOf } from "./start/log.ts";
import { OptionsError, readStartOptions, type StartOptions, USAGE } from "./start/options.ts";
import { partsOf, urlsOf } from "./start/parts.ts";
import { PortError, requireFree } from "./start/ports.ts";
import { toldToStop } from "./start/runAsPart.ts";
import { PartError, Supervisor } from "./start/supervisor.ts";

const EXPECTED = [OptionsError, PortError, FolderError, PartError];

try {
  process.exitCode = await start(process.argv.slice(2));
} catch (error) {
  const expected = error instanceof Error && EXPECTED.some((kind) => error instanceof kind);
  console.error(expected ? styleText("red", error.message, { stream: process.stderr }) : error);
  process.exitCode = 1;
}

async function start(argv: readonly string[]): Promise<number> {
  const options = readStartOptions(argv);
  if (options === "help") {
    console.log(USAGE);
    return 0;
  }
  await requireFree({ ...options.ports });
  takeFolder(options.folder);
  const parts = partsOf(options);
  const supervisor = new Supervisor(parts, logOf(parts.map(({ name }) => name)));
  const told = toldToStop();
  try {
    await Promise.race([run(supervisor, options), told]);
    console.log("\nStopping …");
  } finally {
    await supervisor.stop();
  }
  console.log("Stopped; all parts have ended.");
  return 0;
}

/** Never resolves. */
async function run(supervisor: Supervisor, options: StartOptions): Promise<never> {
  const { missing, over } = await supervisor.start();
  const { config } = filesIn(options.folder);
  const { networks }: { networks: NetworkConfig[] } = JSON.parse(readFileSync(config, "utf8"));
  console.log(guideTo(networks[0], urlsOf(options), missing));
  return over;
}
