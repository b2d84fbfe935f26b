import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../app/rootRoute.tsx";
import { loadMessages } from "../i18n/messages.ts";
import { auditSearch } from "./search.ts";

export const auditRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/audit",
  validateSearch: auditSearch,
  loader: () => loadMessages("audit"),
  component: lazyRouteComponent(() => import("./AuditPage.tsx"), "AuditPage"),
});
