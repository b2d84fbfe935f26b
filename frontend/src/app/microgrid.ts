import { useSearch } from "@tanstack/react-router";
import type { Microgrid } from "@wattline/sdk";
import { useMicrogrids } from "../chain/index.ts";

/** The microgrid that the page shows: the one in the URL, else the first. */
export function useMicrogrid(): {
  readonly microgrid: Microgrid | undefined;
  readonly isPending: boolean;
} {
  const { microgrid: id } = useSearch({ from: "__root__" });
  const { data, isPending } = useMicrogrids();
  return { microgrid: data?.find(({ microgrid }) => microgrid === id) ?? data?.[0], isPending };
}
