import { type Address, isAddressEqual } from "viem";
import {
  addGains,
  type Gains,
  type GridPrices,
  gainsByHour,
  NO_GAINS,
  partsOfTrade,
  slotsOfTrade,
  tariffInForce,
} from "../gains.ts";
import { slotEnd } from "../slots.ts";
import type { Act } from "./acts.ts";
import type { EventNamed } from "./events.ts";
import type { ToldTrade } from "./trades.ts";

/** A household's sums in one hour of delivery. */
export interface Earning extends Gains {
  readonly microgrid: number;
  /** Unix seconds of the hour's start. */
  readonly hour: number;
}

/** The tariffs of a microgrid from a time on, Unix seconds. */
export interface TariffStep extends GridPrices {
  readonly since: number;
}

/** The data of a microgrid that earnings depend on. */
export interface TariffHistory {
  readonly slotSeconds: number;
  /** Oldest first. */
  readonly steps: readonly TariffStep[];
}

/** The event by which an act sets tariffs; undefined for any other act. */
export const tariffsSetBy = (
  act: Act,
): EventNamed<"Founded"> | EventNamed<"TariffsSet"> | undefined =>
  act.kind === "plain" &&
  (act.event.eventName === "Founded" || act.event.eventName === "TariffsSet")
    ? act.event
    : undefined;

/** The tariffs of every microgrid over time. Only acts that set tariffs matter; times are Unix seconds. */
export function tariffHistories(
  acts: readonly { readonly act: Act; readonly time: number }[],
): Map<number, TariffHistory> {
  const histories = new Map<number, TariffHistory>();
  for (const { act, time: since } of acts) {
    const event = tariffsSetBy(act);
    if (event === undefined) continue;
    const { microgrid, tariffs } = event.args;
    const { feedIn, retail } = tariffs;
    const before = histories.get(microgrid);
    const slotSeconds =
      event.eventName === "Founded" ? event.args.charter.slotSeconds : before?.slotSeconds;
    if (slotSeconds === undefined) {
      throw new Error(`Microgrid ${microgrid} has set tariffs but was never founded.`);
    }
    const steps = [...(before?.steps ?? []), { since, feedIn, retail }];
    histories.set(microgrid, { slotSeconds, steps });
  }
  return histories;
}

/** A holder's sums by hour, oldest first. A reservation earns nothing before its release. */
export function earningsOf(
  trades: readonly ToldTrade[],
  histories: ReadonlyMap<number, TariffHistory>,
  holder: Address,
): Earning[] {
  const earnings = new Map<string, Earning>();
  for (const trade of trades) {
    const sells = isAddressEqual(trade.seller, holder);
    const buys = isAddressEqual(trade.buyer, holder);
    if (trade.kind === "reserve" || (!sells && !buys)) continue;
    const slots = slotsOfTrade(trade);
    const [from, to] = [historyOf(trade.from), historyOf(trade.to)];
    const parts = partsOfTrade(trade, pricesIn(from, slots), pricesIn(to, slots));
    for (const { hour, seller, buyer } of gainsByHour(parts, from.slotSeconds, trade.withGrid)) {
      if (sells) add(trade.from, hour, seller);
      if (buys) add(trade.to, hour, buyer);
    }
  }
  return [...earnings.values()].toSorted((a, b) => a.hour - b.hour);

  function add(microgrid: number, hour: number, gains: Gains): void {
    const key = `${microgrid} ${hour}`;
    const sum = addGains(earnings.get(key) ?? NO_GAINS, gains);
    earnings.set(key, { ...sum, microgrid, hour });
  }

  function historyOf(microgrid: number): TariffHistory {
    const found = histories.get(microgrid);
    if (found === undefined) throw new Error(`Microgrid ${microgrid} was never founded.`);
    return found;
  }
}

const pricesIn = ({ steps, slotSeconds }: TariffHistory, slots: readonly number[]): GridPrices[] =>
  slots.map((slot) => tariffInForce(steps, slotEnd(slot, slotSeconds)) ?? NO_TARIFF);

const NO_TARIFF: GridPrices = { feedIn: 0n, retail: 0n };
