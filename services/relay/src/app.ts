import { OpenAPIHono } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { routePath } from "hono/route";
import { Buckets } from "./limits/bucket.ts";
import { answerTo, malformed, Refusal } from "./problems.ts";
import { clientOf, type Env, type Relay } from "./relay.ts";
import { directoryRoutes } from "./routes/directories.ts";
import { orderRoutes } from "./routes/orders.ts";
import { statusRoutes } from "./routes/status.ts";
import { streamRoute } from "./routes/stream.ts";

/** Of a body that is too large, up to this many times the limit is read and discarded, so that the client gets the answer. */
const MOST_DRAINED = 8;

/** Requests that have a body. */
const WITH_BODY = ["POST", "DELETE"];

/** The relay's HTTP interface. */
export function createApp(relay: Relay): OpenAPIHono<Env> {
  const { limits, metrics } = relay;
  const buckets = new Buckets(limits.requests);
  const app = new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (!result.success) throw malformed(result.error);
    },
  });

  app.options("*", cors({ origin: "*", allowMethods: ["GET", "POST", "DELETE"] }));
  // The answer needs no more than this header; the middleware would copy it before it is sent.
  app.use(async (c, next) => {
    c.header("access-control-allow-origin", "*");
    await next();
  });
  app.use(async (c, next) => {
    const started = performance.now();
    await next();
    metrics.requests.observe(
      { method: c.req.method, route: routePath(c, -1), status: c.res.status },
      (performance.now() - started) / 1000,
    );
  });
  app.use(async (c, next) => {
    const wait = buckets.take(clientOf(c, relay));
    if (wait > 0) {
      const { perSecond } = limits.requests;
      throw new Refusal(
        429,
        {
          code: "Relay_TooManyRequests",
          message: `This address has made too many requests; the relay answers ${perSecond} a second. Try again later.`,
        },
        wait,
      );
    }
    await next();
  });
  app.on(
    WITH_BODY,
    "*",
    bodyLimit({
      maxSize: limits.body,
      onError: async (c) => {
        await drain(c.req.raw, MOST_DRAINED * limits.body);
        throw new Refusal(413, {
          code: "Relay_BodyTooLarge",
          message: `A body has at most ${limits.body} bytes. Send several documents.`,
        });
      },
    }),
  );
  app.on(WITH_BODY, "*", async (c, next) => {
    // The case of a media type says nothing (RFC 9110, 8.3.1); what checks bodies later minds it.
    const type = c.req.header("content-type")?.toLowerCase();
    if (type?.includes("application/json") !== true) {
      throw new Refusal(400, {
        code: "Relay_Malformed",
        message: "Send JSON, with the header content-type: application/json.",
      });
    }
    c.req.raw.headers.set("content-type", type);
    await next();
  });

  orderRoutes(app, relay);
  directoryRoutes(app, relay);
  streamRoute(app, relay);
  statusRoutes(app, relay);
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: {
      title: "Wattline relay",
      version: "1",
      description:
        "The order book of an energy marketplace: signed orders in, verified orders out. A relay can't forge an order; verify what you trade against by its signature.",
    },
  });

  app.notFound((c) =>
    c.json(
      { code: "Relay_NotFound", message: `There is no ${c.req.method} ${c.req.path} here.` },
      404,
    ),
  );
  app.onError((error, c) => answerTo(c, error, relay.unexpected));
  return app;
}

/** Reads what a client is still sending, which would otherwise see a broken connection instead of the answer. */
async function drain({ body }: Request, most: number): Promise<void> {
  if (body === null || body.locked) return;
  const reader = body.getReader();
  for (let read = 0; read < most; ) {
    const { done, value } = await reader.read();
    if (done) return;
    read += value.byteLength;
  }
}
