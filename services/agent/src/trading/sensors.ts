import { formatAmount } from "@wattline/sdk";
import { batterySensors } from "../battery/sensors.ts";
import { ENERGY, type Sensor } from "../sensor.ts";
import { priceNow, tradedToday, tradingReport } from "./report.ts";
import type { Trader } from "./trader.ts";

const WH_DECIMALS = 3;
const MILLIS_DECIMALS = 3;
const MEASURED = { state_class: "measurement" };

/**
 * What automations can be built on. Money is in the community's currency, which is among the price's attributes: it is not known yet
 * when the sensors are announced.
 */
export function tradingSensors(trader: Trader): readonly Sensor[] {
  const decimals = () => trader.state.market?.currency.decimals;
  const kwh = (wh: bigint) => formatAmount(wh, WH_DECIMALS, { shown: WH_DECIMALS });
  const money = (millis: bigint | undefined): string | undefined => {
    const known = decimals();
    return known === undefined || millis === undefined
      ? undefined
      : formatAmount(millis, known + MILLIS_DECIMALS);
  };
  return [
    {
      id: "trading",
      name: "Trading",
      more: {},
      value: () => stateOf(trader),
      attributes: () => {
        const { standing, trouble, orders, without } = tradingReport(trader);
        return {
          why: trouble ?? standing,
          orders: orders.slice(0, 5),
          without: without.slice(0, 5),
        };
      },
    },
    {
      id: "price",
      name: "Price per kWh",
      more: MEASURED,
      value: () => {
        const [price, known] = [priceNow(trader), decimals()];
        return price === undefined || known === undefined ? undefined : formatAmount(price, known);
      },
      attributes: () => {
        const { market } = tradingReport(trader);
        return market && { currency: market.currency, next: market.prices };
      },
    },
    {
      id: "sold",
      name: "Energy sold today",
      more: ENERGY,
      value: () => kwh(tradedToday(trader).soldWh),
    },
    {
      id: "bought",
      name: "Energy bought today",
      more: ENERGY,
      value: () => kwh(tradedToday(trader).boughtWh),
    },
    {
      id: "earned",
      name: "Earned today at least",
      more: MEASURED,
      value: () => money(tradedToday(trader).earnedMillis),
    },
    {
      id: "paid",
      name: "Paid today at most",
      more: MEASURED,
      value: () => money(tradedToday(trader).paidMillis),
    },
    {
      id: "allowance",
      name: "The agent may spend",
      more: MEASURED,
      value: () => money(trader.state.market?.allowance.allowanceMillis),
    },
    {
      id: "forecast",
      name: "Export of the coming hours",
      more: { unit_of_measurement: "kWh" },
      value: () => kwh(trader.state.forecast.reduce((sum, { exportWh }) => sum + exportWh, 0n)),
      attributes: () => ({ slots: tradingReport(trader).forecast }),
    },
    ...(trader.steering === undefined ? [] : batterySensors(trader, trader.steering)),
  ];
}

/** In one word: what Home Assistant shows has 255 characters at most. */
function stateOf({ state: { standing, trouble, market } }: Trader): string {
  if (trouble !== undefined || market === undefined) return "waiting";
  return standing.isTrading ? "trading" : "stopped";
}
