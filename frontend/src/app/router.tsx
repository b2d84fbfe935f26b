import { createRoute, createRouter, type RouterHistory, redirect } from "@tanstack/react-router";
import { auditRoute } from "../audit/route.ts";
import { certificateRoute, energyRoute, statementRoute } from "../energy/route.ts";
import { marketRoute } from "../market/route.ts";
import { microgridRoute } from "../microgrid/route.ts";
import { ErrorPage } from "./ErrorPage.tsx";
import { rootRoute } from "./rootRoute.tsx";

const startRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/market" });
  },
});

const routeTree = rootRoute.addChildren([
  startRoute,
  marketRoute,
  energyRoute,
  certificateRoute,
  statementRoute,
  microgridRoute,
  auditRoute,
]);

/** The app's pages over a history: the browser's own by default, where they open again as far down as they were left. */
export const routerOver = (history?: RouterHistory) =>
  createRouter({
    routeTree,
    ...(history && { history }),
    defaultPreload: "intent",
    defaultErrorComponent: ErrorPage,
    scrollRestoration: history === undefined,
  });

/** What the app's pages are shown by. */
export type AppRouter = ReturnType<typeof routerOver>;

declare module "@tanstack/react-router" {
  interface Register {
    router: AppRouter;
  }
}
