import { STYLE } from "@wattline/common/reportStyle";
import type { Battery } from "@wattline/sdk/battery";
import { chart } from "./charts.ts";
import { type Figures, figuresOf } from "./figures.ts";
import { escaped, kwh, kwhNumber, money, moneyNumber, percent, price } from "./format.ts";
import { rollupsSection, sensitivitySection, weeksSection } from "./pageChecks.ts";
import { section, table } from "./pageParts.ts";
import { optimumSection, pricesSection } from "./pagePrices.ts";
import type { Study } from "./run.ts";
import type { HomeYear } from "./year.ts";

const OWN_STYLE = `
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:14px;margin:0}
.figures div{border:1px solid var(--line);border-radius:10px;padding:12px 14px}
.figures dd{font-size:24px;font-weight:650;line-height:1.2}
.figures p{margin:2px 0 0;color:var(--soft);font-size:12.5px}
.formula{overflow-wrap:anywhere}
rect.grid{fill:var(--soft)}rect.best{fill:var(--good)}rect.alone{fill:var(--line)}
.legend .grid::before{background:var(--soft)}.legend .best::before{background:var(--good)}.legend .alone::before{background:var(--line)}
section{overflow-x:auto}
th.number{white-space:normal}
td,th{padding-left:6px;padding-right:6px}
h3{margin:18px 0 6px}
`;

/** The study as one HTML page that needs nothing else: for the screen in light and dark, and for paper. */
export function studyPage(study: Study): string {
  const figures = figuresOf(study);
  const { year } = study;
  const name = year.communities.map((each) => escaped(each.name)).join(", ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Wattline study, ${name}</title>
<style>${STYLE}${OWN_STYLE}</style>
</head>
<body>
<main>
<header>
<p class="brand">Wattline study</p>
<h1>${headline(figures)}</h1>
<p class="lead">${leadOf(study)}</p>
</header>
${[
  figuresSection(figures, study),
  homesSection(study),
  monthsSection(study),
  pricesSection(study),
  optimumSection(figures, study),
  sensitivitySection(study),
  weeksSection(study),
  rollupsSection(study),
  assumptionsSection(study),
].join("\n")}
<footer>Energy in kWh, money in the currency of the tariffs. All amounts to the unit are in study.json.</footer>
</main>
</body>
</html>
`;
}

const headline = ({ billsDown }: Figures): string =>
  billsDown > 0 ? `Bills go down by ${percent(billsDown)}` : "Bills stay as they are";

function leadOf({ year, options }: Study): string {
  const { homes, communities, line } = year;
  const [series] = communities;
  const [from, to] = [series.firstSlot, series.firstSlot + series.slots - 1].map((slot) =>
    dayOf(slot * series.slotSeconds),
  );
  const batteries = options.battery
    ? `, each with a battery of ${batteryText(options.battery)}`
    : "";
  const places = line === undefined ? "" : " in two communities joined by a tie line";
  return `${homes.length} homes${places}${batteries}, from ${from} to ${to}, in slots of ${series.slotSeconds / 60} minutes: what each would have paid with its utility alone, and what it pays when neighbours trade at the community price what they have left and lack.`;
}

function batteryText(battery: Battery): string {
  return `${Number(battery.capacityWh) / 1000} kWh, ${Number(battery.powerW) / 1000} kW and ${battery.efficiencyPercent} % efficiency`;
}

function figuresSection(figures: Figures, { year }: Study): string {
  const worse =
    figures.worseHomes.length === 0 && figures.worseSlots === 0
      ? "No home, in no slot"
      : `${figures.worseHomes.length} homes, ${figures.worseSlots} slots`;
  const cells: [string, string, string][] = [
    [
      "Bills of all homes",
      `−${percent(figures.billsDown)}`,
      `${money(figures.aloneMillis)} → ${money(figures.togetherMillis)}; a pilot in Japan: −9 %`,
    ],
    [
      "Demand met locally",
      percent(figures.selfSufficiency),
      `${percent(figures.selfSufficiencyAlone)} without trading; Quartierstrom: a third`,
    ],
    [
      "Self-consumption",
      percent(figures.selfConsumption),
      `${percent(figures.selfConsumptionAlone)} without trading`,
    ],
    [
      "Traded",
      `${kwh(year.tradedWh)} kWh`,
      `${percent(figures.tradedShare)} of what was tradeable`,
    ],
    [
      "Of the optimum's value",
      percent(figures.valueShare),
      `${money(figures.valueMillis)} of ${money(figures.bestValueMillis)} with perfect foresight`,
    ],
    [
      "Earned over the feed-in tariff",
      money(figures.earnedOverFeedInMillis),
      `saved against the retail tariff: ${money(figures.savedAgainstRetailMillis)}`,
    ],
    ["Worse off by a trade", worse, "against the utility alone"],
    ["Bonds lost", "none", "energy is traded after it was metered, without a bond"],
  ];
  const shown = cells.map(
    ([name, value, note]) => `<div><dt>${name}</dt><dd>${value}</dd><p>${note}</p></div>`,
  );
  return section("At a glance", `<dl class="figures">${shown.join("")}</dl>`);
}

function homesSection({ year, options }: Study): string {
  const batteries = options.battery !== undefined;
  const head = [
    "Home",
    "Used kWh",
    "Made kWh",
    "Bought kWh",
    "Sold kWh",
    "Bill before",
    ...(batteries ? ["Battery alone"] : []),
    "Bill after",
    "Gain",
    "Earned over feed-in",
    "Saved against retail",
    "Self-sufficiency",
    "Self-consumption",
  ];
  const rows = year.homes.map((home) => homeRow(home, batteries, year.line !== undefined));
  const note = batteries
    ? "“Battery alone”: the same battery, run by the same plan, with the utility as the only partner. "
    : "";
  return section(
    "Home by home",
    `${table(head, rows)}<p class="note">${note}A bill below zero is paid to the home. Self-sufficiency: what is covered by the own roof${batteries ? ", the battery" : ""} and neighbours, of what is used. Self-consumption: what the home${batteries ? ", its battery" : ""} and neighbours use, of what the roof makes.</p>`,
  );
}

function homeRow(home: HomeYear, batteries: boolean, several: boolean): string[] {
  const { consumedWh, producedWh, found, aloneMillis, batteryAloneMillis, togetherMillis } = home;
  const { importedWh, exportedWh, boughtWh, soldWh } = found.total;
  const of = (part: bigint, whole: bigint) =>
    whole === 0n ? "–" : percent(Number(part) / Number(whole));
  return [
    escaped(several ? `${home.microgrid} ${home.name}` : home.name),
    kwh(consumedWh),
    kwh(producedWh),
    kwh(boughtWh),
    kwh(soldWh),
    money(aloneMillis),
    ...(batteries ? [money(batteryAloneMillis ?? aloneMillis)] : []),
    money(togetherMillis),
    money(aloneMillis - togetherMillis),
    money(home.earnedOverFeedInMillis),
    money(home.savedAgainstRetailMillis),
    of(consumedWh - importedWh + boughtWh, consumedWh),
    of(producedWh - exportedWh + soldWh, producedWh),
  ];
}

function monthsSection({ year: { homes } }: Study): string {
  const months = homes[0]?.found.months.map(({ month }) => month) ?? [];
  const sum = (of: (months: HomeYear["found"]["total"]) => bigint) =>
    months.map((_, at) =>
      homes.reduce((all, { found }) => {
        const month = found.months[at];
        return month === undefined ? all : all + of(month);
      }, 0n),
    );
  const bought = sum((month) => month.boughtWh);
  const energy = chart({
    label: "Energy by month",
    names: months,
    stacked: true,
    unit: "kWh",
    series: [
      { name: "from neighbours", kind: "traded", values: bought.map(kwhNumber) },
      {
        name: "from the grid",
        kind: "grid",
        values: sum((month) => month.importedWh - month.boughtWh).map(kwhNumber),
      },
      {
        name: "fed into the grid",
        kind: "exported",
        values: sum((month) => month.exportedWh - month.soldWh).map(kwhNumber),
      },
    ],
  });
  const bills = chart({
    label: "Bills by month",
    names: months,
    stacked: false,
    unit: "",
    series: [
      {
        name: "with the utility alone",
        kind: "grid",
        values: sum((month) => month.aloneMillis).map(moneyNumber),
      },
      {
        name: "with neighbours",
        kind: "traded",
        values: sum((month) => month.togetherMillis).map(moneyNumber),
      },
    ],
  });
  return section(
    "Month by month",
    `<h3>Energy of all homes, kWh</h3>${energy}<h3>Bills of all homes</h3>${bills}`,
  );
}

function assumptionsSection({ options, year: { line } }: Study): string {
  const points = [
    "A trade never changes what a home uses or makes; only batteries do. Nobody reacts to prices otherwise.",
    "In a slot the long side is rationed equally by household, to the Wh, as the contracts' auctioneers do it.",
    ...(line === undefined
      ? []
      : [
          `The tie line carries ${line.capacityWh} Wh a slot each way, loses ${Number(line.lossBps) / 100} % and costs ${price(line.wheelingPerKwh)} per kWh; what is left and lacked after trading at home goes over it.`,
        ]),
    "There is no network fee, and no fee for the service. What gas costs is not in the bills: see above.",
    "Money has no interest, and batteries cost nothing and don't age here. Bills have no fixed charges.",
    ...(options.battery
      ? [
          "Batteries are empty at first, and what they hold at the end counts for nothing. They may charge from the grid. What they give to neighbours is traded like the roof's energy.",
          "That batteries act in turn within a slot assumes that homes share what their meters count while it runs.",
        ]
      : []),
    "Sources of the figures beside ours: a pilot in Japan (9 % lower bills) and Quartierstrom in Walenstadt, Switzerland (a third of demand met locally). Other homes, tariffs and years: they are for orientation.",
  ];
  return section(
    "What was assumed",
    `<ul>${points.map((point) => `<li>${point}</li>`).join("")}</ul>`,
  );
}

const dayOf = (unixSeconds: number): string =>
  new Date(unixSeconds * 1000).toISOString().slice(0, 10);
