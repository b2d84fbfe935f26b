import * as z from "zod/mini";
import { appSearch } from "../app/index.ts";

const hex = z.catch(z.optional(z.string().check(z.regex(/^0x[0-9a-fA-F]{1,256}$/))), undefined);

/** What the URL of the page says: a home agent's link brings along the device to register and its consent. */
export const microgridSearch = z.extend(appSearch, { owner: hex, device: hex, consent: hex });
