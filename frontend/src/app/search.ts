import * as z from "zod/mini";

/** The search parameters of every page: the microgrid that it shows. */
export const appSearch = z.object({
  microgrid: z.catch(z.optional(z.number().check(z.int(), z.positive())), undefined),
});
