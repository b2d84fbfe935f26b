import { formatAmount } from "@wattline/sdk";
import { ENERGY, type Sensor } from "../sensor.ts";
import type { Trader } from "../trading/trader.ts";
import { batteryReport } from "./report.ts";
import type { Steering } from "./steering.ts";

const KWH_DECIMALS = 3;

/** What automations can know of a battery. */
export function batterySensors(trader: Trader, steering: Steering): readonly Sensor[] {
  const report = () =>
    batteryReport(steering.state, trader.home.slotSeconds, trader.state.market?.currency);
  const todayKwh = (of: "takenWh" | "givenWh"): string =>
    formatAmount(steering.today()[of], KWH_DECIMALS, { shown: KWH_DECIMALS });
  return [
    {
      id: "battery",
      name: "Battery",
      more: {},
      value: () => (steering.state.trouble === undefined ? "steered" : "lost"),
      attributes: () => {
        const { standing, doing, reserve, plan } = report();
        return { why: doing ?? standing, reserve, plan: plan.slice(0, 24) };
      },
    },
    {
      id: "battery_charge",
      name: "Battery charge",
      more: { device_class: "battery", state_class: "measurement", unit_of_measurement: "%" },
      value: () => report().storedPercent?.toString(),
    },
    {
      id: "battery_power",
      name: "Battery power",
      more: { device_class: "power", state_class: "measurement", unit_of_measurement: "W" },
      value: () => steering.state.chargeW?.toString(),
    },
    {
      id: "battery_taken",
      name: "Battery charged today",
      more: ENERGY,
      value: () => todayKwh("takenWh"),
    },
    {
      id: "battery_given",
      name: "Battery discharged today",
      more: ENERGY,
      value: () => todayKwh("givenWh"),
    },
  ];
}
