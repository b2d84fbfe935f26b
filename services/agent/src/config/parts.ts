import * as z from "zod";

/** What several tables of `agent.toml` have in common. */

export const text = z.string().min(1);
export const seconds = z.number().positive();
export const url = (protocol: RegExp, example: string) =>
  z.url({ protocol, error: `an address such as ${example}` });
export const energyUnit = z.enum(["Wh", "kWh"]);
export const powerUnit = z.enum(["W", "kW"]);
/** The JSON path of a number: `.`-separated names and places in lists; empty where the whole text is the number. */
export const path = z.string().default("");
