import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it passes. */
export interface Passing {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What a proxy makes of an answer: another one, or an error by throwing. */
export type Rewrite = (request: Passing, result: unknown) => unknown;

/** A node that lies: it passes requests on to a true one and rewrites what comes back. */
export interface LyingNode {
  readonly url: string;
  /** Requests that have come, by method. */
  readonly asked: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

interface Message {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** @param rewrite May throw an `HttpStatus` to fail the whole request. */
export async function lyingNode(rpc: string, rewrite: Rewrite): Promise<LyingNode> {
  const asked = new Map<string, number>();
  const server: Server = createServer(async (request, response) => {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = Buffer.concat(chunks).toString();
      const sent: Message | Message[] = JSON.parse(body);
      const messages = Array.isArray(sent) ? sent : [sent];
      for (const { method } of messages) asked.set(method, (asked.get(method) ?? 0) + 1);
      const answer = await fetch(rpc, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      const told = await answer.json();
      const answers: { id: number; result?: unknown }[] = Array.isArray(told) ? told : [told];
      const rewritten = answers.map((each) => {
        const message = messages.find(({ id }) => id === each.id);
        if (message === undefined || !("result" in each)) return each;
        return retold(message, each.result, rewrite);
      });
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(Array.isArray(sent) ? rewritten : rewritten[0]));
    } catch (error) {
      response.statusCode = error instanceof HttpStatus ? error.status : 502;
      if (error instanceof HttpStatus && error.status === 0) return void request.socket.destroy();
      response.end(error instanceof Error ? error.message : "");
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Fails a whole HTTP request; 0 cuts the connection. */
export class HttpStatus extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}

function retold({ id, method, params }: Message, result: unknown, rewrite: Rewrite) {
  try {
    return { jsonrpc: "2.0", id, result: rewrite({ method, params }, result) };
  } catch (error) {
    if (error instanceof HttpStatus) throw error;
    return {
      jsonrpc: "2.0",
      id,
      error: { code: -32_000, message: error instanceof Error ? error.message : String(error) },
    };
  }
}
