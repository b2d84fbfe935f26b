import { getRouteApi } from "@tanstack/react-router";
import { useCallback } from "react";
import type { MarketSearch } from "./search.ts";

/** What the address opens. */
type Layers = { readonly [Name in "do" | "order"]?: MarketSearch[Name] | undefined };

const hasLayer = ({ do: form, order }: Layers): boolean =>
  form !== undefined || order !== undefined;

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
  const isOpen = hasLayer(search);
  const change = useCallback(
    (part: Layers) => {
      const opens = hasLayer(part) && !isOpen;
      const closes = isOpen && ("do" in part || "order" in part) && !hasLayer(part);
      void navigate({
        search: (current) => ({ ...current, ...part }),
        // What is opened from another form takes its place.
        replace: !opens,
        state: (state) => (opens || closes ? { ...state, opensLayer: opens } : state),
        resetScroll: false,
      });
    },
    [navigate, isOpen],
  );
  return [search, change];
}
