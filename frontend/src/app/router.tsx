import { createRoute, createRouter, redirect } from "@tanstack/react-router";
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

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    startRoute,
    marketRoute,
    energyRoute,
    certificateRoute,
    statementRoute,
    microgridRoute,
    auditRoute,
  ]),
  defaultPreload: "intent",
  defaultErrorComponent: ErrorPage,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
