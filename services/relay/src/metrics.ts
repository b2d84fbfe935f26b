import { addChainMetrics } from "@wattline/common/metrics";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Following } from "./chain/follower.ts";
import type { PostResult } from "./wire.ts";

export type Metrics = ReturnType<typeof createMetrics>;

/** Metrics for operators, in Prometheus' format. */
export function createMetrics(following: () => Following) {
  const register = new Registry();
  collectDefaultMetrics({ register });
  addChainMetrics(register, "relay", following);
  const registers = [register];
  const orders = new Counter({
    name: "wattline_relay_orders_total",
    help: "Orders handed in, by what became of them",
    labelNames: ["source", "status"],
    registers,
  });
  const refusals = new Counter({
    name: "wattline_relay_refusals_total",
    help: "Rules broken by refused orders",
    labelNames: ["code"],
    registers,
  });
  return {
    register,
    requests: new Histogram({
      name: "wattline_relay_request_seconds",
      help: "Time to answer a request",
      labelNames: ["method", "route", "status"],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    }),
    streams: new Gauge({
      name: "wattline_relay_streams",
      help: "Open streams",
      registers,
    }),
    book: new Gauge({
      name: "wattline_relay_book_orders",
      help: "Orders in the book, by state",
      labelNames: ["state"],
      registers,
    }),
    leads: new Gauge({
      name: "wattline_relay_leads",
      help: "Whether this one of the relays that share a database judges the book at new blocks",
      registers,
    }),
    chainFailures: new Counter({
      name: "wattline_relay_chain_failures_total",
      help: "Looks at the chain that failed",
      registers,
    }),
    peers: new Gauge({
      name: "wattline_relay_peer_connected",
      help: "Whether another relay's stream is being followed",
      labelNames: ["peer"],
      registers,
    }),

    lies: new Counter({
      name: "wattline_relay_peer_lies_total",
      help: "How often another relay was left because it lied",
      labelNames: ["peer"],
      registers,
    }),

    /** Counts orders by result. */
    count(source: "http" | "board" | "peer", results: readonly PostResult[]): void {
      for (const result of results) {
        orders.inc({ source, status: result.status });
        if (result.status !== "refused") continue;
        for (const { code } of result.reasons) refusals.inc({ code });
      }
    },
  };
}
