import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../app/index.ts";
import { patiently } from "../browser/index.ts";
import { loadMessages } from "../i18n/index.ts";
import { marketSearch } from "./search.ts";

export const marketRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/market",
  validateSearch: marketSearch,
  loader: () => loadMessages("market"),
  component: lazyRouteComponent(() => patiently(() => import("./MarketPage.tsx")), "MarketPage"),
});
