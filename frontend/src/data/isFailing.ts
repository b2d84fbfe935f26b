import type { UseQueryResult } from "@tanstack/react-query";

/**
 * Whether a query has failed, and has not been answered since. Of one that was never answered, `isError` is false each time
 * it is tried again: a page that heeds it would change between two views every few seconds.
 */
export const isFailing = ({
  isError,
  isPending,
  errorUpdateCount,
}: Pick<UseQueryResult, "isError" | "isPending" | "errorUpdateCount">): boolean =>
  isError || (isPending && errorUpdateCount > 0);
