import { setTimeout as sleep } from "node:timers/promises";
import { type Listening, listen } from "@wattline/common/listen";
import { openLog, type Report } from "@wattline/common/log";
import { MendableError, reasonOf } from "@wattline/common/mendable";
import { addChainMetrics } from "@wattline/common/metrics";
import { nodeTransport } from "@wattline/common/node";
import { shownUrl } from "@wattline/common/shownUrl";
import type { Deployment } from "@wattline/sdk";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { Gauge, Registry } from "prom-client";
import { createPublicClient } from "viem";
import * as z from "zod";
import { answerFrom, remember, UnknownHereError } from "./answers.ts";
import { ChainFollower } from "./follower.ts";
import { Memory } from "./memory.ts";

/** A gateway's options. */
export interface GatewayOptions {
  /** A node of the chain. */
  readonly rpcUrl: string;
  readonly deployment: Deployment;
  /** Where it keeps what the chain said. */
  readonly file: string;
  readonly host: string;
  readonly port: number;
  /** Between looks at the chain, in ms. */
  readonly lookMs?: number;
  /** How long the chain may take to answer such a look, in ms, until it counts as out of reach. */
  readonly patienceMs?: number;
  /** Unix milliseconds. */
  readonly now?: () => number;
  readonly report?: Report;
}

const LOOK_MS = 1_000;
const PATIENCE_MS = 30_000;
const LOOK_PATIENCE_MS = 10_000;
const MOST_BODY_BYTES = 16 * 1024 * 1024;
const RPC_BATCH = 100;

/** The error code of a request that only the chain can answer: "resource unavailable" (EIP-1474). */
const NOT_IN_REACH = -32_002;

const requestSchema = z.object({
  jsonrpc: z.literal("2.0").optional(),
  id: z.union([z.string(), z.number(), z.null()]).optional(),
  method: z.string(),
  params: z.array(z.unknown()).default([]),
});
type Request = z.output<typeof requestSchema>;
const bodySchema = z.union([requestSchema, z.array(requestSchema)]);

/**
 * A node of the chain for the parts of one community: while the true one is in reach it passes requests on, and keeps the
 * answers on which trading depends. When it is not, it answers from those, as of the newest block that it has read.
 * @throws MendableError when the node is of another chain, or it can't listen.
 */
export async function startGateway(options: GatewayOptions): Promise<Listening> {
  const { rpcUrl, deployment, file, host, port } = options;
  const { lookMs = LOOK_MS, patienceMs = LOOK_PATIENCE_MS } = options;
  const { now = Date.now, report = openLog("gateway") } = options;
  const memory = new Memory(file, deployment, now());
  const client = createPublicClient({
    transport: nodeTransport(rpcUrl, {
      batchSize: RPC_BATCH,
      tries: 1,
      timeoutMs: patienceMs,
    }),
    cacheTime: 0,
  });
  const follower = new ChainFollower(client, deployment, memory, now);
  const stop = new AbortController();
  let line = new AbortController();
  let isInReach = await requireChain().then(
    () => true,
    (error: unknown) => {
      if (error instanceof MendableError) throw error;
      return false;
    },
  );

  async function requireChain(): Promise<void> {
    const found = await client.getChainId();
    if (found === deployment.chainId) return;
    throw new MendableError(
      `The node at ${shownUrl(rpcUrl)} is of chain ${found}, the deployment is on chain ${deployment.chainId}. Mend chain.rpc_url or chain.deployment.`,
    );
  }

  function setInReach(is: boolean, reason = ""): void {
    if (is === isInReach) return;
    isInReach = is;
    // What waits for an answer that won't come is answered from here.
    if (is) line = new AbortController();
    else line.abort();
    const block = memory.head === undefined ? "none" : Number(memory.head.number);
    report(
      is
        ? `The chain at ${shownUrl(rpcUrl)} is in reach again.`
        : `The chain is not in reach (${reason}). Answers are as of the block ${block}.`,
      { level: is ? "info" : "warn" },
    );
  }

  /** Looks at the chain again and again. */
  async function look(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        if (!isInReach) await requireChain();
        setInReach(true);
        await follower.follow(stop.signal);
      } catch (error) {
        if (!stop.signal.aborted) setInReach(false, reasonOf(error));
      }
      await sleep(lookMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  }

  function rememberAll(requests: readonly Request[]): void {
    for (const { method, params } of requests) {
      const [call] = params as [{ to?: `0x${string}`; data?: `0x${string}` } | undefined];
      if (method !== "eth_call" || call?.to === undefined || call.data === undefined) continue;
      remember(memory, deployment, { to: call.to, data: call.data }, now());
    }
  }

  /** The true node's answer; undefined when it gives none. */
  async function passOn(body: string): Promise<Response | undefined> {
    try {
      const signal = AbortSignal.any([stop.signal, line.signal, AbortSignal.timeout(PATIENCE_MS)]);
      const headers = { "content-type": "application/json" };
      const answer = await fetch(rpcUrl, { method: "POST", headers, body, signal });
      const text = await answer.text();
      // What stands before a node and does not reach it says so by a status.
      if (answer.status >= 500 && !text.includes('"jsonrpc"')) {
        throw new Error(`it answers with status ${answer.status}`);
      }
      return new Response(text, { status: answer.status, headers });
    } catch (error) {
      setInReach(false, reasonOf(error));
      return undefined;
    }
  }

  function answerHere({ id = null, method, params }: Request) {
    try {
      return { jsonrpc: "2.0", id, result: answerFrom(memory, deployment, method, params) };
    } catch (error) {
      if (!(error instanceof UnknownHereError)) throw error;
      return { jsonrpc: "2.0", id, error: { code: NOT_IN_REACH, message: error.message } };
    }
  }

  const app = new Hono();
  app.use(cors(), bodyLimit({ maxSize: MOST_BODY_BYTES }));
  app.get("/health", (context) =>
    context.json({
      isInReach,
      // Whether all that was asked is kept.
      isWhole: !memory.isLacking,
      block: memory.head === undefined ? null : Number(memory.head.number),
      time: memory.head === undefined ? null : Number(memory.head.timestamp),
    }),
  );
  const register = new Registry();
  addChainMetrics(register, "gateway", () => follower.followed);
  new Gauge({
    name: "wattline_gateway_chain_in_reach",
    help: "Whether the chain answers",
    registers: [register],
    collect() {
      this.set(isInReach ? 1 : 0);
    },
  });
  app.get("/metrics", async (context) =>
    context.text(await register.metrics(), 200, { "content-type": register.contentType }),
  );
  app.post("/", async (context) => {
    const body = await context.req.text();
    const parsed = bodySchema.safeParse(jsonIn(body));
    if (!parsed.success) {
      const error = { code: -32_600, message: "This is no JSON-RPC request." };
      return context.json({ jsonrpc: "2.0", id: null, error }, 400);
    }
    rememberAll([parsed.data].flat());
    const wasInReach = isInReach;
    const answer = wasInReach ? await passOn(body) : undefined;
    if (answer !== undefined) return answer;
    // It may have arrived, so nothing is said of it: who sent it has to ask again.
    const isSent = [parsed.data].flat().some(({ method }) => method === "eth_sendRawTransaction");
    if (wasInReach && isSent) return context.text("The answer of the chain was lost.", 502);
    return context.json(
      Array.isArray(parsed.data) ? parsed.data.map(answerHere) : answerHere(parsed.data),
    );
  });
  const server = await listen(app.fetch, { host, port }, { name: "The node", setting: "port" });
  const looking = look();
  return {
    url: server.url,
    async stop() {
      stop.abort();
      await looking;
      await server.stop();
    },
  };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
