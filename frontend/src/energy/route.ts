import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../app/index.ts";
import { patiently } from "../browser/index.ts";
import { loadMessages } from "../i18n/index.ts";
import { autopilotSearch, energySearch, statementSearch } from "./search.ts";

export const energyRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/energy",
  validateSearch: energySearch,
  loader: () => loadMessages("energy"),
  component: lazyRouteComponent(() => patiently(() => import("./EnergyPage.tsx")), "EnergyPage"),
});

export const statementRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/statement",
  validateSearch: statementSearch,
  loader: () => loadMessages("energy"),
  component: lazyRouteComponent(
    () => patiently(() => import("./earnings/StatementPage.tsx")),
    "StatementPage",
  ),
});

export const certificateRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/certificate/$id",
  loader: () => loadMessages("energy"),
  component: lazyRouteComponent(
    () => patiently(() => import("./certificate/CertificatePage.tsx")),
    "CertificatePage",
  ),
});

export const deliveryRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/delivery",
  loader: () => loadMessages("energy"),
  component: lazyRouteComponent(
    () => patiently(() => import("./delivery/DeliveryPage.tsx")),
    "DeliveryPage",
  ),
});

export const autopilotRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/autopilot",
  validateSearch: autopilotSearch,
  loader: () => loadMessages("energy"),
  component: lazyRouteComponent(
    () => patiently(() => import("./autopilot/AutopilotPage.tsx")),
    "AutopilotPage",
  ),
});
