import { createRootRoute } from "@tanstack/react-router";
import { ErrorPage, NotFoundPage } from "./ErrorPage.tsx";
import { Shell } from "./Shell.tsx";
import { appSearch } from "./search.ts";

/** The root route: the frame of every page, and the parent of the domains' routes. */
export const rootRoute = createRootRoute({
  component: Shell,
  validateSearch: appSearch,
  errorComponent: ErrorPage,
  notFoundComponent: NotFoundPage,
});
