import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { appSearch, rootRoute } from "../app/index.ts";
import { patiently } from "../browser/index.ts";
import { loadMessages } from "../i18n/index.ts";

export const gainsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/gains",
  // The page itself reads the assumptions (`useGainsSearch`): how is not loaded with the first page.
  validateSearch: (written: Record<string, unknown>) => ({
    ...written,
    ...appSearch.parse(written),
  }),
  loader: () => loadMessages("gains"),
  component: lazyRouteComponent(() => patiently(() => import("./GainsPage.tsx")), "GainsPage"),
});
