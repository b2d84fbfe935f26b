import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../app/index.ts";
import { patiently } from "../browser/index.ts";
import { loadMessages } from "../i18n/index.ts";
import { gainsSearch } from "./search.ts";

export const gainsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/gains",
  validateSearch: gainsSearch,
  loader: () => loadMessages("gains"),
  component: lazyRouteComponent(() => patiently(() => import("./GainsPage.tsx")), "GainsPage"),
});
