import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { RelayClient } from "@wattline/relay/client";
import { startRelay } from "@wattline/relay/server";
import { blockOf, LANES, type SignedOrder, signedOrderFromJson, slotEnd } from "@wattline/sdk";
import { formatUnits } from "viem";
import { FORWARD, LiveHomes, type PlayTerms, signerFor } from "../live/homes.ts";
import { clearAll, openAuctioneer, untilSeen } from "../live/market.ts";
import type { Street } from "../live/towns.ts";
import { Wallets } from "../live/wallets.ts";
import { accountsOf, delegateKey, type LocalAccount, localAccount } from "./accounts.ts";
import { ChainError } from "./chain.ts";
import type { Community } from "./community.ts";
import type { Market } from "./market.ts";
import type { SimulationOptions } from "./options.ts";
import { askingPrice } from "./periodOrders.ts";
import { buyEverywhere } from "./purchases.ts";
import type { RoundBalance } from "./roundBalance.ts";
import type { Simulation } from "./simulation.ts";
import { dearestRetail } from "./tariffs.ts";
import { leaveUnsold } from "./unsold.ts";
import { CURRENCY_DECIMALS } from "./values.ts";

/** Homes that look at the market at the same time: a relay refuses too many requests at once. */
const TOGETHER = 14;
const POLL_MS = 20;
/** More than an agent spends in a run. */
const ALLOWANCE = 1_000_000_000_000n;
const MOST_A_DAY = "1000000";
const A_DAY = 86_400;
/** As many orders as a relay gives at once. */
const MOST_OF_A_PAGE = 500;
const SECONDS_PER_HOUR = 3_600;
/** Nobody's limit of requests is reached in a run. */
const REQUESTS = { burst: 1e6, perSecond: 1e6 };

/**
 * Every home has an agent as people run it, with the tariffs as its limits. What it signs lies on a relay: limits, which an auctioneer
 * clears, forward too where energy to come is traded; or posted prices, which households take in person.
 * @throws ChainError when the chain can't be reached by others.
 */
export async function agentsMarket(
  simulation: Simulation,
  options: SimulationOptions,
): Promise<Market> {
  const { wattline, communities, check } = simulation;
  const { rpcUrl } = wattline.chain;
  if (rpcUrl === undefined) throw new ChainError("Agents need a chain with an address.");
  const { free } = accountsOf(options.communities.map(({ households }) => households.length));
  const payer = localAccount(free + 1);
  await wattline.chain.walletAt(payer);
  await allowAgents(simulation, options);

  const folder = mkdtempSync(path.join(tmpdir(), "wattline-agents-"));
  const deployment = { ...wattline.addresses, ...placeOf(wattline) };
  const relay = await startRelay({
    rpcUrl,
    deployment,
    storage: { folder: path.join(folder, "relay") },
    port: 0,
    pollMs: POLL_MS,
    limits: { requests: REQUESTS },
    report: () => {},
  });
  const stop = new AbortController();
  const close = async (): Promise<void> => {
    stop.abort();
    await relay.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const client = new RelayClient(relay.url);
  const deploymentFile = path.join(folder, "deployment.json");
  writeFileSync(deploymentFile, JSON.stringify(deployment));
  const openClearing = () =>
    openAuctioneer({
      participants: { auctioneer: localAccount(free) },
      folder: path.join(folder, "auctioneer"),
      deployment: deploymentFile,
      rpcUrl,
      relayUrl: relay.url,
      mandatesPort: 0,
      report: () => {},
    }).catch(async (error: unknown) => {
      await close();
      throw error;
    });
  const auctioneer = options.market === "accept" ? undefined : await openClearing();
  const homes = new LiveHomes({
    streets: communities.map(streetOf),
    terms: termsOf(communities, options),
    places: deployment,
    rpcUrl,
    relay: client,
    report: () => {},
  });
  const reporter = homes.reporter(homes.all, {
    by: "transaction",
    payer: signerFor(payer.account),
    every_minutes: 1_440,
  });
  const wallets = new Wallets(rpcUrl, Number(wattline.chainId));
  const [{ firstSlot, slots, slotSeconds }] = options.communities;
  const lastSlot = firstSlot + slots - 1;

  /** Data may end within a block. Devices sign whole ones, so the rest of the block goes by without energy. */
  async function endBlock(): Promise<void> {
    const blockEnd = (blockOf(lastSlot) + 1) * LANES - 1;
    for (let slot = lastSlot + 1; slot <= blockEnd; slot++) homes.meter(slot);
    await wattline.chain.passTo(slotEnd(blockEnd, slotSeconds));
  }

  return {
    async report([balance]) {
      const slots = balance?.round.slots ?? [];
      for (const slot of slots) homes.meter(slot);
      if (slots.at(-1) === lastSlot) await endBlock();
      await homes.settled();
      await reporter.now();
    },

    async clear(metered) {
      await untilSeen(client, wallets, stop.signal);
      for (let first = 0; first < homes.all.length; first += TOGETHER) {
        check();
        const together = homes.all.slice(first, first + TOGETHER);
        await Promise.all(together.map(({ trader }) => trader.now()));
      }
      const troubled = homes.all.find(({ trader }) => trader.state.trouble !== undefined);
      if (troubled !== undefined) {
        throw new Error(`The agent of ${troubled.who.name}: ${troubled.trader.state.trouble}`);
      }
      await untilSeen(client, wallets, stop.signal);
      if (auctioneer === undefined) await acceptAll(simulation, client, metered);
      else await clearAll(auctioneer, stop.signal);
      await leaveUnsold(simulation, metered);
    },

    close,
  };
}

const placeOf = ({ chainId, fromBlock }: Simulation["wattline"]) => ({
  chainId: Number(chainId),
  fromBlock,
});

/** Every household allows its agent to trade until the run is over. */
async function allowAgents(
  { wattline, communities, check }: Simulation,
  { communities: [{ firstSlot, slots, slotSeconds }] }: SimulationOptions,
): Promise<void> {
  const { marketplace, addresses, send } = wattline;
  const until = slotEnd(firstSlot + slots, slotSeconds) + A_DAY;
  for (const { households, series } of communities) {
    for (const { address, signer, name } of households) {
      check();
      const { address: agent } = delegateKey(series.name, name);
      await send(address, (o) =>
        marketplace.connect(signer).authorize(addresses.euro, agent, ALLOWANCE, until, o),
      );
    }
  }
}

function streetOf({ microgrid, series, households }: Community): Street {
  const at = (home: number, slot: number, flow: "exportedWh" | "importedWh"): bigint =>
    series.households[home]?.[flow][slot - series.firstSlot] ?? 0n;
  return {
    microgrid,
    name: series.name,
    metering: {
      exportedWh: (home, slot) => at(home, slot, "exportedWh"),
      importedWh: (home, slot) => at(home, slot, "importedWh"),
    },
    homes: households.map(({ name, device, series: { capacityW }, ...wallet }, index) => ({
      name,
      index,
      account: accountOf(wallet),
      device,
      delegate: delegateKey(series.name, name),
      capacityW,
      hasBattery: false,
    })),
  };
}

const accountOf = ({ address, privateKey, account }: LocalAccount): LocalAccount => ({
  address,
  privateKey,
  account,
});

/** Households take what they need from the offers that agents have posted. */
async function acceptAll(
  simulation: Simulation,
  relay: RelayClient,
  balances: readonly RoundBalance[],
): Promise<void> {
  const slots = balances[0]?.round.slots ?? [];
  const range = { fromSlot: slots[0], toSlot: slots.at(-1) };
  const query = { side: "offer", kind: "posted", limit: MOST_OF_A_PAGE, ...range } as const;
  const posted: SignedOrder[] = [];
  for await (const found of relay.allOrders(query)) posted.push(signedOrderFromJson(found));
  const byMicrogrid = Map.groupBy(posted, ({ order }) => order.microgrid);
  await buyEverywhere(
    simulation,
    balances,
    ({ community: { microgrid } }) => byMicrogrid.get(microgrid) ?? [],
  );
}

/** Whatever the community price is between the tariffs, a home is better off than with the grid. */
function termsOf(
  communities: readonly Community[],
  { tariffs, market, communities: [{ firstSlot, slotSeconds }] }: SimulationOptions,
): PlayTerms {
  const money = (perKwh: bigint): string => formatUnits(perKwh, CURRENCY_DECIMALS);
  const limits = {
    floor: money(tariffs.feedInPerKwh),
    ceiling: money(dearestRetail(tariffs)),
    most_a_day: MOST_A_DAY,
    settler: "anyone",
    // Of a block that is reported as a whole, every slot.
    spot_hours: Math.ceil((LANES * slotSeconds) / SECONDS_PER_HOUR),
  } as const;
  return {
    slotMinutes: slotMinutesOf(slotSeconds),
    startSlot: firstSlot,
    limitsOf: ({ name }) => ({
      ...limits,
      ...(market === "forward" && { forward: FORWARD }),
      // People take posted prices: nothing is bought for them.
      ...(market === "accept" && { posted: money(askingPrice(name, tariffs)), ceiling: "0" }),
    }),
    pastOf({ index }, { microgrid }) {
      const home = communities[microgrid - 1]?.households[index]?.series;
      const { exportedWh = [], importedWh = [] } = home?.past ?? {};
      return exportedWh.map((wh, at) => ({
        slot: firstSlot - exportedWh.length + at,
        exportedWh: wh,
        importedWh: importedWh[at] ?? 0n,
      }));
    },
  };
}

/** @throws RangeError for slots that no microgrid has. */
function slotMinutesOf(slotSeconds: number): PlayTerms["slotMinutes"] {
  const minutes = ([5, 15, 30, 60] as const).find((each) => each * 60 === slotSeconds);
  if (minutes === undefined) throw new RangeError(`No agent knows slots of ${slotSeconds} s.`);
  return minutes;
}
