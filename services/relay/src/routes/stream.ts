import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { streamSSE } from "hono/streaming";
import type { Change } from "../changes.ts";
import { eventIdText, parseEventId } from "../eventId.ts";
import { Refusal } from "../problems.ts";
import { clientOf, type Env, type Relay } from "../relay.ts";
import { problemSchema, streamQuerySchema } from "../schemas.ts";
import { bookOrderOf, changesSince } from "../store/orders.ts";

/** A comment at this interval keeps proxies from closing an idle stream. */
const HEARTBEAT_MS = 15_000;
const CHUNK = 500;

/** Changes of the book as server-sent events. */
export function streamRoute(app: OpenAPIHono<Env>, relay: Relay): void {
  const { book, epoch, limits, metrics } = relay;
  const { changes } = book.cache;
  const idOf = (sequence: number): string => eventIdText({ epoch, sequence });
  const open = new Map<string, number>();

  app.openapi(
    createRoute({
      method: "get",
      path: "/stream",
      summary: "Changes of the book as they happen, as server-sent events",
      description:
        "Each event `order` carries a BookOrder. Resumes after the id in `Last-Event-ID` or `?from=`; `?from=0` starts with the whole book; without either, only changes from now on are sent. The first event, `start`, says whether the stream resumes: after an id of another book it starts with the whole one. An order that changed several times in between is sent once, in its current state.",
      request: { query: streamQuerySchema },
      responses: {
        200: {
          description: "Events",
          content: { "text/event-stream": { schema: { type: "string" } } },
        },
        400: {
          description: "The query is malformed",
          content: { "application/json": { schema: problemSchema } },
        },
        429: {
          description: "Too many streams",
          content: { "application/json": { schema: problemSchema } },
        },
      },
    }),
    async (c) => {
      const { microgrid, from } = c.req.valid("query");
      const client = clientOf(c, relay);
      const start = await startOf(c.req.header("last-event-id") ?? from);
      const others = open.get(client) ?? 0;
      if (others >= limits.streamsPerAddress) {
        throw new Refusal(
          429,
          {
            code: "Relay_TooManyStreams",
            message: `This address has ${others} streams open already.`,
          },
          1,
        );
      }
      open.set(client, others + 1);
      metrics.streams.inc();
      c.header("x-accel-buffering", "no");
      return streamSSE(c, async (stream) => {
        const ended = new AbortController();
        const signal = AbortSignal.any([ended.signal, relay.stopping]);
        stream.onAbort(() => ended.abort());
        const heartbeat = setInterval(() => {
          stream.write(": still here\n\n").catch(() => ended.abort());
        }, HEARTBEAT_MS);
        try {
          await stream.write(
            `event: start\ndata: ${JSON.stringify({ resumed: start.resumed })}\nid: ${idOf(start.sequence)}\n\n`,
          );
          let last = start.sequence;
          while (!signal.aborted) {
            const news = changes.since(last) ?? (await stored(last));
            if (news.length === 0) {
              await changes.wait(signal);
              continue;
            }
            // One write for many events, and the next only after it has been sent: a slow reader delays only itself.
            const text = news
              .filter((change) => microgrid === undefined || change.microgrid === microgrid)
              .map(({ sequence, json }) => `event: order\ndata: ${json}\nid: ${idOf(sequence)}\n\n`)
              .join("");
            if (text !== "") await stream.write(text);
            last = news.at(-1)?.sequence ?? last;
          }
        } finally {
          clearInterval(heartbeat);
          metrics.streams.dec();
          const left = (open.get(client) ?? 1) - 1;
          if (left > 0) open.set(client, left);
          else open.delete(client);
        }
      });
    },
  );

  async function stored(sequence: number): Promise<Change[]> {
    const rows = await changesSince(book.db, sequence, CHUNK);
    return rows.map((row) => ({
      sequence: row.updated_sequence,
      microgrid: row.microgrid,
      json: JSON.stringify(bookOrderOf(row)),
    }));
  }

  /** Where a stream starts. After an id that this book has not given, it starts with the whole book. */
  async function startOf(text: string | undefined): Promise<Start> {
    if (text === undefined) return { sequence: changes.published, resumed: true };
    if (text === "0") return { sequence: 0, resumed: true };
    const id = parseEventId(text);
    // Another relay on the same database may have given it a moment ago.
    if (id?.epoch === epoch && id.sequence > changes.published) await book.catchUp();
    return id?.epoch === epoch && id.sequence <= changes.published
      ? { sequence: id.sequence, resumed: true }
      : { sequence: 0, resumed: false };
  }
}

interface Start {
  readonly sequence: number;
  /** Whether it goes on from where the reader was. */
  readonly resumed: boolean;
}
