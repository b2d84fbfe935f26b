import { costMillis } from "@wattline/sdk";
import { getBytes, Transaction } from "ethers";
import { nameplateW } from "../profiles/profilesFile.ts";
import type { CommunitySeries, HouseholdSeries } from "../profiles/series.ts";
import { openChain } from "../simulation/chain.ts";
import type { Household } from "../simulation/community.ts";
import type { Ledger, Position } from "../simulation/ledger.ts";
import { openSimulation } from "../simulation/opening.ts";
import { playOn } from "../simulation/run.ts";
import type { Simulation } from "../simulation/simulation.ts";
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
  const { series } = year;
  const part = partOf(year, from, to);
  const partTariffs = { ...tariffs, retailPerKwh: tariffs.retailPerKwh.slice(from, to) };
  const options = { communities: [part], tariffs: partTariffs, market: "settle" } as const;
  const chain = await openChain(undefined, part.firstSlot * part.slotSeconds);
  try {
    const simulation = await openSimulation(chain, options, signal);
    const summary = await playOn(simulation, options);
    if (!summary.checks.escrowSolvent || !summary.checks.energyConserved) {
      throw new UnequalError("On the chain money or energy appeared or vanished.");
    }
    const compared = compare(year, simulation, from, to);
    return {
      from: new Date(part.firstSlot * part.slotSeconds * 1000).toISOString().slice(0, 10),
      days: ((to - from) * series.slotSeconds) / SECONDS_PER_DAY,
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

/** The slots of a part of the study, with what meters count with batteries. */
function partOf({ series, homes }: Year, from: number, to: number): CommunitySeries {
  const { retailPerKwh, ...rest } = series;
  return {
    ...rest,
    firstSlot: series.firstSlot + from,
    slots: to - from,
    households: series.households.map((household, index): HouseholdSeries => {
      const { importedWh, exportedWh } = homes[index]?.studied ?? household;
      const exported = exportedWh.slice(from, to);
      return {
        name: household.name,
        // A battery may give more than the roof.
        capacityW: Math.max(household.capacityW, nameplateW(exported, series.slotSeconds)),
        loadWh: household.loadWh.slice(from, to),
        producedWh: household.producedWh.slice(from, to),
        exportedWh: exported,
        importedWh: importedWh.slice(from, to),
      };
    }),
    ...(retailPerKwh && { retailPerKwh: retailPerKwh.slice(from, to) }),
  };
}

/** @returns How many amounts were compared. */
function compare(
  year: Year,
  { communities, ledger }: Simulation,
  from: number,
  to: number,
): number {
  let compared = 0;
  for (const community of communities) {
    for (const [index, who] of community.households.entries()) {
      const home = year.homes[index];
      if (home === undefined) throw new UnequalError(`${who.name} was not studied.`);
      compared += compareHome(year, home, who, ledger, from, to);
    }
  }
  return compared;
}

function compareHome(
  { series, terms }: Year,
  { name, trades, studied }: HomeYear,
  who: Household,
  ledger: Ledger,
  from: number,
  to: number,
): number {
  const position = ledger.of(who);
  let [paidMillis, receivedMillis, toGridWh, compared] = [0n, 0n, 0n, 0];
  for (let index = from; index < to; index++) {
    const slot = series.firstSlot + index;
    const { pricePerKwh, feePerKwh, feedInPerKwh } = terms.levelOf(slot);
    const [bought, sold] = [trades.boughtWh[index] ?? 0n, trades.soldWh[index] ?? 0n];
    const restWh = (studied.exportedWh[index] ?? 0n) - sold;
    paidMillis += costMillis(pricePerKwh, bought);
    receivedMillis += costMillis(pricePerKwh - feePerKwh, sold) + costMillis(feedInPerKwh, restWh);
    toGridWh += restWh;
    const at = `slot ${slot} (${new Date(slot * series.slotSeconds * 1000).toISOString()})`;
    same(`Wh that ${name} bought in ${at}`, bought, position.boughtWh.get(slot) ?? 0n);
    same(`Wh that ${name} sold in ${at}`, sold, position.sentWh.get(slot) ?? 0n);
    compared += 2;
  }
  const amounts: readonly (readonly [string, bigint, (of: Position) => bigint])[] = [
    ["paid", paidMillis, (of) => of.paidMillis],
    ["received", receivedMillis, (of) => of.receivedMillis],
  ];
  for (const [what, expected, of] of amounts) {
    same(`thousandths of a base unit that ${name} ${what}`, expected, of(position));
  }
  same(`Wh that ${name} sold to the grid`, toGridWh, position.soldToGridWh);
  return compared + amounts.length + 1;
}

function same(what: string, studied: bigint, played: bigint): void {
  if (studied === played) return;
  throw new UnequalError(`${what}: ${studied} in the study, ${played} on the chain.`);
}

async function transactionsOf({ ledger, wattline }: Simulation): Promise<SentTransaction[]> {
  const { provider } = wattline.chain.ethers;
  const sent: SentTransaction[] = [];
  for (const { act, hash, gasUsed } of ledger.spent) {
    const transaction = await provider.getTransaction(hash);
    if (transaction === null) throw new Error(`The chain does not know its transaction ${hash}.`);
    sent.push({ act, gasUsed, bytes: getBytes(Transaction.from(transaction).serialized) });
  }
  return sent;
}
