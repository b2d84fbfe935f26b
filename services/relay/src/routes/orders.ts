import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { Hex } from "viem";
import { eventIdText } from "../eventId.ts";
import { BadWithdrawalError } from "../orderBook.ts";
import type { Page } from "../orderCache.ts";
import { Refusal } from "../problems.ts";
import { clientOf, type Env, type Relay } from "../relay.ts";
import {
  bookOrderSchema,
  encodeCursor,
  hashParam,
  ordersQuerySchema,
  pageSchema,
  postSchema,
  problemSchema,
  refusedSchema,
  resultsSchema,
  withdrawSchema,
} from "../schemas.ts";
import { bookOrderOf, findOrder } from "../store/orders.ts";

const DEFAULT_LIMIT = 100;

const json = <T>(schema: T) => ({ "application/json": { schema } });
/** A page is assembled from JSON texts, so the compiler accepts any response for it. */
const writtenPage: Record<string, { readonly schema: typeof pageSchema }> = json(pageSchema);
const problem = (description: string) => ({ description, content: json(problemSchema) });

/** Routes to post, find and withdraw orders. */
export function orderRoutes(app: OpenAPIHono<Env>, relay: Relay): void {
  const { book, epoch, limits, metrics } = relay;

  app.openapi(
    createRoute({
      method: "post",
      path: "/orders",
      summary: "Hand in signed orders, each with a single or a bulk signature",
      request: {
        body: { required: true, content: json(postSchema(limits.ordersPerRequest)) },
      },
      responses: {
        200: {
          description: "What became of each order, in their order",
          content: json(resultsSchema),
        },
        400: {
          description: "The document is malformed, or every order of it is refused",
          content: json(refusedSchema),
        },
        413: problem("The body is too large"),
        429: problem("Too many requests from this address"),
        503: problem("The relay can't reach the chain"),
      },
    }),
    async (c) => {
      const { orders } = c.req.valid("json");
      const results = await relay.inTurn(clientOf(c, relay), () => book.admit(orders));
      metrics.count("http", results);
      if (results.some(({ status }) => status !== "refused"))
        return c.json({ results: results }, 200);
      const reasons = results.flatMap((result, i) =>
        result.status === "refused"
          ? result.reasons.map((reason) => ({
              ...reason,
              path: ["orders", i, "order", reason.path]
                .filter((part) => part !== undefined)
                .join("."),
            }))
          : [],
      );
      const message =
        results.length === 1
          ? (reasons[0]?.message ?? "")
          : "Every order of the document is refused.";
      const code = results.length === 1 ? (reasons[0]?.code ?? "Relay_Refused") : "Relay_Refused";
      return c.json({ code, message, reasons, results }, 400);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/orders",
      summary: "A page of the book",
      request: { query: ordersQuerySchema },
      responses: {
        200: { description: "Orders, and a cursor when there are more", content: writtenPage },
        400: problem("A filter is malformed or unknown"),
        429: problem("Too many requests from this address"),
      },
    }),
    async (c) => {
      const { cursor, limit = DEFAULT_LIMIT, ...query } = c.req.valid("query");
      // Taken first: what changes meanwhile comes by the stream, once more rather than never.
      const eventId = eventIdText({ epoch, sequence: book.cache.changes.published });
      const find = () => book.cache.page(query, cursor, limit);
      // History can be slow: a client with many such requests waits behind its own.
      const isHistory = query.state === "all";
      const page = await (isHistory ? relay.inTurn(clientOf(c, relay), find) : find());
      return c.body(jsonOf(page, eventId), 200, { "content-type": "application/json" });
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/orders/{hash}",
      summary: "One order",
      request: { params: hashParam },
      responses: {
        200: { description: "The order", content: json(bookOrderSchema) },
        400: problem("The hash is malformed"),
        404: problem("The relay does not know the order"),
        429: problem("Too many requests from this address"),
      },
    }),
    async (c) => {
      const { hash } = c.req.valid("param");
      const row = await findOrder(book.db, hash);
      if (row === undefined) throw unknownOrder(hash);
      return c.json(bookOrderOf(row), 200);
    },
  );

  app.openapi(
    createRoute({
      method: "delete",
      path: "/orders/{hash}",
      summary: "Take an order off the book, by a signed OrderWithdrawal(bytes32 orderHash)",
      description:
        "The signature remains valid for anyone who has the order. To void it for good, cancel it on chain.",
      request: {
        params: hashParam,
        body: { required: true, content: json(withdrawSchema) },
      },
      responses: {
        200: { description: "The order, withdrawn", content: json(bookOrderSchema) },
        400: problem("The request is malformed"),
        403: problem("The withdrawal is not signed by who may"),
        404: problem("The relay does not know the order"),
        429: problem("Too many requests from this address"),
        503: problem("The relay can't reach the chain"),
      },
    }),
    async (c) => {
      const { hash } = c.req.valid("param");
      const { signature } = c.req.valid("json");
      try {
        const order = await relay.inTurn(clientOf(c, relay), () => book.withdraw(hash, signature));
        if (order === undefined) throw unknownOrder(hash);
        return c.json(order, 200);
      } catch (error) {
        if (!(error instanceof BadWithdrawalError)) throw error;
        throw new Refusal(403, {
          code: "Relay_BadWithdrawal",
          message: error.message,
          path: "signature",
        });
      }
    },
  );
}

/** A page as it is sent: its orders are JSON already. */
function jsonOf({ texts, next }: Page, eventId: string): Uint8Array<ArrayBuffer> {
  const parts = texts.flatMap((text, i) => (i === 0 ? [text] : [COMMA, text]));
  const cursor = next === undefined ? "" : `,"nextCursor":${JSON.stringify(encodeCursor(next))}`;
  const end = `],"eventId":${JSON.stringify(eventId)}${cursor}}`;
  return Buffer.concat([Buffer.from('{"orders":['), ...parts, Buffer.from(end)]);
}

const COMMA = Buffer.from(",");

const unknownOrder = (hash: Hex): Refusal =>
  new Refusal(404, {
    code: "Relay_UnknownOrder",
    message: `The relay has no order ${hash}.`,
    path: "hash",
  });
