import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { clientOf, type Env, type Relay } from "../relay.ts";
import { healthSchema } from "../schemas.ts";

/** The book may be this many blocks behind before the relay reports itself as degraded. */
const MOST_LAG_BLOCKS = 5;

/** Routes for the relay's own state. */
export function statusRoutes(app: OpenAPIHono<Env>, relay: Relay): void {
  const { book, metrics } = relay;

  app.openapi(
    createRoute({
      method: "get",
      path: "/health",
      summary: "Whether the relay keeps up with the chain",
      responses: {
        200: {
          description: "It does",
          content: { "application/json": { schema: healthSchema } },
        },
        503: {
          description: "It does not: the book is served, and may be out of date",
          content: { "application/json": { schema: healthSchema } },
        },
      },
    }),
    (c) => {
      const { block, blockHash, head, isOffline, trouble } = relay.following();
      const lagBlocks = Math.max(0, head - block);
      const isFine = trouble === undefined && book.isReady && lagBlocks <= MOST_LAG_BLOCKS;
      const orders = book.cache.live;
      const status = isFine ? ("ok" as const) : ("degraded" as const);
      const { chainId } = relay;
      const health = { status, chainId, block, blockHash, head, lagBlocks, isOffline, orders };
      return isFine ? c.json(health, 200) : c.json(health, 503);
    },
  );

  app.get("/metrics", async (c) => {
    metrics.book.reset();
    // Counting reads the whole book: a client that asks often waits behind its own questions.
    const counts = await relay.inTurn(clientOf(c, relay), () => book.countByState());
    for (const [state, count] of counts) metrics.book.set({ state }, count);
    metrics.leads.set(relay.isLeading() ? 1 : 0);
    return c.text(await metrics.register.metrics(), 200, {
      "content-type": metrics.register.contentType,
    });
  });
}
