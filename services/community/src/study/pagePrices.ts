import { chart } from "./charts.ts";
import type { Figures } from "./figures.ts";
import { money, moneyNumber, percent, price } from "./format.ts";
import { section, table } from "./pageParts.ts";
import type { Study } from "./run.ts";

export function pricesSection({ year, options }: Study): string {
  const { feedInPerKwh, retailPerKwh } = options.tariffs;
  const { levelOf, firstSlot } = year.terms;
  const hours = Array.from({ length: 24 }, () => ({ retail: 0, community: 0, slots: 0 }));
  const [{ slots, slotSeconds }] = year.communities;
  const perDay = 86_400 / slotSeconds;
  for (let slot = 0; slot < slots; slot++) {
    const ofDay = (((firstSlot + slot) % perDay) + perDay) % perDay;
    const hour = hours[Math.floor((ofDay * 24) / perDay)];
    if (hour === undefined) continue;
    const level = levelOf(firstSlot + slot);
    hour.retail += Number(level.retailPerKwh);
    hour.community += Number(level.pricePerKwh);
    hour.slots += 1;
  }
  const mean = (of: "retail" | "community") =>
    hours.map((hour) => (hour.slots === 0 ? 0 : hour[of] / hour.slots / 1e6));
  const [least, most] = [
    retailPerKwh.reduce((a, b) => (b < a ? b : a)),
    retailPerKwh.reduce((a, b) => (b > a ? b : a)),
  ];
  const rows = [
    ["Feed-in tariff", price(feedInPerKwh)],
    ["Retail tariff", least === most ? price(least) : `${price(least)} to ${price(most)}`],
    ["Average price between neighbours", price(year.averagePricePerKwh)],
    ["Network fee", "0"],
  ];
  const byHour = chart({
    label: "Prices by hour of day",
    names: hours.map((_, hour) => String(hour)),
    stacked: false,
    unit: "per kWh",
    series: [
      {
        name: "feed-in tariff",
        kind: "exported",
        values: hours.map(() => Number(feedInPerKwh) / 1e6),
      },
      { name: "community price", kind: "traded", values: mean("community") },
      { name: "retail tariff", kind: "grid", values: mean("retail") },
    ],
  });
  return section(
    "Prices per kWh",
    `${table(["", "Per kWh"], rows)}<h3>By hour of day, on average</h3>${byHour}`,
  );
}

export function optimumSection(figures: Figures, { optimum, options }: Study): string {
  const value = (costs: readonly bigint[]) =>
    optimum.aloneMillis.map((alone, week) => moneyNumber(alone - (costs[week] ?? 0n)));
  const how = options.battery
    ? "A linear program for each week, solved by HiGHS, knows every load and every cloud in advance and runs all batteries as one. The homes know only what their meters have counted: each forecasts its own load and roof, plans its battery for 36 hours, and tells its neighbours what it expects to have left or to lack; within a slot the batteries act in turn on what the meters count."
    : "A linear program for each week, solved by HiGHS, matches what homes have left and lack as well as it can be done.";
  return section(
    "Against perfect foresight",
    `<p>Value is what all homes save together against the utility alone: ${money(figures.valueMillis)}, ${percent(figures.valueShare)} of ${money(figures.bestValueMillis)}. ${how}</p>
<h3>Value by week</h3>${chart({
      label: "Value by week",
      names: optimum.costMillis.map((_, week) => String(week + 1)),
      stacked: false,
      unit: "",
      series: [
        { name: "studied", kind: "traded", values: value(optimum.togetherMillis) },
        { name: "optimum", kind: "best", values: value(optimum.costMillis) },
      ],
    })}`,
  );
}
