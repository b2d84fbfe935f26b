import { getRouteApi } from "@tanstack/react-router";
import { useCallback } from "react";
import type { MarketSearch } from "./search.ts";

const route = getRouteApi("/market");

/** What the URL says, and how to change a part of it without leaving the place on the page. */
export function useMarketSearch(): readonly [
  MarketSearch,
  (change: { readonly [Name in keyof MarketSearch]?: MarketSearch[Name] | undefined }) => void,
] {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = useCallback(
    (part: object) =>
      void navigate({
        search: (current) => ({ ...current, ...part }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  return [search, change];
}
