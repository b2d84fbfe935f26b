import { addBalance } from "@wattline/common/metrics";
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { addBatteryMetrics } from "./battery/metrics.ts";
import type { Home } from "./home.ts";
import type { Reporter } from "./reporting/reporter.ts";
import { addTradingMetrics } from "./trading/metrics.ts";
import type { Trader } from "./trading/trader.ts";

/** What an operator watches, in Prometheus' words. Read when it is asked for. */
export function createMetrics(
  homes: readonly Home[],
  traders: readonly Trader[],
  paying: Reporter["paying"],
): Registry {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  new Gauge({
    name: "wattline_agent_register_wh",
    help: "Registers of a meter as they were last read",
    labelNames: ["home", "meter", "direction"],
    registers,
    collect() {
      for (const { config, status } of stated(homes)) {
        for (const { name: meter, importWh, exportWh } of status) {
          if (importWh === undefined || exportWh === undefined) continue;
          this.set({ home: config.name, meter, direction: "import" }, Number(importWh));
          this.set({ home: config.name, meter, direction: "export" }, Number(exportWh));
        }
      }
    },
  });
  new Gauge({
    name: "wattline_agent_last_reading_seconds",
    help: "Unix time of the last reading that counts",
    labelNames: ["home", "meter"],
    registers,
    collect() {
      for (const { config, status } of stated(homes)) {
        for (const { name: meter, lastMs } of status) {
          if (lastMs !== undefined) this.set({ home: config.name, meter }, lastMs / 1000);
        }
      }
    },
  });
  new Gauge({
    name: "wattline_agent_held_samples",
    help: "Samples that were held back since the start",
    labelNames: ["home", "meter"],
    registers,
    collect() {
      for (const { config, status } of stated(homes)) {
        for (const { name: meter, held } of status) this.set({ home: config.name, meter }, held);
      }
    },
  });
  new Gauge({
    name: "wattline_agent_waiting_blocks",
    help: "Signed blocks of export that are not on chain yet",
    labelNames: ["home"],
    registers,
    collect() {
      for (const { config, journal } of homes) {
        this.set({ home: config.name }, journal.book.open().length);
      }
    },
  });
  if (paying !== undefined) addBalance(register, "agent", paying.account, paying.balanceWei);
  if (traders.length > 0) addTradingMetrics(register, traders);
  if (traders.some(({ steering }) => steering !== undefined)) addBatteryMetrics(register, traders);
  return register;
}

const stated = (homes: readonly Home[]) =>
  homes.map((home) => ({ config: home.config, status: home.status() }));
