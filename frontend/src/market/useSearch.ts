import { getRouteApi } from "@tanstack/react-router";
import { useCallback } from "react";
import type { MarketSearch } from "./search.ts";

const route = getRouteApi("/market");

/**
 * The page's search parameters, and a function that changes some of them without scrolling. A form or an order that is
 * opened is a step of the browser's history, so that Back closes it; nothing else is.
 */
export function useMarketSearch(): readonly [
  MarketSearch,
  (change: { readonly [Name in keyof MarketSearch]?: MarketSearch[Name] | undefined }) => void,
] {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = useCallback(
    (part: { readonly do?: MarketSearch["do"]; readonly order?: MarketSearch["order"] }) =>
      void navigate({
        search: (current) => ({ ...current, ...part }),
        replace: part.do === undefined && part.order === undefined,
        resetScroll: false,
      }),
    [navigate],
  );
  return [search, change];
}
