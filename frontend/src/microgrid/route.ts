import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { SOURCES } from "@wattline/sdk";
import * as z from "zod/mini";
import { appSearch, rootRoute } from "../app/index.ts";
import { patiently } from "../browser/index.ts";
import { loadMessages } from "../i18n/index.ts";
import { OPERATOR_TASKS } from "./operator/tasks.ts";

const hex = z.catch(z.optional(z.string().check(z.regex(/^0x[0-9a-fA-F]{1,256}$/))), undefined);

/** The search parameters of the page: an agent's link holds the device to register, and all that it consents to. */
const microgridSearch = z.extend(appSearch, {
  /** The operator's task that is open. */
  task: z.catch(z.optional(z.enum(OPERATOR_TASKS)), undefined),
  owner: hex,
  device: hex,
  source: z.catch(z.optional(z.enum(SOURCES)), undefined),
  /** In W. */
  capacity: z.catch(z.optional(z.int().check(z.nonnegative())), undefined),
  consent: hex,
  /** What somebody is to be called, or has agreed to be called by `consent`. */
  name: z.catch(z.optional(z.string()), undefined),
  street: z.catch(z.optional(z.string()), undefined),
});

export const microgridRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/microgrid",
  validateSearch: microgridSearch,
  loader: () => loadMessages("microgrid"),
  component: lazyRouteComponent(
    () => patiently(() => import("./MicrogridPage.tsx")),
    "MicrogridPage",
  ),
});
