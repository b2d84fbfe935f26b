import type { Followed } from "@wattline/common/followed";
import { addBalance, addChainMetrics } from "@wattline/common/metrics";
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";

export type Metrics = ReturnType<typeof createMetrics>;

/** What is asked of an auctioneer when somebody reads its metrics. */
export interface Measured {
  followed(): Followed | undefined;
  /** What is promised and not settled, when it promises at all. */
  unsettled(): { readonly promises: number; readonly energyWh: bigint } | undefined;
  /** Its account, and what that has, in wei. */
  readonly account: string;
  balanceWei(): Promise<bigint>;
}

/** Metrics for operators, in Prometheus' format. */
export function createMetrics({ followed, unsettled, account, balanceWei }: Measured) {
  const register = new Registry();
  collectDefaultMetrics({ register });
  addChainMetrics(register, "auctioneer", followed);
  addBalance(register, "auctioneer", account, balanceWei);
  const registers = [register];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name: `wattline_auctioneer_${name}`, help, labelNames, registers });
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Gauge({ name: `wattline_auctioneer_${name}`, help, labelNames, registers });
  new Gauge({
    name: "wattline_auctioneer_promises_unsettled",
    help: "Promises that are neither settled nor failed",
    registers,
    collect() {
      this.set(unsettled()?.promises ?? 0);
    },
  });
  new Gauge({
    name: "wattline_auctioneer_promises_unsettled_wh",
    help: "Energy of promises that is neither settled nor failed",
    registers,
    collect() {
      this.set(Number(unsettled()?.energyWh ?? 0n));
    },
  });
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
  };
}
