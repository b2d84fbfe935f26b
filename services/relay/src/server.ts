import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { trustedProxies } from "@wattline/common/clientAddress";
import { openLog, type Report } from "@wattline/common/log";
import { nodeTransport } from "@wattline/common/node";
import { shownUrl } from "@wattline/common/shownUrl";
import { type Deployment, marketDomain } from "@wattline/sdk";
import { createPublicClient } from "viem";
import { createApp } from "./app.ts";
import { Keeper } from "./chain/keeper.ts";
import { Directories } from "./directories.ts";
import { FairQueue, QueueFullError } from "./limits/fairQueue.ts";
import { LIMITS, type Limits } from "./limits/limits.ts";
import { createMetrics } from "./metrics.ts";
import { NotReadyError, OrderBook } from "./orderBook.ts";
import { OrderCache } from "./orderCache.ts";
import { followPeer } from "./peers.ts";
import { Refusal } from "./problems.ts";
import { openDatabase, type Storage } from "./store/database.ts";
import { epochOf } from "./store/epoch.ts";
import { Texts } from "./store/texts.ts";
import { openCheckThread } from "./verify/checkThread.ts";

/** A relay's options. */
export interface RelayOptions {
  readonly rpcUrl: string;
  readonly deployment: Deployment;
  readonly storage: Storage;
  readonly host?: string;
  /** 0 for any free one. */
  readonly port: number;
  /** URLs of relays whose streams to follow. */
  readonly peers?: readonly string[];
  /** How long a relay that lies is left alone at first, in milliseconds; each time twice as long. */
  readonly absenceMs?: number;
  readonly limits?: Partial<Limits>;
  /** Addresses or networks of reverse proxies, whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[];
  /** Milliseconds between reads of the chain. */
  readonly pollMs?: number;
  /** The age of the newest block, in seconds, from which the node counts as offline; never by default. */
  readonly offlineAfterSeconds?: number;
  /** The clock for that, in Unix seconds. */
  readonly now?: () => number;
  /** Called with messages for the operator. */
  readonly report?: Report;
}

/** A running relay. */
export interface RunningRelay {
  readonly url: string;
  /** Resolves when the relay can't go on. */
  readonly failed: Promise<Error>;
  /** Ends streams, waits for writes to finish, and closes the database. */
  stop(): Promise<void>;
}

/** The relay can't start; the message says why and what to do. */
export class StartError extends Error {}

const POLL_MS = 250;
const ABSENCE_MS = 60_000;
/** When the node does not answer, pauses double up to this. */
const LONGEST_POLL_MS = 30_000;
/** Requests checked at once: one waits for the chain while another is checked. */
const CHECKED_AT_ONCE = 3;
/** A client waits for its answer meanwhile: the book is read again soon anyway. */
const [RPC_BATCH, RPC_TRIES] = [100, 3];
const [RPC_TIMEOUT_MS, RPC_MOST_WAIT_MS] = [10_000, 15_000];
const KEEP_ALIVE_MS = 75_000;

/**
 * Starts a relay. It listens at once, and accepts orders as soon as the chain has been read.
 * @throws StartError when the node is on another chain or the port is in use, DatabaseError when the book can't be opened,
 * MendableError when a trusted proxy is no address.
 */
export async function startRelay(options: RelayOptions): Promise<RunningRelay> {
  const { rpcUrl, deployment, storage, host = "127.0.0.1", port, peers = [] } = options;
  const { report = openLog("relay"), pollMs = POLL_MS } = options;
  const { absenceMs = ABSENCE_MS } = options;
  const limits = { ...LIMITS, ...options.limits };
  const client = createPublicClient({
    transport: nodeTransport(rpcUrl, {
      batchSize: RPC_BATCH,
      timeoutMs: RPC_TIMEOUT_MS,
      tries: RPC_TRIES,
      mostWaitMs: RPC_MOST_WAIT_MS,
    }),
    cacheTime: 0,
  });
  const proxies = trustedProxies("WATTLINE_TRUSTED_PROXIES", options.trustedProxies ?? []);
  await requireChain(client.getChainId(), deployment.chainId, rpcUrl);

  const { db, ledger, close } = await openDatabase(storage, deployment);
  const epoch = await epochOf(db);
  const domain = marketDomain(deployment.chainId, deployment.marketplace);
  const stop = new AbortController();
  const stopping = stop.signal;
  const { promise: failed, resolve: fail } = Promise.withResolvers<Error>();
  const checkThread = openCheckThread(domain, (error) => {
    report(`The thread that checks signatures stopped (${error.message}).`, { level: "error" });
    fail(error);
  });
  const texts = new Texts("folder" in storage ? path.dirname(storage.folder) : tmpdir(), report);
  const cache = await OrderCache.open(db, texts);
  const book = new OrderBook(db, ledger, domain, checkThread, limits, cache);
  ledger.listen(() => void book.catchUp().catch(() => undefined));
  const { offlineAfterSeconds: afterSeconds = Infinity, now = () => Date.now() / 1000 } = options;
  const outage = { afterSeconds, now: () => Math.floor(now()) };
  const keeper = new Keeper(client, deployment, book, ledger, outage, stopping);
  const metrics = createMetrics(() => keeper.following);
  const queue = new FairQueue(CHECKED_AT_ONCE, limits.waitingPerAddress);
  const relay = {
    chainId: deployment.chainId,
    epoch,
    book,
    directories: new Directories(db, domain),
    limits,
    proxies,
    metrics,
    stopping,
    following: () => keeper.following,
    isLeading: () => ledger.isLeading,
    inTurn: <T>(who: string, task: () => Promise<T>) => inTurn(queue, who, task),
    unexpected: (error: Error) =>
      report(`Unexpected: ${error.stack ?? error.message}`, { level: "error" }),
  };
  const app = createApp(relay);
  const server = await listen(app.fetch, host, port).catch(async (error: unknown) => {
    await checkThread.close();
    texts.close();
    await close();
    throw error;
  });

  let wasOffline = false;

  function reportOffline(): void {
    const { isOffline, block } = keeper.following;
    if (isOffline === wasOffline) return;
    wasOffline = isOffline;
    report(
      isOffline
        ? `No block has come after ${block} for more than ${afterSeconds} seconds. Until one comes, money counts only for firm orders.`
        : "Blocks are coming again: all money counts, locked or not.",
      { level: isOffline ? "warn" : "info", block },
    );
  }

  let wasLeading = false;

  function reportLead(): void {
    if (!ledger.isShared || ledger.isLeading === wasLeading) return;
    wasLeading = ledger.isLeading;
    report(
      wasLeading
        ? "Of the relays on this database, this one leads: it follows the chain and judges the book."
        : "Another relay on this database leads.",
    );
  }

  const work = [follow(), ...peers.map((url) => followPeer(url, { ...relay, absenceMs, report }))];

  /** Polls the chain. */
  async function follow(): Promise<void> {
    let pause = pollMs;
    while (!stopping.aborted) {
      try {
        await keeper.look();
        reportOffline();
        reportLead();
        if (pause > pollMs) report("The relay keeps up with the chain again.");
        pause = pollMs;
      } catch (error) {
        metrics.chainFailures.inc();
        const trouble = keeper.following.trouble ?? String(error);
        if (pause === pollMs && !stopping.aborted) {
          const what = isRpcError(error)
            ? `the chain at ${shownUrl(rpcUrl)}`
            : "the chain into the book";
          report(`Can't read ${what} (${trouble}); trying again until it answers.`, {
            level: "warn",
          });
        }
        pause = Math.min(LONGEST_POLL_MS, pause * 2);
      }
      await sleep(pause, undefined, { signal: stopping }).catch(() => undefined);
    }
  }

  return {
    url: `http://${host}:${server.port}`,
    failed,
    async stop() {
      stop.abort();
      await server.close();
      await Promise.all(work);
      await book.settled();
      await checkThread.close();
      texts.close();
      await close();
    },
  };
}

/** Runs a task in its client's turn, and turns failures into refusals. */
async function inTurn<T>(queue: FairQueue, who: string, task: () => Promise<T>): Promise<T> {
  try {
    return await queue.run(who, task);
  } catch (error) {
    if (error instanceof QueueFullError) {
      throw new Refusal(429, { code: "Relay_TooManyRequests", message: error.message }, 1);
    }
    if (error instanceof NotReadyError || isRpcError(error)) {
      throw new Refusal(
        503,
        {
          code: "Relay_ChainUnreachable",
          message:
            "The relay can't read the chain just now, so it can't check orders. Try again later.",
        },
        2,
      );
    }
    throw error;
  }
}

/** viem's errors have a short message; here viem only talks to the chain. */
const isRpcError = (error: unknown): boolean => error instanceof Error && "shortMessage" in error;

async function requireChain(
  asked: Promise<number>,
  chainId: number,
  rpcUrl: string,
): Promise<void> {
  const found = await asked.catch((error: unknown) => {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new StartError(
      `No node answers at ${shownUrl(rpcUrl)} (${reason}). Start one, or set WATTLINE_RPC_URL.`,
    );
  });
  if (found !== chainId) {
    throw new StartError(
      `The node at ${shownUrl(rpcUrl)} is on chain ${found}, the deployment on chain ${chainId}. Set WATTLINE_RPC_URL or WATTLINE_DEPLOYMENT accordingly.`,
    );
  }
}

function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  host: string,
  port: number,
) {
  return new Promise<{ port: number; close(): Promise<void> }>((resolve, reject) => {
    const server = serve({ fetch, hostname: host, port }, (info) => {
      resolve({
        port: info.port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            if ("closeIdleConnections" in server) server.closeIdleConnections();
            // A connection still open after a moment is a stream that nobody reads.
            setTimeout(
              () => "closeAllConnections" in server && server.closeAllConnections(),
              1_000,
            ).unref();
          }),
      });
    });
    // Longer than clients and proxies keep idle connections, which might otherwise be closed while they send a request.
    if ("keepAliveTimeout" in server) server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.on("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "EADDRINUSE"
          ? new StartError(
              `Port ${port} on ${host} is in use: stop the program there, or set WATTLINE_PORT.`,
            )
          : error,
      );
    });
  });
}
