import { ANYONE, millisOf, parseMoney } from "@wattline/sdk";
import type { TradingLimits } from "@wattline/sdk/trading";
import type { TradingConfig } from "../config/schema.ts";
import { AgentError, reasonOf } from "../errors.ts";
import type { Currency } from "./market.ts";

/**
 * The household's limits in base units of its community's currency.
 * @throws AgentError for an amount with more decimals than the currency has.
 */
export function limitsOf(
  {
    floor,
    ceiling,
    most_a_day: mostADay,
    settler,
    posted,
    spot_hours: spotHours,
    forward,
    outage,
  }: Omit<TradingConfig, "relay">,
  { decimals, symbol }: Currency,
): TradingLimits {
  const units = (key: string, text: string): bigint => {
    try {
      return parseMoney(text, decimals);
    } catch (error) {
      throw new AgentError(`trading.${key}, in ${symbol}: ${reasonOf(error)}`);
    }
  };
  return {
    floorPerKwh: units("floor", floor),
    ceilingPerKwh: units("ceiling", ceiling),
    mostPerDayMillis: millisOf(units("most_a_day", mostADay)),
    settler: settler === "anyone" ? ANYONE : settler,
    postedPerKwh: posted === undefined ? undefined : units("posted", posted),
    spotSeconds: spotHours * 3600,
    forward: forward && {
      bondPerKwh: units("forward.bond", forward.bond),
      hours: forward.hours,
    },
    gift: outage && { to: outage.give_to, percent: outage.percent },
  };
}
