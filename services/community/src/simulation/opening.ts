import type { CommunitySeries } from "../profiles/series.ts";
import { OPERATOR } from "./accounts.ts";
import type { Chain } from "./chain.ts";
import { type Community, fund, settleCommunity } from "./community.ts";
import { deploy } from "./deployment.ts";
import { BOND_PER_KWH } from "./forwardMarket.ts";
import { Ledger } from "./ledger.ts";
import type { SimulationOptions } from "./options.ts";
import type { Simulation } from "./simulation.ts";
import { dearestRetail } from "./tariffs.ts";
import { tieLineFor } from "./tieLine.ts";
import { tradingAt } from "./trading.ts";

/** Operator and DSO; a community's households follow in order. */
const OFFICIALS = 2;

/** Deploys Wattline, creates the communities with money in escrow, and joins two of them by a tie line. */
export async function openSimulation(
  chain: Chain,
  options: SimulationOptions,
  signal: AbortSignal,
): Promise<Simulation> {
  const { communities: series, tariffs } = options;
  const wattline = await deploy(chain, series[0], tariffs);
  const communities: Community[] = [];
  let account = OPERATOR;
  for (const one of series) {
    const microgrid = communities.length + 1;
    communities.push(await settleCommunity(wattline, one, tariffs, microgrid, account));
    account += OFFICIALS + one.households.length;
  }
  const simulation = {
    wattline,
    communities,
    trading: tradingAt(wattline),
    ledger: new Ledger(wattline),
    anyone: { name: "auctioneer", ...(await chain.wallet(account)) },
    check: () => signal.throwIfAborted(),
  };
  for (const community of communities) await fundCommunity(simulation, community, options);

  const [here, there] = communities;
  if (here === undefined || there === undefined) return simulation;
  const line = tieLineFor(series[0].slotSeconds);
  await here.agreeTieLine(there.microgrid, line);
  await there.agreeTieLine(here.microgrid, line);
  return { ...simulation, line };
}

/** Every household deposits the most that its trades could cost, the DSO the most that all export could cost. */
async function fundCommunity(
  { wattline, check }: Pick<Simulation, "wattline" | "check">,
  { households, dso }: Community,
  { tariffs, market }: SimulationOptions,
): Promise<void> {
  const dearest = dearestRetail(tariffs);
  let exportedWh = 0n;
  for (const who of households) {
    check();
    const [imported, exported] = [total(who.series.importedWh), total(who.series.exportedWh)];
    exportedWh += exported;
    const need = (imported * dearest) / 1000n;
    // A forecast may reserve or promise a day's energy that never comes, and the next day's as well.
    const most = market === "forward" ? 2n * (need + (exported * BOND_PER_KWH) / 1000n) : need;
    await fund(wattline, who, most + 1_000_000n);
  }
  await fund(wattline, dso, (exportedWh * tariffs.feedInPerKwh) / 1000n + 1_000_000n);
}

const total = (energyWh: CommunitySeries["households"][number]["exportedWh"]): bigint =>
  energyWh.reduce((sum, wh) => sum + wh, 0n);
