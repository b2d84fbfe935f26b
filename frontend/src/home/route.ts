import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { appSearch, rootRoute } from "../app/index.ts";
import { patiently } from "../browser/index.ts";
import { loadMessages } from "../i18n/index.ts";

export const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  validateSearch: appSearch,
  loader: () => loadMessages("home"),
  component: lazyRouteComponent(() => patiently(() => import("./HomePage.tsx")), "HomePage"),
});
