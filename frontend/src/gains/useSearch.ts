import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { type GainsSearch, gainsSearch } from "./search.ts";

const route = getRouteApi("/gains");

/** A change of some search parameters; undefined: as usual. */
export type GainsChange = {
  readonly [Name in keyof GainsSearch]?: GainsSearch[Name] | undefined;
};

/** The page's search parameters, and a function that changes some of them without scrolling. */
export function useGainsSearch(): readonly [GainsSearch, (change: GainsChange) => void] {
  const written = route.useSearch();
  const search = useMemo(() => gainsSearch.parse(written), [written]);
  const navigate = route.useNavigate();
  const change = useCallback(
    (part: GainsChange) =>
      void navigate({
        search: (current) => ({ ...current, ...part }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  return [search, change];
}
