import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context } from "hono";
import type { Book } from "./book.ts";
import type { Following } from "./chain/follower.ts";
import { accountable } from "./limits/bucket.ts";
import type { Limits } from "./limits/limits.ts";
import type { Metrics } from "./metrics.ts";

/** What the routes know of the relay behind them. */
export interface Relay {
  readonly chainId: number;
  readonly book: Book;
  readonly limits: Limits;
  readonly metrics: Metrics;
  /** Is aborted when the relay stops. */
  readonly stopping: AbortSignal;
  following(): Following;
  /** Runs work for an address in its turn. @throws Refusal when too much of it waits already */
  inTurn<T>(who: string, task: () => Promise<T>): Promise<T>;
  /** Is told of failures that are nobody's fault but the relay's. */
  unexpected(error: Error): void;
}

/** What a request carries through the routes. */
export interface Env {
  Variables: { client: string };
}

/** Whom a request is counted for. */
export function clientOf(c: Context<Env>): string {
  const known = c.get("client");
  if (known !== undefined) return known;
  const client = accountable(getConnInfo(c).remote.address ?? "unknown");
  c.set("client", client);
  return client;
}
