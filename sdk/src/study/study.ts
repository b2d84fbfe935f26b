/**
 * What homes would pay with and without each other. In every slot they trade at the community price what they have and need,
 * rationed equally, as `clearCommunity` does with an offer of each home at the feed-in tariff and a bid of each at the
 * retail tariff.
 */
import { billWithGridMillis, billWithTradesMillis } from "../bills.ts";
import { costMillis } from "../money.ts";
import { type HouseholdClaim, rationEqually } from "../rationing.ts";
import { addDays, localDayOf, slotStart, slotsOfDay } from "../slots.ts";
import type {
  HomeStudy,
  HomeTrades,
  StudiedHome,
  StudyLevel,
  StudyMonth,
  StudySums,
  StudyTerms,
} from "./types.ts";

/**
 * Studies homes over the same slots.
 * @param trades What each home trades, unless it is {@link tradesOf}.
 * @returns What was found for each home, in their order.
 * @throws RangeError when homes have different numbers of slots, none, one name or a negative energy.
 */
export function study(
  homes: readonly StudiedHome[],
  terms: StudyTerms,
  trades?: readonly HomeTrades[],
): HomeStudy[] {
  const slots = slotCountOf(homes);
  const levels = levelsOf(slots, terms);
  const traded = trades ?? tradesIn(homes, levels, terms.firstSlot);
  const months = monthsOf(slots, terms);
  return homes.map((home, index) => {
    const own = traded[index] ?? NO_TRADES;
    const found = months.map(
      ({ month, from, to }): StudyMonth => ({ month, ...sumsOf(home, own, levels, from, to) }),
    );
    return { name: home.name, months: found, total: found.reduce(addSums, NOTHING) };
  });
}

const NO_TRADES: HomeTrades = { boughtWh: [], soldWh: [], paidMillis: [], receivedMillis: [] };

/**
 * What every home trades with its neighbours, slot by slot, in the order of the homes.
 * @throws RangeError as {@link study}.
 */
export const tradesOf = (homes: readonly StudiedHome[], terms: StudyTerms): HomeTrades[] =>
  tradesIn(homes, levelsOf(slotCountOf(homes), terms), terms.firstSlot);

const levelsOf = (slots: number, { firstSlot, levelOf }: StudyTerms): StudyLevel[] =>
  Array.from({ length: slots }, (_, index) => levelOf(firstSlot + index));

/** Whether neighbours trade: neither side is worse off than with the utility, and one is better off. */
export const isWorthwhile = ({
  pricePerKwh,
  feePerKwh,
  feedInPerKwh,
  retailPerKwh,
}: StudyLevel): boolean =>
  pricePerKwh - feePerKwh >= feedInPerKwh &&
  pricePerKwh <= retailPerKwh &&
  feedInPerKwh + feePerKwh < retailPerKwh;

function tradesIn(
  homes: readonly StudiedHome[],
  levels: readonly StudyLevel[],
  firstSlot: number,
): HomeTrades[] {
  const none = () => new Array<bigint>(levels.length).fill(0n);
  const trades = homes.map(() => ({
    boughtWh: none(),
    soldWh: none(),
    paidMillis: none(),
    receivedMillis: none(),
  }));
  for (const [index, level] of levels.entries()) {
    // At night nobody has energy left.
    if (!isWorthwhile(level) || !homes.some((home) => surplusWh(home, index) > 0n)) continue;
    const [sellers, buyers] = sidesIn(homes, index);
    if (sellers.length === 0 || buyers.length === 0) continue;
    const [sold, bought] = [sellers, buyers].map((side, _, [offers = [], bids = []]) =>
      rationEqually(side, least(sumOf(offers), sumOf(bids)), firstSlot + index),
    );
    const { pricePerKwh, feePerKwh } = level;
    for (const [at, { home }] of sellers.entries()) {
      const wh = sold?.[at] ?? 0n;
      put(trades[home]?.soldWh, index, wh);
      put(trades[home]?.receivedMillis, index, costMillis(pricePerKwh - feePerKwh, wh));
    }
    for (const [at, { home }] of buyers.entries()) {
      const wh = bought?.[at] ?? 0n;
      put(trades[home]?.boughtWh, index, wh);
      put(trades[home]?.paidMillis, index, costMillis(pricePerKwh, wh));
    }
  }
  return trades;
}

interface Claim extends HouseholdClaim {
  /** The home's place in the list. */
  readonly home: number;
}

/** What a home has left in a slot, negative when it lacks energy: where its meter counts both, it trades the difference. */
const surplusWh = ({ exportedWh, importedWh }: StudiedHome, index: number): bigint =>
  (exportedWh[index] ?? 0n) - (importedWh[index] ?? 0n);

/** Who has energy left in a slot, and who lacks it. */
function sidesIn(homes: readonly StudiedHome[], index: number): [Claim[], Claim[]] {
  const [sellers, buyers]: [Claim[], Claim[]] = [[], []];
  for (const [home, each] of homes.entries()) {
    const energyWh = surplusWh(each, index);
    if (energyWh > 0n) sellers.push({ home, household: each.name, energyWh });
    if (energyWh < 0n) buyers.push({ home, household: each.name, energyWh: -energyWh });
  }
  return [sellers, buyers];
}

function put(values: bigint[] | undefined, index: number, value: bigint): void {
  if (values !== undefined) values[index] = value;
}

/** A run of slots within one calendar month: indices, `to` not included. */
interface MonthSpan {
  readonly month: string;
  readonly from: number;
  readonly to: number;
}

function monthsOf(slots: number, { firstSlot, slotSeconds, timeZone }: StudyTerms): MonthSpan[] {
  const months: MonthSpan[] = [];
  for (let from = 0; from < slots; ) {
    const month = localDayOf(slotStart(firstSlot + from, slotSeconds), timeZone).slice(0, 7);
    const next = `${addDays(`${month}-01`, 31).slice(0, 7)}-01`;
    const to = Math.min(slots, slotsOfDay(next, timeZone, slotSeconds).firstSlot - firstSlot);
    months.push({ month, from, to });
    from = to;
  }
  return months;
}

function sumsOf(
  home: StudiedHome,
  trades: HomeTrades,
  allLevels: readonly StudyLevel[],
  from: number,
  to: number,
): StudySums {
  const part = (energyWh: readonly bigint[]) => energyWh.slice(from, to);
  const levels = allLevels.slice(from, to);
  const [importedWh, exportedWh] = [part(home.importedWh), part(home.exportedWh)];
  const [boughtWh, soldWh] = [part(trades.boughtWh), part(trades.soldWh)];
  const worthOf = (energyWh: readonly bigint[], priceOf: (level: StudyLevel) => bigint) =>
    sumOver(levels, (level, slot) => costMillis(priceOf(level), energyWh[slot] ?? 0n));
  const retailPerKwh = levels.map((level) => level.retailPerKwh);
  const feedInPerKwh = levels.map((level) => level.feedInPerKwh);
  const [paidMillis, receivedMillis] = [
    total(part(trades.paidMillis)),
    total(part(trades.receivedMillis)),
  ];
  const restWh = exportedWh.map((wh, slot) => wh - (soldWh[slot] ?? 0n));
  const fromGridMillis = worthOf(restWh, (level) => level.feedInPerKwh);
  return {
    importedWh: total(importedWh),
    exportedWh: total(exportedWh),
    boughtWh: total(boughtWh),
    soldWh: total(soldWh),
    paidMillis,
    receivedMillis,
    aloneMillis: billWithGridMillis({ importedWh, exportedWh, retailPerKwh, feedInPerKwh }),
    togetherMillis: billWithTradesMillis(
      { importedWh, retailPerKwh },
      { boughtWh, paidMillis, receivedMillis: receivedMillis + fromGridMillis },
    ),
    slotsTraded: boughtWh.filter((wh, slot) => wh > 0n || (soldWh[slot] ?? 0n) > 0n).length,
  };
}

const NOTHING: StudySums = {
  importedWh: 0n,
  exportedWh: 0n,
  boughtWh: 0n,
  soldWh: 0n,
  paidMillis: 0n,
  receivedMillis: 0n,
  aloneMillis: 0n,
  togetherMillis: 0n,
  slotsTraded: 0,
};

const addSums = (a: StudySums, b: StudySums): StudySums => ({
  importedWh: a.importedWh + b.importedWh,
  exportedWh: a.exportedWh + b.exportedWh,
  boughtWh: a.boughtWh + b.boughtWh,
  soldWh: a.soldWh + b.soldWh,
  paidMillis: a.paidMillis + b.paidMillis,
  receivedMillis: a.receivedMillis + b.receivedMillis,
  aloneMillis: a.aloneMillis + b.aloneMillis,
  togetherMillis: a.togetherMillis + b.togetherMillis,
  slotsTraded: a.slotsTraded + b.slotsTraded,
});

function slotCountOf(homes: readonly StudiedHome[]): number {
  const slots = homes[0]?.importedWh.length ?? 0;
  if (slots === 0) throw new RangeError("There is no slot to study: give homes with energy.");
  for (const { name, importedWh, exportedWh } of homes) {
    for (const energyWh of [importedWh, exportedWh]) {
      if (energyWh.length !== slots) {
        throw new RangeError(`${name} has ${energyWh.length} slots, others have ${slots}.`);
      }
      const negative = energyWh.find((wh) => wh < 0n);
      if (negative !== undefined) {
        throw new RangeError(`${name} has ${negative} Wh in a slot: energy is never negative.`);
      }
    }
    if (homes.filter((home) => home.name.toLowerCase() === name.toLowerCase()).length > 1) {
      throw new RangeError(`There are two homes named ${name}: give each a name of its own.`);
    }
  }
  return slots;
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const total = (energyWh: readonly bigint[]): bigint => energyWh.reduce((sum, wh) => sum + wh, 0n);
const sumOf = (claims: readonly HouseholdClaim[]): bigint =>
  claims.reduce((sum, { energyWh }) => sum + energyWh, 0n);
const sumOver = <Each>(
  all: readonly Each[],
  worth: (each: Each, index: number) => bigint,
): bigint => all.reduce((sum, each, index) => sum + worth(each, index), 0n);
