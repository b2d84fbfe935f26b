import type { Source } from "@wattline/sdk";
import type { Series } from "../ui/index.ts";

/** The colour in which charts and badges show a source. */
export const SOURCE_COLOURS: Readonly<Record<Source, Series["colour"]>> = {
  Solar: "sun",
  Wind: "sky",
  Hydro: "sky",
  Biogas: "leaf",
  Cogeneration: "muted",
  Storage: "muted",
  Grid: "muted",
};
