import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "../app/index.ts";
import { patiently } from "../browser/index.ts";
import { loadMessages } from "../i18n/index.ts";
import { auditSearch } from "./search.ts";

export const auditRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/audit",
  validateSearch: auditSearch,
  loader: () => loadMessages("audit"),
  component: lazyRouteComponent(() => patiently(() => import("./AuditPage.tsx")), "AuditPage"),
});
