import { figuresOf } from "./figures.ts";
import { kwh, money, percent } from "./format.ts";
import type { Study } from "./run.ts";

/** What the study found, in a few lines for a terminal. */
export function summaryOf(study: Study): string {
  const figures = figuresOf(study);
  const { year, weeks, rollups } = study;
  const lines: [string, string][] = [
    ["bills before", money(figures.aloneMillis)],
    ["bills after", `${money(figures.togetherMillis)}, ${percent(figures.billsDown)} less`],
    ["traded", `${kwh(year.tradedWh)} kWh, ${percent(figures.tradedShare)} of what was tradeable`],
    [
      "self-sufficiency",
      `${percent(figures.selfSufficiencyAlone)} alone, ${percent(figures.selfSufficiency)} together`,
    ],
    [
      "value",
      `${money(figures.valueMillis)}, ${percent(figures.valueShare)} of the optimum's ${money(figures.bestValueMillis)}`,
    ],
    ["worse off", `${figures.worseHomes.length} homes, ${figures.worseSlots} slots`],
    ...weeks.map((week): [string, string] => [
      "on chain",
      `${week.days} days from ${week.from}: the same in all ${week.compared.toLocaleString("en")} amounts`,
    ]),
    ...rollups.map(({ rollup, perHomeAndYear }): [string, string] => [
      rollup.name,
      `${perHomeAndYear.toFixed(2)} per home and year`,
    ]),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}
