import type { CommunitySeries } from "../profiles/series.ts";
import { OPERATOR } from "./accounts.ts";
import type { Chain } from "./chain.ts";
import { type Community, fund, settleCommunity } from "./community.ts";
import { deploy } from "./deployment.ts";
import { BOND_PER_KWH } from "./forwardMarket.ts";
import { Ledger } from "./ledger.ts";
import type { SimulationOptions } from "./options.ts";
import type { Stage } from "./stage.ts";
import { dearestRetail } from "./tariffs.ts";
import { tieLineFor } from "./tieLine.ts";
import { tradingAt } from "./trading.ts";

/** Operator and DSO; a community's households follow in their order. */
const OFFICIALS = 2;

/** Deploys Wattline, settles the communities with money in escrow, and joins two of them by a tie line. */
export async function openStage(
  chain: Chain,
  options: SimulationOptions,
  signal: AbortSignal,
): Promise<Stage> {
  const { communities: series, tariffs } = options;
  const wattline = await deploy(chain, series[0], tariffs);
  const communities: Community[] = [];
  let account = OPERATOR;
  for (const one of series) {
    const microgrid = communities.length + 1;
    communities.push(await settleCommunity(wattline, one, tariffs, microgrid, account));
    account += OFFICIALS + one.households.length;
  }
  const stage = {
    wattline,
    communities,
    trading: tradingAt(wattline),
    ledger: new Ledger(wattline),
    anyone: { name: "auctioneer", ...(await chain.wallet(account)) },
    check: () => signal.throwIfAborted(),
  };
  for (const community of communities) await fundCommunity(stage, community, options);

  const [here, there] = communities;
  if (here === undefined || there === undefined) return stage;
  const line = tieLineFor(series[0].slotSeconds);
  await here.agreeTieLine(there.microgrid, line);
  await there.agreeTieLine(here.microgrid, line);
  return { ...stage, line };
}

/** Every household brings what its trades could cost at most, the DSO what all export could bring. */
async function fundCommunity(
  { wattline, check }: Pick<Stage, "wattline" | "check">,
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
