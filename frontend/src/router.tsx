import { createRouter, type RouterHistory } from "@tanstack/react-router";
import { activityRoute } from "./activity/index.ts";
import { ErrorPage, rootRoute } from "./app/index.ts";
import { auditRoute } from "./audit/index.ts";
import {
  autopilotRoute,
  certificateRoute,
  deliveryRoute,
  energyRoute,
  statementRoute,
} from "./energy/index.ts";
import { gainsRoute } from "./gains/index.ts";
import { homeRoute } from "./home/index.ts";
import { marketRoute } from "./market/index.ts";
import { microgridRoute } from "./microgrid/index.ts";

const routeTree = rootRoute.addChildren([
  homeRoute,
  marketRoute,
  energyRoute,
  activityRoute,
  certificateRoute,
  deliveryRoute,
  autopilotRoute,
  statementRoute,
  microgridRoute,
  auditRoute,
  gainsRoute,
]);

/** The router of the app's pages. By default on the browser's history, with the scroll position restored. */
export const routerOver = (history?: RouterHistory) =>
  createRouter({
    routeTree,
    ...(history && { history }),
    defaultPreload: "intent",
    defaultErrorComponent: ErrorPage,
    scrollRestoration: history === undefined,
  });

/** The type of the app's router. */
export type AppRouter = ReturnType<typeof routerOver>;

declare module "@tanstack/react-router" {
  interface Register {
    router: AppRouter;
  }
}
