import * as z from "zod/mini";

/** What every page's URL may say: which microgrid it is about. */
export const appSearch = z.object({
  microgrid: z.catch(z.optional(z.number().check(z.int(), z.positive())), undefined),
});
