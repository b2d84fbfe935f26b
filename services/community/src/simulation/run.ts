import { Progress } from "@wattline/common/progress";
import { slotEnd } from "@wattline/sdk";
import type { Chain } from "./chain.ts";
import { isEscrowSolvent } from "./checks.ts";
import { type Community, report } from "./community.ts";
import { type DayBook, signDay } from "./dayBook.ts";
import { forecastWh } from "./forecast.ts";
import { forwardMarket } from "./forwardMarket.ts";
import { openStage } from "./opening.ts";
import type { SimulationOptions } from "./options.ts";
import { ISLAND, type Round, roundsOf } from "./rounds.ts";
import { acceptMarket, settleMarket } from "./spotMarket.ts";
import type { Stage } from "./stage.ts";
import { type Summary, summarize } from "./summary.ts";
import { bySlot, type Tally, tallyOf } from "./tally.ts";
import { leastRetail } from "./tariffs.ts";

/** A simulation that has run: the communities as they now stand on the chain, and what came of them. */
export interface Played {
  readonly wattline: Stage["wattline"];
  readonly communities: readonly Community[];
  readonly summary: Summary;
}

const MARKETS = { accept: acceptMarket, settle: settleMarket, forward: forwardMarket };

/**
 * Plays communities' days on a chain, a block of eight slots at a time: meters report and mint, neighbours trade, the
 * grid takes the rest at the feed-in tariff. Chain time follows the data's.
 * @param signal Stops the run between two transactions with the signal's reason.
 */
export async function play(
  chain: Chain,
  options: SimulationOptions,
  signal: AbortSignal,
): Promise<Played> {
  const stage = await openStage(chain, options, signal);
  const summary = await playOn(stage, options);
  return { wattline: stage.wattline, communities: stage.communities, summary };
}

/** Plays as {@link play} does, on a stage that is open already. */
export async function playOn(stage: Stage, options: SimulationOptions): Promise<Summary> {
  const { tariffs, outage } = options;
  const [series] = options.communities;
  const { firstSlot, slotSeconds } = series;
  const { wattline, communities, trading, ledger } = stage;
  const { chain } = wattline;
  const rounds = roundsOf(series, outage);
  const progress = new Progress("Simulating", rounds.length);
  const market = MARKETS[options.market](stage);
  const books = new Map<number, DayBook[]>();
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
    alwaysSolvent = alwaysSolvent && (await isEscrowSolvent(stage));
  }
  progress.show(rounds.length, "done");
  return summarize(stage, options, alwaysSolvent);

  /** Operators publish the retail tariff and whether the first microgrid is cut off. */
  async function declare(round: Round): Promise<void> {
    stage.check();
    const retail = tariffs.retailPerKwh[(round.slots[0] ?? firstSlot) - firstSlot] ?? retailNow;
    for (const community of communities) {
      if (retail !== retailNow) await community.setRetail(retail);
      if (community.microgrid === ISLAND && round.islanded !== islandedNow) {
        await community.setMode(round.islanded ? "Islanded" : "Connected");
      }
    }
    [retailNow, islandedNow] = [retail, round.islanded];
  }

  /** What can be agreed before a round, while another one is running: an outage is known one round ahead. */
  async function prepare(round: Round | undefined): Promise<void> {
    if (round === undefined) return;
    const slotsPerDay = 86_400 / slotSeconds;
    const expected = await talliesOf(round, round.islanded || islandedNow, (wh, offset) =>
      forecastWh(wh, offset, slotsPerDay),
    );
    await market.prepare(expected, leastRetailIn(round));
  }

  async function playRound(round: Round): Promise<void> {
    const tallies = await talliesOf(round, round.islanded);
    await chain.passTo(slotEnd(round.slots.at(-1) ?? firstSlot, slotSeconds));
    for (const { community, offeredWh } of tallies) {
      for (const [home, who] of community.households.entries()) {
        if (who.series.capacityW === 0) continue;
        stage.check();
        ledger.reported(await report(wattline, who, bySlot(round, offeredWh[home] ?? [])));
      }
    }
    await market.clear(tallies, leastRetailIn(round));
    for (const tally of tallies) if (!tally.islanded) await sellRest(tally);
  }

  /** The grid takes what neighbours have left. */
  async function sellRest({ community, book, round, offeredWh }: Tally): Promise<void> {
    for (const [home, who] of community.households.entries()) {
      const rest = offeredWh[home] ?? [];
      if (rest.every((wh) => wh === 0n)) continue;
      stage.check();
      const receipt = await trading.accept(community, who, book.gridBid, bySlot(round, rest));
      ledger.soldToGrid(receipt, who, community.dso, false);
    }
  }

  async function talliesOf(
    round: Round,
    islanded: boolean,
    pick?: (meteredWh: readonly bigint[], offset: number) => bigint,
  ): Promise<Tally[]> {
    const signed = await booksOf(round.day);
    return communities.flatMap((community, index) => {
      const book = signed[index];
      const cutOff = islanded && community.microgrid === ISLAND;
      return book === undefined ? [] : [tallyOf(community, book, round, cutOff, tariffs, pick)];
    });
  }

  async function booksOf(day: number): Promise<DayBook[]> {
    const known = books.get(day);
    if (known !== undefined) return known;
    const signed: DayBook[] = [];
    for (const community of communities) {
      signed.push(await signDay(trading, community, tariffs, day));
    }
    books.set(day, signed);
    return signed;
  }

  function leastRetailIn({ slots }: Round): bigint {
    return leastRetail(
      tariffs,
      slots.map((slot) => slot - firstSlot),
    );
  }
}
