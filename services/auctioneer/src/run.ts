import { openLog } from "@wattline/common/log";
import { startAuctioneer } from "./auctioneer.ts";
import type { Settings } from "./config.ts";
import { serveIsland } from "./island/server.ts";
import { serveMandates } from "./mandates/server.ts";
import { serveMetrics } from "./server.ts";

/**
 * Runs an auctioneer with all that it serves until it is told to stop.
 * @throws MendableError when another one runs with its account, the node is of another chain, or it can't listen.
 */
export async function runAuctioneer(settings: Settings, signal: AbortSignal): Promise<void> {
  const log = openLog("auctioneer");
  const { auctioneer, trouble, stop } = await startAuctioneer(settings, { report: log });
  const { metrics, mandates, island } = settings.config;
  const servers = [];
  try {
    log(`The auctioneer runs as ${auctioneer.address}.`, { account: auctioneer.address });
    if (metrics !== undefined) {
      const server = await serveMetrics(metrics, auctioneer.metrics, trouble);
      servers.push(server);
      log(`Its metrics are at ${server.url}/metrics.`);
    }
    if (mandates !== undefined && auctioneer.mandates !== undefined) {
      const server = await serveMandates(mandates, auctioneer.mandates);
      servers.push(server);
      log(`It takes what households have signed at ${server.url}/mandates.`);
    }
    if (island !== undefined && auctioneer.island !== undefined) {
      const server = await serveIsland(island, auctioneer.island);
      servers.push(server);
      log(`Promises are at ${server.url}/promises.`);
    }
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    }
  } finally {
    for (const server of servers) await server.stop();
    await stop();
  }
}
