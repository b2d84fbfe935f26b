import { createRootRoute } from "@tanstack/react-router";
import { ErrorPage, NotFoundPage } from "./ErrorPage.tsx";
import { Shell } from "./Shell.tsx";
import { appSearch } from "./search.ts";

/** The frame of every page. Routes of the domains name it as their parent. */
export const rootRoute = createRootRoute({
  component: Shell,
  validateSearch: appSearch,
  errorComponent: ErrorPage,
  notFoundComponent: NotFoundPage,
});
