import { Gauge, type Registry } from "prom-client";
import { priceNow, tradedToday } from "./report.ts";
import type { Trader } from "./trader.ts";

/** Escrow counts thousandths of a base unit. */
const unitsOf = (millis: bigint, decimals: number): number => Number(millis) / 10 ** (decimals + 3);

/** What is watched of trading. Money is in the community's currency. */
export function addTradingMetrics(register: Registry, traders: readonly Trader[]): void {
  const gauge = (
    name: string,
    help: string,
    labelNames: readonly string[],
    valuesOf: (
      trader: Trader,
    ) => readonly (readonly [labels: Record<string, string>, value: number])[],
  ) =>
    new Gauge({
      name: `wattline_agent_${name}`,
      help,
      labelNames: ["home", ...labelNames],
      registers: [register],
      collect() {
        this.reset();
        for (const trader of traders) {
          const { name: home } = trader.home.config;
          for (const [labels, value] of valuesOf(trader)) this.set({ home, ...labels }, value);
        }
      },
    });
  gauge("trading", "1 while the home trades, 0 while it does not", [], ({ state }) => [
    [{}, state.standing.isTrading && state.trouble === undefined ? 1 : 0],
  ]);
  gauge("price_per_kwh", "Community price of the slot that runs", [], (trader) => {
    const price = priceNow(trader);
    const decimals = trader.state.market?.currency.decimals;
    return price === undefined || decimals === undefined
      ? []
      : [[{}, Number(price) / 10 ** decimals]];
  });
  gauge("allowance", "What the delegate may still spend", [], ({ state: { market } }) =>
    market === undefined
      ? []
      : [[{}, unitsOf(market.allowance.allowanceMillis, market.currency.decimals)]],
  );
  gauge("traded_today_wh", "Traded energy of today's slots", ["direction"], (trader) => {
    const { soldWh, boughtWh } = tradedToday(trader);
    return [
      [{ direction: "sold" }, Number(soldWh)],
      [{ direction: "bought" }, Number(boughtWh)],
    ];
  });
  gauge(
    "traded_today_money",
    "What today's slots earned at least and cost at most",
    ["direction"],
    (trader) => {
      const { earnedMillis, paidMillis } = tradedToday(trader);
      const decimals = trader.state.market?.currency.decimals ?? 0;
      return [
        [{ direction: "earned" }, unitsOf(earnedMillis, decimals)],
        [{ direction: "paid" }, unitsOf(paidMillis, decimals)],
      ];
    },
  );
  gauge("orders", "Orders of the last days by what became of them", ["state"], ({ home }) => {
    const states = Map.groupBy(home.journal.book.orders.values(), ({ state }) => state);
    return [...states].map(([state, orders]) => [{ state }, orders.length] as const);
  });
  gauge(
    "forecast_error_wh",
    "Mean absolute error per slot of forecasts a day ahead, and of the same slot a day earlier",
    ["direction", "by"],
    ({ forecastError }) =>
      (["exported", "imported"] as const).flatMap((direction) => [
        [{ direction, by: "forecast" }, forecastError[direction].meanWh] as const,
        [{ direction, by: "persistence" }, forecastError[direction].persistenceWh] as const,
      ]),
  );
}
