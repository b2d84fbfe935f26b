import * as z from "zod/mini";
import { appSearch } from "../app/index.ts";

export const ENERGY_TABS = ["balances", "orders", "money", "earnings", "meters"] as const;
export type EnergyTab = (typeof ENERGY_TABS)[number];

const day = z.string().check(z.regex(/^\d{4}-\d\d-\d\d$/));
const month = z.string().check(z.regex(/^\d{4}-\d\d$/));

/** The page's search parameters. */
export const energySearch = z.extend(appSearch, {
  tab: z.catch(z.optional(z.enum(ENERGY_TABS)), undefined),
  /** The local day whose balances are shown; the newest with energy when left out. */
  day: z.catch(z.optional(day), undefined),
  /** The local month whose earnings are shown; the newest with any when left out. */
  month: z.catch(z.optional(month), undefined),
});

/** The search parameters of a statement. */
export const statementSearch = z.extend(appSearch, {
  month: z.catch(z.optional(month), undefined),
});

/** The search parameters of the autopilot: what an agent's link brings. */
export const autopilotSearch = z.extend(appSearch, {
  /** The agent's key. */
  delegate: z.catch(z.optional(z.string().check(z.regex(/^0x[0-9a-fA-F]{40}$/))), undefined),
  /** The home's name in the agent's configuration. */
  home: z.catch(z.optional(z.string()), undefined),
  /** Where the agent's own page is. */
  page: z.catch(z.optional(z.url({ protocol: /^https?$/ })), undefined),
});
