import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { type Deployment, marketDomain } from "@wattline/sdk";
import { createPublicClient, http } from "viem";
import { createApp } from "./app.ts";
import { Book, NotReadyError } from "./book.ts";
import { Follower } from "./chain/follower.ts";
import { FairQueue, QueueFullError } from "./limits/fairQueue.ts";
import { LIMITS, type Limits } from "./limits/limits.ts";
import { createMetrics } from "./metrics.ts";
import { followPeer } from "./peers.ts";
import { Refusal } from "./problems.ts";
import { Shelf } from "./shelf.ts";
import { openDatabase, type Storage } from "./store/database.ts";
import { Texts } from "./store/texts.ts";
import { Sealing } from "./verify/sealing.ts";

/** What a relay needs to know. */
export interface RelayOptions {
  readonly rpcUrl: string;
  readonly deployment: Deployment;
  readonly storage: Storage;
  readonly host?: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Addresses of relays whose streams to follow. */
  readonly peers?: readonly string[];
  readonly limits?: Partial<Limits>;
  /** Milliseconds between looks at the chain. */
  readonly pollMs?: number;
  /** How many seconds the newest block must be old for the node to count as cut off from the chain; never unless said. */
  readonly outageAfterSeconds?: number;
  /** The clock by which that is judged, Unix seconds. */
  readonly now?: () => number;
  /** Is told what an operator should read. */
  readonly report?: (message: string) => void;
}

/** A relay that is up. */
export interface RunningRelay {
  readonly url: string;
  /** Resolves when the relay can't go on. */
  readonly failed: Promise<Error>;
  /** Ends streams, finishes what is being written, and closes the database. */
  stop(): Promise<void>;
}

/** The relay can't start; the message says why and what to do. */
export class StartError extends Error {}

const POLL_MS = 250;
/** The node is asked again after this long when it does not answer, then twice as long, up to 30 seconds. */
const LONGEST_POLL_MS = 30_000;
/** Documents that are checked together: one waits for the chain while the other is checked. */
const CHECKED_AT_ONCE = 3;
const RPC_BATCH = 100;
const KEEP_ALIVE_MS = 75_000;

/**
 * Starts a relay. It listens at once; orders are taken in as soon as the chain has been read.
 * @throws StartError when the node is of another chain or the port is taken, DatabaseError when the book can't be opened.
 */
export async function startRelay(options: RelayOptions): Promise<RunningRelay> {
  const { rpcUrl, deployment, storage, host = "127.0.0.1", port, peers = [] } = options;
  const { report = console.error, pollMs = POLL_MS } = options;
  const limits = { ...LIMITS, ...options.limits };
  const client = createPublicClient({
    transport: http(rpcUrl, { batch: { batchSize: RPC_BATCH }, retryCount: 2 }),
    cacheTime: 0,
  });
  await requireChain(client.getChainId(), deployment.chainId, rpcUrl);

  const { db, close } = await openDatabase(storage, deployment);
  const domain = marketDomain(deployment.chainId, deployment.marketplace);
  const stop = new AbortController();
  const stopping = stop.signal;
  const { promise: failed, resolve: fail } = Promise.withResolvers<Error>();
  const sealing = new Sealing(domain, (error) => {
    report(`The thread that checks signatures has died (${error.message}).`);
    fail(error);
  });
  const texts = new Texts("folder" in storage ? path.dirname(storage.folder) : tmpdir(), report);
  const book = new Book(db, domain, sealing, limits, await Shelf.open(db, texts));
  const { outageAfterSeconds: afterSeconds = Infinity, now = () => Date.now() / 1000 } = options;
  const follower = await Follower.create(client, deployment, book, {
    afterSeconds,
    now: () => Math.floor(now()),
  });
  const metrics = createMetrics();
  const queue = new FairQueue(CHECKED_AT_ONCE, limits.waitingPerAddress);
  const relay = {
    chainId: deployment.chainId,
    book,
    limits,
    metrics,
    stopping,
    following: () => follower.following,
    inTurn: <T>(who: string, task: () => Promise<T>) => inTurn(queue, who, task),
    unexpected: (error: Error) => report(`Unexpected: ${error.stack ?? error.message}`),
  };
  const app = createApp(relay);
  const server = await listen(app.fetch, host, port).catch(async (error: unknown) => {
    await sealing.close();
    texts.close();
    await close();
    throw error;
  });

  let wasCutOff = false;

  function tellOfOutage(): void {
    const { isCutOff, block } = follower.following;
    if (isCutOff === wasCutOff) return;
    wasCutOff = isCutOff;
    report(
      isCutOff
        ? `No block has come after ${block} for more than ${afterSeconds} seconds: until one does, only money counts that is locked beyond its order's end.`
        : "Blocks come again; money counts whether it is locked or not.",
    );
  }

  const work = [follow(), ...peers.map((url) => followPeer(url, { ...relay, report }))];

  /** Looks at the chain again and again. */
  async function follow(): Promise<void> {
    let pause = pollMs;
    while (!stopping.aborted) {
      try {
        await follower.look();
        await book.tidy();
        tellOfOutage();
        if (pause > pollMs) report(`The node at ${rpcUrl} answers again.`);
        pause = pollMs;
      } catch (error) {
        metrics.chainFailures.inc();
        const trouble = follower.following.trouble ?? String(error);
        if (pause === pollMs && !stopping.aborted) {
          report(`Can't read the chain at ${rpcUrl} (${trouble}); trying again until it answers.`);
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
      await sealing.close();
      texts.close();
      await close();
    },
  };
}

/** Work for one address at a time of those that wait; refusals in words. */
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

/** Errors of viem name themselves; all that is asked of viem here is the chain. */
const isRpcError = (error: unknown): boolean => error instanceof Error && "shortMessage" in error;

async function requireChain(
  asked: Promise<number>,
  chainId: number,
  rpcUrl: string,
): Promise<void> {
  const found = await asked.catch((error: unknown) => {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new StartError(
      `No node answers at ${rpcUrl} (${reason}). Start one, or set WATTLINE_RPC_URL.`,
    );
  });
  if (found !== chainId) {
    throw new StartError(
      `The node at ${rpcUrl} is of chain ${found}, the deployment is on chain ${chainId}. Set WATTLINE_RPC_URL or WATTLINE_DEPLOYMENT to fit.`,
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
            // What is still open after a moment is a stream that nobody reads.
            setTimeout(
              () => "closeAllConnections" in server && server.closeAllConnections(),
              1_000,
            ).unref();
          }),
      });
    });
    // Longer than clients and proxies keep idle connections: else one of theirs is closed while they send on it.
    if ("keepAliveTimeout" in server) server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.on("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "EADDRINUSE"
          ? new StartError(
              `Port ${port} on ${host} is taken: stop what runs there, or set WATTLINE_PORT.`,
            )
          : error,
      );
    });
  });
}
