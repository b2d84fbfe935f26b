import { Gauge, type Registry } from "prom-client";
import type { Trader } from "../trading/trader.ts";
import type { Steering } from "./steering.ts";

/** What is watched of batteries. */
export function addBatteryMetrics(register: Registry, traders: readonly Trader[]): void {
  const gauge = (name: string, help: string, of: (steering: Steering) => number | undefined) =>
    new Gauge({
      name: `wattline_agent_battery_${name}`,
      help,
      labelNames: ["home"],
      registers: [register],
      collect() {
        this.reset();
        for (const { home, steering } of traders) {
          const value = steering && of(steering);
          if (value !== undefined) this.set({ home: home.config.name }, value);
        }
      },
    });
  gauge("steered", "1 while the agent steers the battery, 0 while it is lost", ({ state }) =>
    state.trouble === undefined ? 1 : 0,
  );
  gauge("stored_wh", "What it can give back", ({ state: { reading } }) =>
    reading === undefined ? undefined : Number(reading.storedCentiWh) / 100,
  );
  gauge("reserve_wh", "What is kept in it at present", ({ state }) =>
    Number(state.battery.reserveWh ?? 0n),
  );
  gauge("power_w", "What it was told to take, negative to give", ({ state }) => state.chargeW);
}
