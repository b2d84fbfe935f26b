import { inColumns } from "@wattline/common/columns";
import { formatAmount } from "@wattline/sdk";
import type { HouseholdSummary, Summary } from "./summary.ts";
import { CURRENCY_DECIMALS } from "./values.ts";

/** The summary for people: a table of households, and a line per figure of the community. */
export function tablesOf(summary: Summary): string {
  const dark = summary.households.some(({ unservedWh }) => unservedWh > 0n);
  const head = [
    "",
    "produced",
    "exported",
    "imported",
    "sold",
    "bought",
    ...(dark ? ["unserved"] : []),
    "earned +",
    "saved",
    "bill before",
    "bill after",
  ];
  const microgrids = new Set(summary.households.map(({ microgrid }) => microgrid)).size;
  const rows = summary.households.map((home) => [
    microgrids > 1 ? `${home.microgrid} ${home.name}` : home.name,
    kwh(home.producedWh),
    kwh(home.exportedWh),
    kwh(home.importedWh),
    kwh(home.soldWh),
    kwh(home.boughtWh),
    ...(dark ? [kwh(home.unservedWh)] : []),
    money(home.earnedOverFeedInMillis),
    money(home.savedAgainstRetailMillis),
    money(home.billBeforeMillis),
    money(home.billAfterMillis),
  ]);
  const all = (pick: (home: HouseholdSummary) => bigint) =>
    summary.households.reduce((total, home) => total + pick(home), 0n);
  rows.push([
    "together",
    kwh(all((home) => home.producedWh)),
    kwh(all((home) => home.exportedWh)),
    kwh(all((home) => home.importedWh)),
    kwh(all((home) => home.soldWh)),
    kwh(all((home) => home.boughtWh)),
    ...(dark ? [kwh(all((home) => home.unservedWh))] : []),
    money(all((home) => home.earnedOverFeedInMillis)),
    money(all((home) => home.savedAgainstRetailMillis)),
    money(all((home) => home.billBeforeMillis)),
    money(all((home) => home.billAfterMillis)),
  ]);
  const consumed = all((home) => home.consumedWh);
  // The community's self-supply: roofs for their own homes, and trades between neighbours.
  const ownUse = consumed - all((home) => home.importedWh);
  const figures: [string, string][] = [
    [
      "traded between neighbours",
      `${kwh(summary.tradedWh)} kWh, ${percent(summary.tradedWh - summary.notNeededWh, summary.tradeableWh)} of what was tradeable, in ${summary.trades} trades`,
    ],
    ["sold to the grid", `${kwh(all((home) => home.soldToGridWh))} kWh`],
    [
      "self-sufficiency",
      `${percent(ownUse, consumed)} alone, ${percent(ownUse + all((home) => home.boughtWh), consumed)} together`,
    ],
    ["average price", `${price(summary.averagePricePerKwh)} per kWh`],
    [
      "gas",
      `${summary.gasUsed.toLocaleString("en")} for ${summary.readings} readings, ${summary.trades} trades and the rest`,
    ],
    ...particularsOf(summary),
    ["escrow solvent", summary.checks.escrowSolvent ? "yes" : "NO"],
    ["energy conserved", summary.checks.energyConserved ? "yes" : "NO"],
  ];
  const label = Math.max(...figures.map(([name]) => name.length));
  return [
    table([head, ...rows]),
    "kWh and Test Euro. “earned +”: beyond the feed-in tariff; “saved”: against the retail tariff.",
    "",
    ...figures.map(([name, value]) => `${name.padEnd(label)}  ${value}`),
  ].join("\n");
}

/** Figures that only some runs have: a forward's shortfall, a tie line's loss, an outage's unserved load. */
function particularsOf(summary: Summary): [string, string][] {
  const { market, shortfallWh, bondPaidMillis, lostWh, unservedCriticalWh, households } = summary;
  const unservedWh = households.reduce((total, home) => total + home.unservedWh, 0n);
  const figures: [string, string][] = [];
  if (market === "forward") {
    figures.push([
      "shortfall",
      `${kwh(shortfallWh)} kWh, for which ${money(bondPaidMillis)} were paid`,
    ]);
  }
  if (lostWh > 0n) figures.push(["lost on the tie line", `${kwh(lostWh)} kWh`]);
  if (unservedWh > 0n) {
    figures.push([
      "unserved in the outage",
      `${kwh(unservedWh)} kWh, of it ${kwh(unservedCriticalWh)} kWh of critical loads`,
    ]);
  }
  return figures;
}

/** The summary as JSON: amounts as decimal strings, in Wh and in thousandths of a base unit, prices in base units per kWh. */
export const jsonOf = (summary: Summary): string =>
  `${JSON.stringify(summary, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value), 2)}\n`;

function table(rows: readonly (readonly string[])[]): string {
  const lines = inColumns(rows);
  const rule = "─".repeat(lines[0]?.length ?? 0);
  return [lines[0], rule, ...lines.slice(1, -1), rule, lines.at(-1)].join("\n");
}

const kwh = (wh: bigint): string => formatAmount(wh, 3, { shown: 1 });
const price = (perKwh: bigint): string => formatAmount(perKwh, CURRENCY_DECIMALS, { shown: 2 });
/** Of thousandths of a base unit. */
const money = (millis: bigint): string => formatAmount(millis, CURRENCY_DECIMALS + 3, { shown: 2 });

const percent = (part: bigint, whole: bigint): string =>
  whole === 0n ? "–" : `${formatAmount((part * 10_000n) / whole, 2, { shown: 1 })} %`;
