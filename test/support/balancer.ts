import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type RequestOptions,
  request,
  type ServerResponse,
} from "node:http";
import { buffer } from "node:stream/consumers";
import { freePort } from "../../scripts/testing/ports.ts";

const KEEP_ALIVE_MS = 75_000;

/** A load balancer in this process. */
export interface Balancer {
  readonly url: string;
  /** How many requests each server has answered. */
  readonly served: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/**
 * Starts a load balancer as operators use them: it asks one server after the other, and the next one when one can't be
 * reached. What breaks later breaks for the client too.
 */
export async function startBalancer(servers: readonly string[]): Promise<Balancer> {
  const served = new Map<string, number>();
  let turn = 0;
  const server = createServer(async (asked, answer) => {
    const body = await buffer(asked);
    const first = turn++;
    for (let i = 0; i < servers.length; i++) {
      const target = servers[(first + i) % servers.length] ?? "";
      const reply = await passOn(target, asked, body).catch(() => undefined);
      if (reply === undefined) continue;
      served.set(target, (served.get(target) ?? 0) + 1);
      return relayTo(answer, reply);
    }
    answer.writeHead(502).end();
  });
  const port = await freePort();
  // Longer than clients keep a connection: else one sends a request on what is just being closed.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${port}`,
    served,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function passOn(
  server: string,
  { url = "/", method = "GET", headers }: IncomingMessage,
  body: Buffer,
): Promise<IncomingMessage> {
  const options: RequestOptions = { method, headers, agent: false };
  const asking = request(new URL(url, server), options);
  asking.end(body);
  const [reply]: [IncomingMessage] = (await once(asking, "response")) as [IncomingMessage];
  return reply;
}

function relayTo(answer: ServerResponse, reply: IncomingMessage): void {
  answer.writeHead(reply.statusCode ?? 502, reply.headers);
  answer.flushHeaders();
  reply.pipe(answer);
  reply.on("error", () => answer.destroy());
  reply.on("close", () => {
    if (!reply.complete) answer.destroy();
  });
  answer.on("close", () => reply.destroy());
}
