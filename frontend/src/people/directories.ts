import { useQueryClient } from "@tanstack/react-query";
import type { Listing, Microgrid } from "@wattline/sdk";
import { later } from "../browser/index.ts";
import { useChainQuery } from "../chain/index.ts";

const load = later(() => import("./directory.ts"));
const NAMES = "names";

/** The names of these microgrids' people, by their directories. */
export function useDirectories(microgrids: readonly Microgrid[] | undefined) {
  const operators = microgrids?.map(({ microgrid, operator }) => `${microgrid} ${operator}`);
  return useChainQuery(
    [NAMES, operators],
    async (context) => (await load()).readNames(context, microgrids ?? []),
    { enabled: microgrids !== undefined },
  );
}

/** A microgrid's directory as its operator has signed it; null when there is none. */
export const useDirectory = (microgrid: Microgrid) =>
  useChainQuery(
    [NAMES, "of", microgrid.microgrid, microgrid.operator],
    async (context) => (await (await load()).readDirectory(context, microgrid)) ?? null,
  );

/** Those of some listings to whose words their households have agreed. */
export const useAgreed = (microgrid: number, listings: readonly Listing[]) =>
  useChainQuery([NAMES, "agreed", microgrid, listings], async (context) =>
    (await load()).agreedOf(context, microgrid, listings),
  );

/** Reads the directories again, as one was published. */
export function useNamesChanged(): () => Promise<void> {
  const queries = useQueryClient();
  return () =>
    queries.invalidateQueries({
      predicate: ({ queryKey: [root, , what] }) => root === "chain" && what === NAMES,
    });
}
