import { Progress } from "@wattline/common/progress";
import { scheduleFor, slotEnd, slotStart } from "@wattline/sdk";
import { agentsMarket } from "./agentsMarket.ts";
import type { Chain } from "./chain.ts";
import { isEscrowSolvent } from "./checks.ts";
import { type Community, report } from "./community.ts";
import { Forecasts } from "./forecasts.ts";
import { forwardMarket } from "./forwardMarket.ts";
import type { Market, MarketName } from "./market.ts";
import { openSimulation } from "./opening.ts";
import type { SimulationOptions } from "./options.ts";
import {
  type PeriodOrders,
  SIGNED_BY_AGENTS,
  signGridBid,
  signNeighbours,
} from "./periodOrders.ts";
import { balanceOf, bySlot, type RoundBalance } from "./roundBalance.ts";
import { declarationsOf, ISLAND, isIslanded, type Period, type Round, roundsOf } from "./rounds.ts";
import type { Simulation } from "./simulation.ts";
import { acceptMarket, settleMarket } from "./spotMarket.ts";
import { type Summary, summarize } from "./summary.ts";

/** A finished simulation: the communities on the chain, and the summary. */
export interface Played {
  readonly wattline: Simulation["wattline"];
  readonly communities: readonly Community[];
  readonly summary: Summary;
}

const PLANNED: Readonly<Record<MarketName, (simulation: Simulation) => Market>> = {
  accept: acceptMarket,
  settle: settleMarket,
  forward: forwardMarket,
};

/**
 * Plays communities' days on a chain, a block of eight slots at a time: meters report and mint, neighbours trade, the
 * grid buys the rest at the feed-in tariff. Chain time follows the data's time.
 * @param signal Stops the run between two transactions with the signal's reason.
 */
export async function play(
  chain: Chain,
  options: SimulationOptions,
  signal: AbortSignal,
): Promise<Played> {
  const simulation = await openSimulation(chain, options, signal);
  const summary = await playOn(simulation, options);
  return { wattline: simulation.wattline, communities: simulation.communities, summary };
}

/** Plays like {@link play}, on a simulation that is open already. */
export async function playOn(simulation: Simulation, options: SimulationOptions): Promise<Summary> {
  const market = options.isPlanned
    ? PLANNED[options.market](simulation)
    : await agentsMarket(simulation, options);
  try {
    return await playIn(market, simulation, options);
  } finally {
    await market.close?.();
  }
}

async function playIn(
  market: Market,
  simulation: Simulation,
  options: SimulationOptions,
): Promise<Summary> {
  const { tariffs, outage, isPlanned } = options;
  const [series] = options.communities;
  const { firstSlot, slotSeconds } = series;
  const { wattline, communities, trading } = simulation;
  const { chain } = wattline;
  const clearsLimits = isPlanned && options.market === "settle";
  // Limits follow the retail tariff, and homes lock their money in an outage; else a whole block is played at once.
  const rounds = clearsLimits
    ? roundsOf(series, outage, tariffs.retailPerKwh)
    : roundsOf(series, undefined, []);
  const declarations = outage === undefined ? [] : declarationsOf(outage, series);
  const progress = new Progress("Simulating", rounds.length);
  const forecasts = options.communities.map((one) => new Forecasts(one));
  const settler = clearsLimits ? simulation.anyone : undefined;
  const ordersOf = new Map<Period, PeriodOrders[]>();
  let islandedNow = false;
  let alwaysSolvent = true;

  await prepare(rounds[0]);
  await passTo(slotStart(firstSlot, slotSeconds));
  for (const [index, round] of rounds.entries()) {
    const startsAt = (round.slots[0] ?? 0) * slotSeconds;
    progress.show(index, new Date(startsAt * 1000).toISOString().slice(0, 16));
    await prepare(rounds[index + 1], round);
    await passTo(slotEnd(round.slots.at(-1) ?? firstSlot, slotSeconds));
    await tradeRound(round);
    alwaysSolvent = alwaysSolvent && (await isEscrowSolvent(simulation));
  }
  progress.show(rounds.length, "done");
  return summarize(simulation, options, alwaysSolvent);

  /** Time passes, and the operator of the first microgrid declares on the way that an island begins or ends. */
  async function passTo(time: number): Promise<void> {
    while (declarations[0] !== undefined && declarations[0].at <= time) {
      simulation.check();
      const { at, islanded } = declarations[0];
      await chain.passTo(at);
      const island = communities.find(({ microgrid }) => microgrid === ISLAND);
      await island?.setIslanded(islanded);
      islandedNow = islanded;
      declarations.shift();
    }
    await chain.passTo(time);
  }

  /** Agreements made during the previous round, of which nothing is metered yet: an outage is known one round ahead. */
  async function prepare(round: Round | undefined, previous?: Round): Promise<void> {
    if (round === undefined) return;
    await ordersIn(round.period);
    if (market.prepare === undefined) return;
    const expected = forecasts.map((forecast) => {
      forecast.learnUpTo(previous?.slots[0] ?? firstSlot);
      return forecast.of(round.slots);
    });
    const balances = await balancesOf(
      round,
      (slot) => islandedNow || isIslanded(outage, ISLAND, slot),
      (community) => (home, slot) => {
        const sure = expected[community]?.[home]?.get(slot);
        return { exportedWh: sure?.sureExportWh ?? 0n, importedWh: sure?.sureImportWh ?? 0n };
      },
    );
    await market.prepare(balances);
  }

  /** Meters report, and neighbours trade what they report. */
  async function tradeRound(round: Round): Promise<void> {
    const balances = await balancesOf(round, (slot) => isIslanded(outage, ISLAND, slot));
    await (market.report ?? reportAll)(balances);
    await market.clear(balances);
    for (const balance of balances) await sellRest(balance);
  }

  /** Every home with a roof reports. */
  async function reportAll(balances: readonly RoundBalance[]): Promise<void> {
    for (const { community, round, offeredWh } of balances) {
      for (const [home, who] of community.households.entries()) {
        if (who.series.capacityW === 0) continue;
        simulation.check();
        await report(wattline, who, bySlot(round, offeredWh[home] ?? []));
      }
    }
  }

  /** The grid buys what neighbours did not, where it is in reach. */
  async function sellRest({ community, orders, round, offeredWh }: RoundBalance): Promise<void> {
    const microgrid = (await wattline.facts()).known(community.microgrid);
    for (const [home, who] of community.households.entries()) {
      const rest = [...bySlot(round, offeredWh[home] ?? [])].filter(
        ([slot, wh]) => wh > 0n && !isIslanded(outage, community.microgrid, slot),
      );
      // Who takes names one schedule of prices.
      for (const part of Map.groupBy(rest, ([slot]) => scheduleFor(microgrid, slot)).values()) {
        simulation.check();
        await trading.accept(community, who, orders.gridBid, new Map(part));
      }
    }
  }

  async function balancesOf(
    round: Round,
    isIslandedIn: (slot: number) => boolean,
    expected?: (community: number) => Parameters<typeof balanceOf>[5],
  ): Promise<RoundBalance[]> {
    const signed = await ordersIn(round.period);
    return communities.flatMap((community, index) => {
      const orders = signed[index];
      const isIsland = (slot: number) => community.microgrid === ISLAND && isIslandedIn(slot);
      return orders === undefined
        ? []
        : [balanceOf(community, orders, round, isIsland, tariffs, expected?.(index))];
    });
  }

  async function ordersIn(period: Period): Promise<PeriodOrders[]> {
    const known = ordersOf.get(period);
    if (known !== undefined) return known;
    const signed: PeriodOrders[] = [];
    for (const community of communities) {
      const islanded = period.islanded && community.microgrid === ISLAND;
      const own = { ...period, islanded };
      const neighbours = isPlanned
        ? await signNeighbours(trading, community, tariffs, settler, own)
        : SIGNED_BY_AGENTS;
      const gridBid = await signGridBid(trading, community, tariffs, own);
      signed.push({ ...neighbours, gridBid });
    }
    ordersOf.set(period, signed);
    return signed;
  }
}
