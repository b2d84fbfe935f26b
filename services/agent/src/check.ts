import { openSigner } from "@wattline/common/keys";
import { shownUrl } from "@wattline/common/shownUrl";
import { formatKwh } from "@wattline/sdk";
import type { SteeringConfig } from "./config/battery.ts";
import type { Settings } from "./config/read.ts";
import { reasonOf } from "./errors.ts";
import { isoOf } from "./iso.ts";
import type { Sample } from "./metering/sample.ts";
import { chainAt } from "./reporting/chain.ts";
import { openSource } from "./sources/open.ts";

const PATIENCE_MS = 60_000;

/**
 * Tries every source, key and the node once, and says what they tell.
 * @returns Whether all is well.
 */
export async function check(
  settings: Settings,
  say: (line: string) => void,
  patienceMs = PATIENCE_MS,
): Promise<boolean> {
  const { homes, chain } = settings.config;
  let isWell = true;
  const attempt = async (what: string, task: () => Promise<string>): Promise<void> => {
    try {
      say(`ok    ${what}: ${await task()}`);
    } catch (error) {
      isWell = false;
      say(`WRONG ${what}: ${reasonOf(error)}`);
    }
  };
  for (const home of homes) {
    await attempt(`${home.name}, device key`, async () => openSigner(home.device).address);
    const steered = home.battery?.steering;
    if (steered !== undefined) {
      await attempt(`${home.name}, battery (${steered.link.type})`, () =>
        batteryWords(steered, patienceMs),
      );
    }
    await Promise.all(
      home.meters.map((meter) =>
        attempt(`${home.name}, ${meter.name} (${meter.type})`, async () => {
          const complaints: string[] = [];
          const context = { now: Date.now, report: (text: string) => complaints.push(text) };
          const source = openSource(meter, context);
          for await (const sample of source.samples(AbortSignal.timeout(patienceMs))) {
            return wordsOf(sample);
          }
          throw new Error(complaints[0] ?? `nothing has come for ${patienceMs / 1000} s`);
        }),
      ),
    );
  }
  const { rpc_url: rpcUrl } = chain;
  if (rpcUrl !== undefined) {
    const node = chainAt(rpcUrl, settings.deployment);
    await attempt(`node at ${shownUrl(rpcUrl)}`, async () => {
      await node.requireChain();
      return `chain ${settings.deployment.chainId}`;
    });
    for (const home of homes) {
      await attempt(`${home.name}, registration`, async () => {
        const { address } = openSigner(home.device);
        const registered = await node.registered(address);
        if (registered === undefined) return "not registered yet: run agent pair";
        const { microgrid, slotSeconds, owner } = registered;
        return `microgrid ${microgrid}, slots of ${slotSeconds / 60} min, owner ${owner}`;
      });
    }
    for (const { name, device, delegate, trading } of homes) {
      if (trading === undefined || delegate === undefined) continue;
      await attempt(`${name}, relay at ${trading.relay}`, async () => {
        const { RelayClient } = await import("@wattline/relay/client");
        const { status, orders } = await new RelayClient(trading.relay).health();
        return `${status}, ${orders} orders`;
      });
      await attempt(`${name}, trading`, async () => {
        const { Market } = await import("./trading/market.ts");
        const { limitsOf } = await import("./trading/limits.ts");
        const { standingOf } = await import("./trading/standing.ts");
        const key = openSigner(delegate).address;
        const market = await new Market(rpcUrl, settings.deployment).look(
          openSigner(device).address,
          key,
        );
        if (market !== undefined) limitsOf(trading, market.currency);
        return standingOf(market, key).words;
      });
    }
  }
  return isWell;
}

/** Reads a battery once; it is told nothing. */
async function batteryWords(config: SteeringConfig, patienceMs: number): Promise<string> {
  const { batteryOf, openLink, wattsOf } = await import("./battery/index.ts");
  const complaints: string[] = [];
  const context = { now: Date.now, report: (text: string) => complaints.push(text) };
  const link = openLink(config.link, batteryOf(config), context);
  for await (const reading of link.readings(AbortSignal.timeout(patienceMs))) {
    const power = reading.chargeW === undefined ? "" : `, ${wattsOf(reading.chargeW)}`;
    return `${formatKwh(reading.storedCentiWh / 100n)} of ${formatKwh(BigInt(config.capacity_wh))}${power} at ${isoOf(reading.unixMs)}`;
  }
  throw new Error(complaints[0] ?? `it has told nothing for ${patienceMs / 1000} s`);
}

function wordsOf(sample: Sample): string {
  const time = isoOf(sample.unixMs);
  if (sample.kind === "power") {
    return `import ${Math.round(sample.importW)} W, export ${Math.round(sample.exportW)} W at ${time}`;
  }
  const kwh = (wh: bigint | undefined) => (wh === undefined ? "no register" : formatKwh(wh));
  return `import ${kwh(sample.importWh)}, export ${kwh(sample.exportWh)} at ${time}`;
}
