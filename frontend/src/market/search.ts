import * as z from "zod/mini";
import { appSearch } from "../app/search.ts";

/** What the URL of the page says. */
export const marketSearch = z.extend(appSearch, {
  /** The form that is open. */
  do: z.catch(z.optional(z.enum(["sell", "bid"])), undefined),
});
