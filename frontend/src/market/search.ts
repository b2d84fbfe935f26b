import * as z from "zod/mini";
import { appSearch } from "../app/search.ts";

/** What the URL of the page says. */
export const marketSearch = z.extend(appSearch, {});
