import { getConnInfo } from "@hono/node-server/conninfo";
import { type Listening, listen } from "@wattline/common/listen";
import { reasonOf } from "@wattline/common/mendable";
import { accountable, Buckets } from "@wattline/relay/buckets";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import * as z from "zod/mini";
import { type RefusalBody, requestSchema } from "./answers.ts";
import { type Mandates, Refusal } from "./mandates.ts";

/** A call has 500,000 gas: more calldata than this it could not even pay for. */
const MOST_BODY_BYTES = 32 * 1024;
/** Of one address: a page asks how its call stands twice a second. */
const REQUESTS = { burst: 60, perSecond: 5 };

/**
 * Takes what households have signed (`POST /mandates` with the marketplace's calldata as `data`) and tells how it stands: asked
 * again with the same body, it answers anew.
 * @throws MendableError when it can't listen there.
 */
export function serveMandates(
  place: { readonly host: string; readonly port: number },
  mandates: Pick<Mandates, "take">,
): Promise<Listening> {
  const clients = new Buckets(REQUESTS);
  const app = new Hono();
  app.use(cors(), bodyLimit({ maxSize: MOST_BODY_BYTES }));
  app.post("/mandates", async (context) => {
    const refuse = (status: Refusal["status"], body: RefusalBody) => context.json(body, status);
    context.header("cache-control", "no-store");
    if (clients.take(accountable(getConnInfo(context).remote.address ?? "unknown")) > 0) {
      return refuse(429, { error: "Too many requests. Wait a second." });
    }
    const parsed = requestSchema.safeParse(await context.req.json().catch(() => undefined));
    if (!parsed.success) return refuse(400, { error: z.prettifyError(parsed.error) });
    try {
      return context.json(await mandates.take(parsed.data.data));
    } catch (error) {
      if (error instanceof Refusal) {
        const { status, message, revert } = error;
        return refuse(status, { error: message, ...(revert && { revert }) });
      }
      return refuse(503, { error: `The chain can't be asked: ${reasonOf(error)}.` });
    }
  });
  return listen(app.fetch, place, { name: "The server of mandates", setting: "mandates.port" });
}
