import { Progress } from "@wattline/common/progress";
import { slotEnd } from "@wattline/sdk";
import type { Chain } from "./chain.ts";
import { isEscrowSolvent } from "./checks.ts";
import { type Community, report } from "./community.ts";
import { type DayOrders, signDay } from "./dayOrders.ts";
import { forecastWh } from "./forecast.ts";
import { forwardMarket } from "./forwardMarket.ts";
import { openSimulation } from "./opening.ts";
import type { SimulationOptions } from "./options.ts";
import { balanceOf, bySlot, type RoundBalance } from "./roundBalance.ts";
import { ISLAND, type Round, roundsOf } from "./rounds.ts";
import type { Simulation } from "./simulation.ts";
import { acceptMarket, settleMarket } from "./spotMarket.ts";
import { type Summary, summarize } from "./summary.ts";
import { leastRetail } from "./tariffs.ts";

/** A finished simulation: the communities on the chain, and the summary. */
export interface Played {
  readonly wattline: Simulation["wattline"];
  readonly communities: readonly Community[];
  readonly summary: Summary;
}

const MARKETS = { accept: acceptMarket, settle: settleMarket, forward: forwardMarket };

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
  const { tariffs, outage } = options;
  const [series] = options.communities;
  const { firstSlot, slotSeconds } = series;
  const { wattline, communities, trading, ledger } = simulation;
  const { chain } = wattline;
  const rounds = roundsOf(series, outage);
  const progress = new Progress("Simulating", rounds.length);
  const market = MARKETS[options.market](simulation);
  const ordersByDay = new Map<number, DayOrders[]>();
  let retailNow = tariffs.retailPerKwh[0] ?? 0n;
  let islandedNow = false;
  let alwaysSolvent = true;

  await prepare(rounds[0]);
  await chain.passTo(firstSlot * slotSeconds);
  for (const [index, round] of rounds.entries()) {
    const startsAt = (round.slots[0] ?? 0) * slotSeconds;
    progress.show(index, new Date(startsAt * 1000).toISOString().slice(0, 16));
    await declare(round);
    await prepare(rounds[index + 1]);
    await playRound(round);
    alwaysSolvent = alwaysSolvent && (await isEscrowSolvent(simulation));
  }
  progress.show(rounds.length, "done");
  return summarize(simulation, options, alwaysSolvent);

  /** Operators set the retail tariff and the first microgrid's mode. */
  async function declare(round: Round): Promise<void> {
    simulation.check();
    const retail = tariffs.retailPerKwh[(round.slots[0] ?? firstSlot) - firstSlot] ?? retailNow;
    for (const community of communities) {
      if (retail !== retailNow) await community.setRetail(retail);
      if (community.microgrid === ISLAND && round.islanded !== islandedNow) {
        await community.setMode(round.islanded ? "Islanded" : "Connected");
      }
    }
    [retailNow, islandedNow] = [retail, round.islanded];
  }

  /** Agreements made during the previous round: an outage is known one round ahead. */
  async function prepare(round: Round | undefined): Promise<void> {
    if (round === undefined) return;
    const slotsPerDay = 86_400 / slotSeconds;
    const expected = await balancesOf(round, round.islanded || islandedNow, (wh, offset) =>
      forecastWh(wh, offset, slotsPerDay),
    );
    await market.prepare(expected, leastRetailIn(round));
  }

  async function playRound(round: Round): Promise<void> {
    const balances = await balancesOf(round, round.islanded);
    await chain.passTo(slotEnd(round.slots.at(-1) ?? firstSlot, slotSeconds));
    for (const { community, offeredWh } of balances) {
      for (const [home, who] of community.households.entries()) {
        if (who.series.capacityW === 0) continue;
        simulation.check();
        ledger.reported(await report(wattline, who, bySlot(round, offeredWh[home] ?? [])));
      }
    }
    await market.clear(balances, leastRetailIn(round));
    for (const balance of balances) if (!balance.islanded) await sellRest(balance);
  }

  /** The grid buys what neighbours did not. */
  async function sellRest({ community, dayOrders, round, offeredWh }: RoundBalance): Promise<void> {
    for (const [home, who] of community.households.entries()) {
      const rest = offeredWh[home] ?? [];
      if (rest.every((wh) => wh === 0n)) continue;
      simulation.check();
      const receipt = await trading.accept(community, who, dayOrders.gridBid, bySlot(round, rest));
      ledger.soldToGrid(receipt, who, community.dso, false);
    }
  }

  async function balancesOf(
    round: Round,
    islanded: boolean,
    pick?: (meteredWh: readonly bigint[], offset: number) => bigint,
  ): Promise<RoundBalance[]> {
    const signed = await dayOrdersOf(round.day);
    return communities.flatMap((community, index) => {
      const dayOrders = signed[index];
      const isIsland = islanded && community.microgrid === ISLAND;
      return dayOrders === undefined
        ? []
        : [balanceOf(community, dayOrders, round, isIsland, tariffs, pick)];
    });
  }

  async function dayOrdersOf(day: number): Promise<DayOrders[]> {
    const known = ordersByDay.get(day);
    if (known !== undefined) return known;
    const signed: DayOrders[] = [];
    for (const community of communities) {
      signed.push(await signDay(trading, community, tariffs, day));
    }
    ordersByDay.set(day, signed);
    return signed;
  }

  function leastRetailIn({ slots }: Round): bigint {
    return leastRetail(
      tariffs,
      slots.map((slot) => slot - firstSlot),
    );
  }
}
