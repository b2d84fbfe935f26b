import { costMillis, NOTICE_SECONDS, slotStart, wholeUnits } from "@wattline/sdk";
import type { CommunitySeries } from "../profiles/series.ts";
import { accountsOf } from "./accounts.ts";
import { type Chain, ChainError, isoOf } from "./chain.ts";
import { type Community, fund, settleCommunity } from "./community.ts";
import { deploy } from "./deployment.ts";
import { BOND_PER_KWH } from "./forwardMarket.ts";
import { Ledger } from "./ledger.ts";
import type { SimulationOptions } from "./options.ts";
import type { Simulation } from "./simulation.ts";
import { dearestRetail, firstChangeAt } from "./tariffs.ts";
import { tieLineFor, WHEELING_PER_KWH } from "./tieLine.ts";
import { tradingAt } from "./trading.ts";

/** Deposited beyond what is needed: one unit of the currency. */
const SPARE = 1_000_000n;
const AN_HOUR = 3600;
/** Every transaction of the founding takes a second. */
const TIME_TO_FOUND = 2 * AN_HOUR;

/** Deploys Wattline, creates the communities with money in escrow, and joins two of them by a tie line. */
export async function openSimulation(
  chain: Chain,
  options: SimulationOptions,
  signal: AbortSignal,
): Promise<Simulation> {
  const simulation = await foundSimulation(chain, options, signal);
  for (const community of simulation.communities) {
    await fundCommunity(simulation, community, options);
  }
  return simulation;
}

/** What communities are founded by. */
export type FoundingOptions = Pick<SimulationOptions, "communities" | "tariffs" | "money">;

/** The same, with nobody's money in escrow yet. */
export async function foundSimulation(
  chain: Chain,
  options: FoundingOptions,
  signal: AbortSignal,
): Promise<Simulation> {
  const { communities: series, tariffs } = options;
  const [{ firstSlot, slotSeconds }] = series;
  await checkNotice(chain, options);
  const wattline = await deploy(chain, series[0], tariffs, options.money);
  const communities: Community[] = [];
  const { firsts, free } = accountsOf(series.map(({ households }) => households.length));
  for (const [index, one] of series.entries()) {
    signal.throwIfAborted();
    const first = firsts[index] ?? free;
    communities.push(await settleCommunity(wattline, one, tariffs, index + 1, first));
  }
  const simulation = {
    wattline,
    communities,
    trading: tradingAt(wattline),
    ledger: new Ledger(wattline),
    anyone: { name: "auctioneer", ...(await chain.wallet(free)) },
    check: () => signal.throwIfAborted(),
  };
  await chain.passTo(slotStart(firstSlot, slotSeconds) - AN_HOUR);
  const [here, there] = communities;
  if (here === undefined || there === undefined) return simulation;
  const line = tieLineFor(slotSeconds);
  await here.agreeTieLine(there.microgrid, line);
  await there.agreeTieLine(here.microgrid, line);
  return { ...simulation, line };
}

/** Changes of prices are announced before the run. @throws ChainError when it is too late for that. */
async function checkNotice(chain: Chain, { communities, tariffs }: FoundingOptions) {
  const changeAt = firstChangeAt(tariffs, communities[0]);
  if (changeAt === undefined) return;
  const latest = changeAt - NOTICE_SECONDS;
  const now = await chain.chainTime();
  if (now + TIME_TO_FOUND < latest) return;
  throw new ChainError(
    `The retail tariff changes at ${isoOf(changeAt)}, which has to be announced seven days ahead, but the chain's clock is at ${isoOf(now)}. Choose a later --from, a fresh chain, or one --retail for all hours.`,
  );
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
    const need = wholeUnits(costMillis(dearest, imported));
    // A forecast may reserve or promise a day's energy that never comes, and the next day's as well.
    const pledged = wholeUnits(costMillis(BOND_PER_KWH + WHEELING_PER_KWH, exported));
    const most = market === "forward" ? 2n * (need + pledged) : need;
    await fund(wattline, who, most + SPARE);
  }
  await fund(wattline, dso, wholeUnits(costMillis(tariffs.feedInPerKwh, exportedWh)) + SPARE);
}

const total = (energyWh: CommunitySeries["households"][number]["exportedWh"]): bigint =>
  energyWh.reduce((sum, wh) => sum + wh, 0n);
