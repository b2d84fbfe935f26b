import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { Source } from "@wattline/sdk";
import type { Series } from "../ui/index.ts";

/** How people call a source. */
export const SOURCE_NAMES: Readonly<Record<Source, MessageDescriptor>> = {
  Solar: msg`Solar`,
  Wind: msg`Wind`,
  Hydro: msg`Hydro`,
  Biogas: msg`Biogas`,
  Cogeneration: msg`Cogeneration`,
  Storage: msg`Storage`,
  Grid: msg`Grid`,
};

/** In which colour a source is drawn. */
export const SOURCE_COLOURS: Readonly<Record<Source, Series["colour"]>> = {
  Solar: "sun",
  Wind: "sky",
  Hydro: "sky",
  Biogas: "leaf",
  Cogeneration: "danger",
  Storage: "muted",
  Grid: "muted",
};
