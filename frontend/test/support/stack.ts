import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  AHEAD_SECONDS,
  buildContracts,
  deploy,
  fund,
  localAccount,
  openChain,
  type PlayMoney,
  readOptions,
  report,
  settleCommunity,
  tradingAt,
} from "@wattline/community/simulation";
import { type PreviewServer, preview } from "vite";
import { freePort } from "../../../scripts/testing/ports.ts";
import { startAnvil } from "../../../services/relay/test/support/node.ts";
import type { Network } from "../../src/chain/config.ts";
import { builtApp, ROOT } from "./build.ts";

const HOST = "127.0.0.1";
/** Euro-cents in base units of the play currency, which has six decimals. */
const CENT = 10_000n;
/** What each household has in escrow at first. */
const FUNDS = 50_000_000n;
const HOMES = 5;
/** The reported hours: with more, a development chain takes too long to answer. */
const FROM_HOUR = 9;
const TO_HOUR = 14;

/** A chain with a small community on it, and the built app served over it. */
export type Stack = Awaited<ReturnType<typeof openStack>>;

/** The `index`-th local account as one that the demo wallet offers. */
export function demoAccount(name: string, role: string, index: number) {
  const { address, privateKey } = localAccount(index);
  return { name, role, address, privateKey };
}

/**
 * Starts a chain, deploys Wattline, registers five homes with money in escrow, reports a sunny morning of those with
 * solar panels, and serves the built app. Chain time is two in the afternoon.
 * @param more Further members of `/wattline.json`: relay, indexer, explorer.
 * @param money The contract of the currency, when it is not the usual one.
 */
export async function openStack(
  more: Partial<Pick<Network, "relayUrl" | "indexerUrl" | "explorerUrl">> = {},
  money?: PlayMoney,
) {
  const options = await readOptions(["--seed", "7", "--days", "1"]);
  if (options === "help") throw new Error("The options of the stack ask for help.");
  const [planned] = options.communities;
  const series = { ...planned, households: planned.households.slice(0, HOMES) };
  const startsAt = series.firstSlot * series.slotSeconds;

  await buildContracts();
  const { rpcUrl, stop } = await startAnvil(startsAt - AHEAD_SECONDS);
  const chain = await openChain(rpcUrl, startsAt);
  const fromBlock = await chain.ethers.provider.getBlockNumber();
  const wattline = await deploy(chain, series, options.tariffs, money);
  const community = await settleCommunity(wattline, series, options.tariffs, 1, 0);
  for (const who of community.households) await fund(wattline, who, FUNDS);

  const slotsPerHour = 3_600 / series.slotSeconds;
  const [first, end] = [FROM_HOUR * slotsPerHour, TO_HOUR * slotsPerHour];
  await chain.passTo((series.firstSlot + end) * series.slotSeconds);
  for (const who of community.households) {
    if (who.series.capacityW === 0) continue;
    const exportedWh = who.series.exportedWh
      .slice(first, end)
      .map((wh, index) => [series.firstSlot + first + index, wh] as const);
    await report(wattline, who, new Map(exportedWh));
  }

  const { marketplace, microgrids, meters, energy, board, euro } = wattline.addresses;
  const network: Network = {
    deployment: {
      chainId: wattline.chainId,
      marketplace,
      microgrids,
      meters,
      energy,
      board,
      fromBlock,
    },
    name: "Test chain",
    rpcUrl,
    currency: { address: euro, symbol: "tEUR", decimals: 6, name: "Test Euro" },
    demo: {
      accounts: [
        demoAccount("Jane", "prosumer", 2),
        demoAccount("Her neighbour", "consumer", 3),
        demoAccount("Operator", "community operator", 0),
      ],
    },
    ...more,
  };
  const app = await serveApp(network);

  return {
    ...app,
    network,
    chain,
    wattline,
    community,
    trading: tradingAt(wattline),
    series,
    CENT,
    /** Slots that are reported. */
    morning: { firstSlot: series.firstSlot + first, lastSlot: series.firstSlot + end - 1 },
    async close() {
      await app.closeApp();
      await chain.close();
      await stop();
    },
  };
}

/** Serves the built app as a static host would, with this network in `/wattline.json`. */
export async function serveApp(network: Network) {
  const folder = mkdtempSync(path.join(tmpdir(), "wattline-app-"));
  const outDir = path.join(folder, "dist");
  const config = path.join(folder, "wattline.json");
  const setConfig = (next: unknown) => writeFileSync(config, JSON.stringify(next));
  setConfig({ networks: [network] });
  process.env.WATTLINE_CONFIG = config;
  cpSync(await builtApp(), outDir, { recursive: true });
  const server: PreviewServer = await preview({
    root: ROOT,
    logLevel: "error",
    build: { outDir },
    preview: { host: HOST, port: await freePort(), strictPort: true },
  });
  const url = server.resolvedUrls?.local[0];
  if (url === undefined) throw new Error("Vite's preview has no address.");
  return {
    url: url.replace(/\/$/, ""),
    /** Replaces `/wattline.json`, for example with several networks or with something malformed. */
    setConfig,
    /** Serves a JSON file beside the page, such as `/readings.json`. */
    serveFile: (name: string, content: unknown) =>
      writeFileSync(path.join(outDir, name), JSON.stringify(content)),
    async closeApp() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
