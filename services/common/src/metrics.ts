/** What is watched of every service that follows the chain, and of every key that pays for gas. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { Followed } from "./followed.ts";

/** @param service As in names of metrics: `relay`. */
export function addChainMetrics(
  register: Registry,
  service: string,
  followed: () => Followed | undefined,
): void {
  const registers = [register];
  const gauge = (
    name: string,
    help: string,
    read: (followed: Followed) => number | undefined,
  ): Gauge =>
    new Gauge({
      name: `wattline_${service}_${name}`,
      help,
      registers,
      collect() {
        const known = followed();
        const value = known && read(known);
        // What is not known has no value: 0 would be one.
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  gauge("head", "The newest block of the chain that was seen", ({ head }) => head);
  gauge("block", "The newest block that is read", ({ block }) => block);
  gauge(
    "block_timestamp_seconds",
    "When the newest block that is read was made",
    ({ blockTime }) => blockTime,
  );
  gauge(
    "reorganisation_blocks",
    "How many blocks the last reorganisation that was followed has replaced, at most",
    ({ reorganisations }) => reorganisations.lastBlocks,
  );
  new Counter({
    name: `wattline_${service}_reorganisations_total`,
    help: "Reorganisations that were followed",
    registers,
    collect() {
      this.reset();
      this.inc(followed()?.reorganisations.total ?? 0);
    },
  });
}

/** The node may be out of reach, and the other metrics are wanted then above all. */
const PATIENCE_MS = 2_000;

/**
 * The balance of a key that pays for gas, asked for when somebody reads the metrics.
 * @param read In wei.
 */
export function addBalance(
  register: Registry,
  service: string,
  account: string,
  read: () => Promise<bigint>,
): void {
  new Gauge({
    name: `wattline_${service}_balance_wei`,
    help: "What a key that pays for gas still has",
    labelNames: ["account"],
    registers: [register],
    async collect() {
      this.reset();
      const late = Promise.withResolvers<undefined>();
      const timer = setTimeout(() => late.resolve(undefined), PATIENCE_MS);
      const balanceWei = await Promise.race([read(), late.promise]).catch(() => undefined);
      clearTimeout(timer);
      if (balanceWei !== undefined) this.set({ account }, Number(balanceWei));
    },
  });
}
