import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../app/rootRoute.tsx";
import { loadMessages } from "../i18n/messages.ts";
import { energySearch } from "./search.ts";

export const energyRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/energy",
  validateSearch: energySearch,
  loader: () => loadMessages("energy"),
  component: lazyRouteComponent(() => import("./EnergyPage.tsx"), "EnergyPage"),
});

export const certificateRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/certificate/$id",
  loader: () => loadMessages("energy"),
  component: lazyRouteComponent(() => import("./CertificatePage.tsx"), "CertificatePage"),
});
