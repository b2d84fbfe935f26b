import { type Listening, listen } from "@wattline/common/listen";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { getAddress, isAddress } from "viem";
import * as z from "zod";
import type { Island } from "./island.ts";
import { readingsSchema } from "./readings.ts";

const MOST_BODY_BYTES = 8 * 1024 * 1024;

/**
 * Serves how promises stand (`GET /promises`, with `?maker=` also one household's), and takes readings in
 * (`POST /readings`, as agents post them).
 * @throws MendableError when it can't listen there.
 */
export function serveIsland(
  place: { readonly host: string; readonly port: number },
  island: Pick<Island, "status" | "take">,
): Promise<Listening> {
  const app = new Hono();
  app.use(cors(), bodyLimit({ maxSize: MOST_BODY_BYTES }));
  app.get("/promises", (context) => {
    const maker = context.req.query("maker");
    if (maker !== undefined && !isAddress(maker, { strict: false })) {
      return context.json({ error: `maker is no account: "${maker}".` }, 400);
    }
    context.header("cache-control", "no-store");
    return context.json(island.status(maker === undefined ? undefined : getAddress(maker)));
  });
  app.post("/readings", async (context) => {
    const body: unknown = await context.req.json().catch(() => undefined);
    const parsed = readingsSchema.safeParse(body);
    if (!parsed.success) return context.json({ error: z.prettifyError(parsed.error) }, 400);
    const results = await island.take(parsed.data.readings);
    // The others are kept: who sends all of them again does no harm.
    const status = results.some((each) => each.status === "refused") ? 422 : 200;
    return context.json({ results }, status);
  });
  return listen(app.fetch, place, { name: "The island node", setting: "island.port" });
}
