import { mkdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type KeyConfig, openSigner } from "@wattline/common/keys";
import { type Lock, takeLock } from "@wattline/common/lock";
import { openLog, type Report } from "@wattline/common/log";
import type { SteeringConfig } from "./config/battery.ts";
import type { Settings } from "./config/read.ts";
import type { MeterConfig } from "./config/schema.ts";
import { reasonOf } from "./errors.ts";
import { type Home, journalFolder, openHome } from "./home.ts";
import { Reporter, reportingOf } from "./reporting/reporter.ts";
import { openSource } from "./sources/open.ts";
import { statusOf } from "./status.ts";
import { Handed } from "./trading/handed.ts";
import type { Trader } from "./trading/trader.ts";

/** An agent that runs. */
export interface RunningAgent {
  readonly homes: readonly Home[];
  readonly reporter: Reporter;
  /** Of the homes that trade. */
  readonly traders: readonly Trader[];
  /** Resolves when every source has ended, as files do. */
  readonly ended: Promise<void>;
  /** Stops reading, keeps what was read, and lets go of the locks. */
  stop(): Promise<void>;
}

/** What an agent can be told besides its configuration. */
export interface AgentOptions {
  /** Our clock, Unix milliseconds. */
  readonly now?: () => number;
  readonly report?: Report;
}

const ROUND_MS = 5_000;
const FOLDER_LOCK = "agent";

/** The place by which a running agent is found. */
export const lockPlace = (data: string): string => path.join(data, FOLDER_LOCK);

/**
 * Starts an agent: meters are read, blocks signed and reported from now on.
 * @throws AgentError when another agent runs with one of the keys, or a key or journal can't be opened.
 */
export async function startAgent(
  settings: Settings,
  { now = Date.now, report = openLog("agent") }: AgentOptions = {},
): Promise<RunningAgent> {
  const { config } = settings;
  mkdirSync(config.data, { recursive: true, mode: 0o700 });
  const stop = new AbortController();
  const locks: Lock[] = [];
  const homes: Home[] = [];
  const release = async () => {
    await Promise.all(homes.map((home) => home.close()));
    await Promise.all(locks.map((lock) => lock.release()));
  };
  try {
    let status = () => "";
    locks.push(await takeLock(lockPlace(config.data), () => status()));
    for (const file of keyFiles(config.homes)) locks.push(await takeLock(file));
    for (const home of config.homes) homes.push(openHome(settings, home, report, now));
    const reporter = new Reporter({
      deployment: settings.deployment,
      rpcUrl: config.chain.rpc_url,
      reporting: reportingOf(config.report),
      homes,
      report,
      now,
    });
    const handed = new Handed(config.data);
    const traders = await tradersOf(settings, homes, handed, { now, report });
    const services = await startServices(settings, homes, reporter, traders, handed, {
      now,
      report,
    });
    status = () => JSON.stringify(statusOf(homes, traders, reporter.trouble, services.pageCode()));
    for (const home of homes) home.seal();
    const reading = homes.flatMap((home, index) =>
      (config.homes[index]?.meters ?? []).map((meter) =>
        readMeter(home, meter, { now, report }, stop.signal),
      ),
    );
    const rounds = [reporter, ...traders].map((each) => runRounds(each, stop.signal));
    const batteries = homes.map((home, index) =>
      steer(home, config.homes[index]?.battery?.steering, traders, { now, report }, stop.signal),
    );
    return {
      homes,
      reporter,
      traders,
      ended: Promise.all(reading)
        .then(() => Promise.all(homes.map((home) => home.settled())))
        .then(() => {}),
      async stop() {
        stop.abort();
        await Promise.all([...reading, ...rounds, ...batteries]);
        await services.stop();
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** One meter, from its source into its home, until the source ends. */
async function readMeter(
  home: Home,
  meter: MeterConfig,
  { now, report }: Required<AgentOptions>,
  signal: AbortSignal,
): Promise<void> {
  const { name } = home.config;
  const tell = (message: string) =>
    report(`${name}: ${meter.name}: ${message}`, { home: name, meter: meter.name });
  let trouble: string | undefined;
  try {
    for await (const sample of openSource(meter, { now, report: tell }).samples(signal)) {
      try {
        home.take(meter.name, sample);
        if (trouble !== undefined) tell("Readings are kept again.");
        trouble = undefined;
      } catch (error) {
        // The registers hold what is missed until the disk takes it.
        const reason = reasonOf(error);
        if (reason !== trouble) tell(reason);
        trouble = reason;
      }
    }
  } catch (error) {
    if (!signal.aborted) tell(reasonOf(error));
  }
}

/** A home's battery, steered until `signal` says stop, where the agent does that. */
async function steer(
  home: Home,
  config: SteeringConfig | undefined,
  traders: readonly Trader[],
  { now, report }: Required<AgentOptions>,
  signal: AbortSignal,
): Promise<void> {
  const steering = traders.find((each) => each.home === home)?.steering;
  if (steering === undefined || config === undefined) return;
  const { openLink, runBattery } = await import("./battery/index.ts");
  const { name } = home.config;
  const tell = (message: string) => report(`${name}: battery: ${message}`, { home: name });
  const link = openLink(config.link, steering.state.battery, { now, report: tell });
  await runBattery({ steering, link, report: tell, now }, signal);
}

/** Each has rounds of its own: a relay that does not answer keeps no reading waiting. */
async function runRounds(worker: { round(): Promise<void> }, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await worker.round();
    await sleep(ROUND_MS, undefined, { signal }).catch(() => undefined);
  }
}

const keyFiles = (homes: Settings["config"]["homes"]): string[] => {
  const keys: (KeyConfig | undefined)[] = homes.flatMap(
    ({ device, battery, delegate, trading }) => [device, battery?.device, trading && delegate],
  );
  return [...new Set(keys.flatMap((key) => (key && "keystore" in key ? [key.keystore] : [])))];
};

/** The homes that trade. What that needs is loaded when there is one. */
async function tradersOf(
  { config, deployment }: Settings,
  homes: readonly Home[],
  handed: Handed,
  { now, report }: Required<AgentOptions>,
): Promise<Trader[]> {
  const { rpc_url: rpcUrl } = config.chain;
  if (rpcUrl === undefined || config.homes.every(({ trading }) => trading === undefined)) return [];
  const [{ RelayClient }, { Neighbours, Steering }, { Market }, { pastOf }, { Trader }] =
    await Promise.all([
      import("@wattline/relay/client"),
      import("./battery/index.ts"),
      import("./trading/market.ts"),
      import("./trading/metered.ts"),
      import("./trading/trader.ts"),
    ]);
  const market = new Market(rpcUrl, deployment);
  return homes.flatMap((home, index) => {
    const { trading, delegate, meters, battery } = config.homes[index] ?? {};
    if (trading === undefined || delegate === undefined || meters === undefined) return [];
    const folder = journalFolder(config.data, home.device.address);
    const names = meters.map(({ name }) => name);
    const relay = new RelayClient(trading.relay);
    return new Trader({
      home,
      config: trading,
      handed: () => handed.of(home.config.name),
      delegate: openSigner(delegate),
      market,
      relay,
      battery: battery?.steering && {
        steering: new Steering({ config: battery.steering, home, report, now }),
        neighbours: new Neighbours(relay),
      },
      past: (fromSlot) => pastOf(folder, names, fromSlot),
      report,
      now,
    });
  });
}

interface Services {
  /** The code that pairs a browser, where there is a page. */
  readonly pageCode: () => string | undefined;
  stop(): Promise<void>;
}

/** The page and Home Assistant, where they are configured: each is loaded when it is wanted. */
async function startServices(
  { config }: Settings,
  homes: readonly Home[],
  reporter: Reporter,
  traders: readonly Trader[],
  handed: Handed,
  { now, report }: Required<AgentOptions>,
): Promise<Services> {
  const services: { stop(): Promise<void> }[] = [];
  let pageCode = (): string | undefined => undefined;
  if (config.page !== undefined) {
    const [{ Pairing }, { startPage }] = await Promise.all([
      import("./page/pairing.ts"),
      import("./page/server.ts"),
    ]);
    const pairing = new Pairing(config.data);
    pageCode = () => pairing.code;
    const { data } = config;
    const shown = { data, homes, traders, reporter, pairing, handed, now };
    const page = await startPage({ ...config.page, ...shown });
    report(`The page is at ${page.url}; pair a browser with the code ${pairing.code}.`);
    services.push(page);
  }
  if (config.home_assistant !== undefined) {
    const { startHomeAssistant } = await import("./homeAssistant.ts");
    services.push(await startHomeAssistant(config.home_assistant, homes, traders, report));
  }
  return {
    pageCode,
    async stop() {
      for (const service of services) await service.stop();
    },
  };
}
