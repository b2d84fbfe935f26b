import { costMillis } from "@wattline/sdk";
import type { StudyTerms } from "@wattline/sdk/study";
import { getBytes, Transaction } from "ethers";
import type { CommunitySeries, HouseholdSeries } from "../profiles/series.ts";
import { openChain } from "../simulation/chain.ts";
import { openSimulation } from "../simulation/opening.ts";
import { playOn } from "../simulation/run.ts";
import type { Simulation } from "../simulation/simulation.ts";
import { type HomeTrades, sumOf, sumsOf } from "../simulation/sums.ts";
import type { Tariffs } from "../simulation/tariffs.ts";
import type { Work } from "./work.ts";
import type { HomeYear, Year } from "./year.ts";

const WEEK_DAYS = 7;
const SECONDS_PER_DAY = 86_400;

/** A transaction on chain, as a rollup would charge for it. */
export interface SentTransaction {
  readonly act: "report" | "settle";
  readonly gasUsed: bigint;
  /** The signed transaction. */
  readonly bytes: Uint8Array;
}

/** A week that was played on a chain and came to the same, to the last unit. */
export interface PlayedWeek {
  /** Its first day, `YYYY-MM-DD`, and how many days it has. */
  readonly from: string;
  readonly days: number;
  readonly tradedWh: bigint;
  readonly trades: number;
  readonly readings: number;
  /** Energy and money amounts that were compared. */
  readonly compared: number;
  readonly transactions: readonly SentTransaction[];
}

/** The chain came to something else than the study; the message names home and slot, or the amount of money. */
export class UnequalError extends Error {}

/** Places of the first slots of sampled weeks, spread evenly over the time; all of it when that is shorter than a week. */
export function sampledWeeks(
  slots: number,
  slotSeconds: number,
  count: number,
): [number, number][] {
  const perDay = SECONDS_PER_DAY / slotSeconds;
  const perWeek = WEEK_DAYS * perDay;
  const weeks = Math.floor(slots / perWeek);
  if (weeks === 0) return count === 0 ? [] : [[0, slots]];
  const sampled = Math.min(count, weeks);
  return Array.from({ length: sampled }, (_, index) => {
    const week = Math.floor(((index + 0.5) * weeks) / sampled);
    return [week * perWeek, (week + 1) * perWeek];
  });
}

/**
 * Plays a part of the study on a chain of its own: meters report, an auctioneer settles signed limits, the grid buys the rest. Then
 * every home's energy in every slot, and its money, are compared with the study.
 * @throws UnequalError where they differ.
 */
export async function playWeek(
  year: Year,
  tariffs: Tariffs,
  [from, to]: readonly [number, number],
  { signal }: Pick<Work, "signal">,
): Promise<PlayedWeek> {
  const [first, ...others] = year.communities;
  const { slotSeconds } = first;
  const part = partOf(first, from, to);
  const parts = others.map((series) => partOf(series, from, to));
  const partTariffs = { ...tariffs, retailPerKwh: tariffs.retailPerKwh.slice(from, to) };
  const options = {
    communities: [part, ...parts],
    tariffs: partTariffs,
    market: "settle",
    isPlanned: true,
  } as const;
  const chain = await openChain(undefined, part.firstSlot * slotSeconds);
  try {
    const simulation = await openSimulation(chain, options, signal);
    const summary = await playOn(simulation, options);
    if (!summary.checks.escrowSolvent || !summary.checks.energyConserved) {
      throw new UnequalError("On the chain money or energy appeared or vanished.");
    }
    const compared = compare(year, simulation, from, to);
    return {
      from: new Date(part.firstSlot * slotSeconds * 1000).toISOString().slice(0, 10),
      days: ((to - from) * slotSeconds) / SECONDS_PER_DAY,
      tradedWh: summary.tradedWh,
      trades: summary.trades,
      readings: summary.readings,
      compared,
      transactions: await transactionsOf(simulation),
    };
  } finally {
    await chain.close();
  }
}

/** The slots of a part of the study. */
function partOf(series: CommunitySeries, from: number, to: number): CommunitySeries {
  const { retailPerKwh, ...rest } = series;
  return {
    ...rest,
    firstSlot: series.firstSlot + from,
    slots: to - from,
    households: series.households.map(
      (household): HouseholdSeries => ({
        ...household,
        loadWh: household.loadWh.slice(from, to),
        producedWh: household.producedWh.slice(from, to),
        exportedWh: household.exportedWh.slice(from, to),
        importedWh: household.importedWh.slice(from, to),
      }),
    ),
    ...(retailPerKwh && { retailPerKwh: retailPerKwh.slice(from, to) }),
  };
}

/** @returns How many amounts were compared. */
function compare(
  { homes, terms }: Year,
  { communities, ledger }: Simulation,
  from: number,
  to: number,
): number {
  const households = communities.flatMap((community) => community.households);
  const sums = sumsOf(ledger.told);
  return households.reduce((compared, who, index) => {
    const home = homes[index];
    if (home === undefined) throw new UnequalError(`${who.name} was not studied.`);
    return compared + compareHome(home, terms, sums.of(who), from, to);
  }, 0);
}

function compareHome(
  { name, trades, studied }: HomeYear,
  { firstSlot, slotSeconds, levelOf }: StudyTerms,
  onChain: HomeTrades,
  from: number,
  to: number,
): number {
  let [paidMillis, receivedMillis, toGridWh] = [0n, 0n, 0n];
  for (let index = from; index < to; index++) {
    const slot = firstSlot + index;
    const [bought, sold] = [trades.boughtWh[index] ?? 0n, trades.soldWh[index] ?? 0n];
    const restWh = (studied.exportedWh[index] ?? 0n) - sold;
    paidMillis += trades.paidMillis[index] ?? 0n;
    receivedMillis +=
      (trades.receivedMillis[index] ?? 0n) + costMillis(levelOf(slot).feedInPerKwh, restWh);
    toGridWh += restWh;
    const at = `slot ${slot} (${new Date(slot * slotSeconds * 1000).toISOString()})`;
    same(`Wh that ${name} bought in ${at}`, bought, onChain.boughtWh.get(slot) ?? 0n);
    same(`Wh that ${name} sold in ${at}`, sold, onChain.soldWh.get(slot) ?? 0n);
  }
  const millis = `thousandths of a base unit that ${name}`;
  same(`${millis} paid`, paidMillis, onChain.paidMillis);
  same(`${millis} received`, receivedMillis, onChain.receivedMillis);
  same(`Wh that ${name} sold to the grid`, toGridWh, sumOf(onChain.toGridWh));
  return 2 * (to - from) + 3;
}

function same(what: string, studied: bigint, played: bigint): void {
  if (studied === played) return;
  throw new UnequalError(`${what}: ${studied} in the study, ${played} on the chain.`);
}

async function transactionsOf({ ledger, wattline }: Simulation): Promise<SentTransaction[]> {
  const { provider } = wattline.chain.ethers;
  const sent: SentTransaction[] = [];
  const acts = new Map<string, SentTransaction["act"]>();
  for (const { act, transaction } of ledger.told) {
    if (act.kind === "report") acts.set(transaction, "report");
    if (act.kind === "match") acts.set(transaction, "settle");
  }
  for (const [hash, act] of acts) {
    const transaction = await provider.getTransaction(hash);
    const receipt = await provider.getTransactionReceipt(hash);
    if (transaction === null || receipt === null)
      throw new Error(`The chain does not know its transaction ${hash}.`);
    const bytes = getBytes(Transaction.from(transaction).serialized);
    sent.push({ act, gasUsed: receipt.gasUsed, bytes });
  }
  return sent;
}
