import { lazy } from "react";
import { patiently } from "../browser/index.ts";

/** As React's `lazy`; while the app's server can't be reached, the component is waited for. */
export const lazily: typeof lazy = (load) => lazy(() => patiently(load));
