import type { BlockList } from "node:net";
import { getConnInfo } from "@hono/node-server/conninfo";
import { clientAddress } from "@wattline/common/clientAddress";
import type { Context } from "hono";
import type { Following } from "./chain/follower.ts";
import type { Directories } from "./directories.ts";
import { accountable } from "./limits/bucket.ts";
import type { Limits } from "./limits/limits.ts";
import type { Metrics } from "./metrics.ts";
import type { OrderBook } from "./orderBook.ts";

/** The relay as its routes use it. */
export interface Relay {
  readonly chainId: number;
  /** What tells this book from every other one. */
  readonly epoch: string;
  readonly book: OrderBook;
  readonly directories: Directories;
  readonly limits: Limits;
  /** Whose `X-Forwarded-For` is believed. */
  readonly proxies: BlockList;
  readonly metrics: Metrics;
  /** Aborted when the relay stops. */
  readonly stopping: AbortSignal;
  following(): Following;
  /** Whether this one of the relays that share the database judges the book at new blocks. */
  isLeading(): boolean;
  /** Runs a task for a client in its turn. @throws Refusal when too many of its tasks wait already */
  inTurn<T>(who: string, task: () => Promise<T>): Promise<T>;
  /** Called with failures of the relay itself. */
  unexpected(error: Error): void;
}

/** What the routes know about a request. */
export interface Env {
  Variables: { client: string };
}

/** The client for whose limits a request counts. */
export function clientOf(c: Context<Env>, { proxies }: Pick<Relay, "proxies">): string {
  const known = c.get("client");
  if (known !== undefined) return known;
  const connected = getConnInfo(c).remote.address ?? "unknown";
  const client = accountable(clientAddress(connected, c.req.header("x-forwarded-for"), proxies));
  c.set("client", client);
  return client;
}
