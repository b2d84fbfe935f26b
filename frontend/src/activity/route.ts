import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import * as z from "zod/mini";
import { appSearch, rootRoute } from "../app/index.ts";
import { patiently } from "../browser/index.ts";
import { loadMessages } from "../i18n/index.ts";
import { SHOWN } from "./shown.ts";

/** The search parameters of the page: which entries it shows. */
const activitySearch = z.extend(appSearch, {
  show: z.catch(z.optional(z.enum(SHOWN)), undefined),
});

export const activityRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/activity",
  validateSearch: activitySearch,
  loader: () => loadMessages("activity"),
  component: lazyRouteComponent(
    () => patiently(() => import("./ActivityPage.tsx")),
    "ActivityPage",
  ),
});
