import { share } from "./figures.ts";
import { kwh, money, percent } from "./format.ts";
import { section, table } from "./pageParts.ts";
import type { Study } from "./run.ts";
import type { Variant } from "./sensitivity.ts";

export function sensitivitySection({ sensitivity: { spread, roofs } }: Study): string {
  const row = ({ percent: of, aloneMillis, togetherMillis, boughtWh, consumedWh }: Variant) => [
    `${of} %`,
    money(aloneMillis),
    money(togetherMillis),
    percent(share(aloneMillis - togetherMillis, aloneMillis)),
    kwh(boughtWh),
    percent(share(boughtWh, consumedWh)),
  ];
  const head = ["Bills before", "Bills after", "Down by", "Traded kWh", "Of use"];
  return section(
    "If it were otherwise",
    `<p>Without batteries, and without a tie line.</p>
<h3>The retail tariff nearer to the feed-in tariff, or further away</h3>
${table(["Spread, of today's", ...head], spread.map(row))}
<h3>Fewer roofs</h3>
${table(["Homes with a roof that keep it", ...head], roofs.map(row))}`,
  );
}

export function weeksSection({ weeks }: Study): string {
  if (weeks.length === 0) {
    return section("On a chain", "<p>No week was played on a chain.</p>");
  }
  const rows = weeks.map(({ from, days, readings, trades, tradedWh, compared, transactions }) => [
    `${days} days from ${from}`,
    readings.toLocaleString("en"),
    trades.toLocaleString("en"),
    kwh(tradedWh),
    transactions.reduce((sum, { gasUsed }) => sum + gasUsed, 0n).toLocaleString("en"),
    compared.toLocaleString("en"),
  ]);
  return section(
    "On a chain",
    `<p>These days were played through the real contracts as well: meters sign and report, homes sign limits, an auctioneer settles them in batches. Every home's energy in every slot, and all its money, came to the same, to the last unit.</p>
${table(["", "Readings", "Trades", "Traded kWh", "Gas", "Amounts compared"], rows)}`,
  );
}

export function rollupsSection({ rollups, options: { gasPrices } }: Study): string {
  if (rollups.length === 0) return "";
  const { etherPrice, l1Gwei, blobGwei } = gasPrices;
  const rows = rollups.flatMap(({ rollup, acts, perHomeAndYear }) => [
    ...acts.map((each) => [
      `${rollup.name}, ${each.act}`,
      Math.round(each.gasUsed).toLocaleString("en"),
      Math.round(each.bytes).toLocaleString("en"),
      `${Math.round(each.gasUsed).toLocaleString("en")} × ${rollup.gwei} = ${gwei(each.executionGwei)}`,
      gwei(each.dataGwei),
      ((each.executionGwei + each.dataGwei) * 1e-9 * etherPrice).toFixed(5),
      each.transactions.toLocaleString("en"),
    ]),
    [
      `<strong>${rollup.name}, per home and year</strong>`,
      "",
      "",
      "",
      "",
      `<strong>${perHomeAndYear.toFixed(2)}</strong>`,
      "",
    ],
  ]);
  const formulas = rollups.map(
    ({ rollup: { name, formula, source, gwei: asked } }) =>
      `<li class="formula">${name}: gas × ${asked} gwei for execution; data: ${formula} (<a href="${source}">source</a>)</li>`,
  );
  return section(
    "What gas costs on rollups",
    `<p>By the transactions of the days on the chain, at ${etherPrice} for an ether, an L1 base fee of ${l1Gwei} gwei and a blob base fee of ${blobGwei} gwei. These prices are assumptions that change by the minute; --ether-price, --l1-gas and --blob-gas set others. Every home reported every two hours here; once a day is several times cheaper.</p>
${table(["", "Gas", "Bytes", "Execution, gwei", "Data, gwei", "Cost of one", "Transactions"], rows)}
<ul>${formulas.join("")}</ul>`,
  );
}

const gwei = (amount: number): string =>
  amount.toLocaleString("en", { maximumFractionDigits: amount < 100 ? 1 : 0 });
