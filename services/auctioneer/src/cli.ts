import { setTimeout as sleep } from "node:timers/promises";
import { readArguments } from "@wattline/common/flags";
import { openSigner } from "@wattline/common/keys";
import { lastWordsOf, openLog } from "@wattline/common/log";
import { MendableError } from "@wattline/common/mendable";
import { OptionsError, timeOf, wholeNumber } from "@wattline/common/options";
import { slotAt } from "@wattline/sdk";
import { getAddress, isAddress } from "viem";
import { Auctioneer, clientAt, takeAccount } from "./auctioneer.ts";
import { readSettings } from "./config.ts";
import { explain } from "./explain/explain.ts";
import { explanationJson, linesOf } from "./explain/words.ts";
import { runAuctioneer } from "./run.ts";

const USAGE = `The auctioneer: shares out signed limits at the community price, settles them, releases forwards.

npm run auctioneer -- run                 until Ctrl-C
npm run auctioneer -- once                does what is due, waits until it is mined, and ends
npm run auctioneer -- explain --household ADDRESS --slot TIME
                                          says what a household asked for in a slot, what it got, and why

  -c, --config FILE    the configuration (auctioneer.toml); auctioneer.example.toml explains it
  --household ADDRESS  the household's account
  --slot TIME          a time in the slot, with its offset: 2026-06-01T12:00:00+02:00
  --microgrid NUMBER   the microgrid (1)
  --json               explain as JSON
  -h, --help           this text`;

const FLAGS = {
  config: { type: "string", short: "c", default: "auctioneer.toml" },
  household: { type: "string" },
  slot: { type: "string" },
  microgrid: { type: "string", default: "1" },
  json: { type: "boolean", default: false },
} as const;

/** Between rounds of `once`. */
const PAUSE_MS = 1_000;

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(1);
    stop.abort();
  });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!stop.signal.aborted) {
    const expected = error instanceof MendableError || error instanceof OptionsError;
    openLog("auctioneer")(lastWordsOf(error, expected), { level: "error" });
    process.exitCode = 1;
  }
}

async function main(argv: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(argv, FLAGS);
  const [command, ...more] = positionals;
  if (values.help === true) return console.log(USAGE);
  if (more.length > 0) throw new OptionsError(`"${more[0]}" is too much. See --help.`);
  switch (command) {
    case "run":
      return runAuctioneer(readSettings(values.config), stop.signal);
    case "once":
      return once(values.config);
    case "explain":
      return explainTo(values);
    default:
      throw new OptionsError(
        `${command === undefined ? "Say what to do" : `"${command}" is no command`}: run, once or explain. See --help.`,
      );
  }
}

async function once(file: string): Promise<void> {
  const settings = readSettings(file);
  const lock = await takeAccount(settings);
  try {
    const auctioneer = new Auctioneer(settings, { readMs: 0 });
    await auctioneer.requireChain();
    while ((await auctioneer.round(stop.signal)) !== "idle") {
      await sleep(PAUSE_MS, undefined, { signal: stop.signal });
    }
    console.log("Nothing is left to do.");
  } finally {
    await lock.release();
  }
}

async function explainTo(values: {
  readonly config: string;
  readonly household?: string;
  readonly slot?: string;
  readonly microgrid: string;
  readonly json: boolean;
}): Promise<void> {
  const { household = "" } = values;
  if (!isAddress(household)) {
    throw new OptionsError(
      `--household must be an account, 0x and 40 hexadecimal digits, not "${household}".`,
    );
  }
  const seconds = timeOf("--slot", values.slot);
  const microgrid = wholeNumber("--microgrid", values.microgrid);
  const settings = readSettings(values.config);
  const client = clientAt(settings.config.chain.rpc_url);
  const { address } = openSigner(settings.config.account.key);
  const explanation = await explain(
    settings,
    client,
    address,
    {
      household: getAddress(household),
      microgrid,
      slotOf: ({ slotSeconds }) => slotAt(seconds, slotSeconds),
    },
    (message) => console.error(message),
    stop.signal,
  );
  if (values.json) console.log(explanationJson(explanation));
  else for (const line of linesOf(explanation)) console.log(line);
}
