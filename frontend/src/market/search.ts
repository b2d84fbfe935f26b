import { SOURCES } from "@wattline/sdk";
import * as z from "zod/mini";
import { appSearch } from "../app/index.ts";

/** What the table of offers and bids can be sorted by. */
export const SORTS = ["price", "delivery", "energy", "record"] as const;

/** How a purchase is spread over its window. */
const WAYS = ["own", "standard", "soonest", "cheapest"] as const;
export type Way = (typeof WAYS)[number];

const slot = z.catch(z.optional(z.number().check(z.int(), z.nonnegative())), undefined);

/** The page's search parameters. */
export const marketSearch = z.extend(appSearch, {
  /** The local day that is shown, `YYYY-MM-DD`. */
  day: z.catch(z.optional(z.iso.date()), undefined),
  /** The delivery slot whose merit order is shown. */
  slot,
  /** The window of the purchase, both slots included, and the Wh to buy. */
  first: slot,
  last: slot,
  /** In which of them it is bought. By default as one uses energy, where that is known, else as the standard household does. */
  how: z.catch(z.optional(z.enum(WAYS)), undefined),
  wh: z.catch(z.optional(z.number().check(z.int(), z.positive())), undefined),
  side: z.catch(z.optional(z.enum(["offers", "bids", "limits"])), undefined),
  /** Filters of the table. */
  only: z.catch(z.optional(z.enum(["slot", "window"])), undefined),
  source: z.catch(z.optional(z.enum(SOURCES)), undefined),
  near: z.catch(z.optional(z.boolean()), undefined),
  kind: z.catch(z.optional(z.enum(["metered", "promised"])), undefined),
  sort: z.catch(z.optional(z.enum(SORTS)), undefined),
  desc: z.catch(z.optional(z.boolean()), undefined),
  /** The hash of the order that is shown. */
  order: z.catch(z.optional(z.string().check(z.regex(/^0x[0-9a-f]{64}$/))), undefined),
  /** The form that is open. */
  do: z.catch(z.optional(z.enum(["sell", "bid"])), undefined),
});

export type MarketSearch = z.infer<typeof marketSearch>;
