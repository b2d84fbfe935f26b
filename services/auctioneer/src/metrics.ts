import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";

export type Metrics = ReturnType<typeof createMetrics>;

/** Metrics for operators, in Prometheus' format. */
export function createMetrics() {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const registers = [register];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name: `wattline_auctioneer_${name}`, help, labelNames, registers });
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Gauge({ name: `wattline_auctioneer_${name}`, help, labelNames, registers });
  return {
    register,
    sent: counter("transactions_sent_total", "Transactions sent, replacements too", [
      "purpose",
      "replacement",
    ]),
    mined: counter("transactions_mined_total", "Transactions mined, by how they ended", [
      "purpose",
      "status",
    ]),
    skipped: counter("matches_skipped_total", "Matches that would have been skipped, by reason", [
      "reason",
    ]),
    orders: gauge("orders", "Orders that were read last, by what came of them", ["state"]),
    committed: gauge("gas_committed_wei", "What today has cost and may still cost", []),
    budget: gauge("gas_budget_wei", "The most that a day may cost", []),
    overBudget: gauge("over_budget", "Whether something waits because of the budget", []),
    waiting: gauge("transactions_waiting", "Transactions that are not mined", []),
    relaysFailing: gauge("relays_failing", "Relays that do not answer as they should", []),
    block: gauge("block", "The newest block that was seen", []),
  };
}
