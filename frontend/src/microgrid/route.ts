import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../app/index.ts";
import { loadMessages } from "../i18n/index.ts";
import { microgridSearch } from "./search.ts";

export const microgridRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/microgrid",
  validateSearch: microgridSearch,
  loader: () => loadMessages("microgrid"),
  component: lazyRouteComponent(() => import("./MicrogridPage.tsx"), "MicrogridPage"),
});
