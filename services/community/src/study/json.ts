import { figuresOf } from "./figures.ts";
import type { Study } from "./run.ts";

/**
 * The study for programs: energy in Wh and money in thousandths of a base unit as decimal strings, prices in base units per kWh,
 * shares from 0 to 1.
 */
export function studyJson(study: Study): string {
  const { options, year, optimum, sensitivity, weeks, rollups } = study;
  const { battery, tariffs } = options;
  const [series] = year.communities;
  const content = {
    communities: year.communities.map(({ name }) => name),
    ...(year.line && { line: year.line }),
    firstSlot: series.firstSlot,
    slots: series.slots,
    slotSeconds: series.slotSeconds,
    feedInPerKwh: tariffs.feedInPerKwh,
    ...(battery && { battery }),
    figures: figuresOf(study),
    tradeableWh: year.tradeableWh,
    tradedWh: year.tradedWh,
    arrivedWh: year.arrivedWh,
    averagePricePerKwh: year.averagePricePerKwh,
    ...(battery && { takenWh: year.takenWh, givenWh: year.givenWh }),
    homes: year.homes.map(({ studied, trades, found, ...home }) => ({
      ...home,
      account: studied.name,
      total: found.total,
      months: found.months,
    })),
    // All energy is traded after it was metered, so that no bond is at stake.
    bondsLost: [],
    optimum,
    sensitivity,
    weeks: weeks.map(({ transactions, ...week }) => ({
      ...week,
      transactions: transactions.length,
      gasUsed: transactions.reduce((sum, { gasUsed }) => sum + gasUsed, 0n),
    })),
    rollups: rollups.map(({ rollup: { name, gwei, formula, source }, ...costs }) => ({
      name,
      gwei,
      formula,
      source,
      ...costs,
    })),
    gasPrices: options.gasPrices,
  };
  const written = (_: string, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value;
  return `${JSON.stringify(content, written, 2)}\n`;
}
