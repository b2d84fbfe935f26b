import * as z from "zod/mini";
import { appSearch } from "../app/index.ts";

/** What the URL of the page says. */
export const microgridSearch = z.extend(appSearch, {});
