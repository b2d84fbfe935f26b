import { type Listening, listen } from "@wattline/common/listen";
import { Hono } from "hono";
import type { Metrics } from "./metrics.ts";

/**
 * Serves `/metrics` for Prometheus, and `/health`, which is 503 while something hinders the auctioneer.
 * @param trouble What hinders it at present.
 * @throws MendableError when it can't listen there.
 */
export function serveMetrics(
  place: { readonly host: string; readonly port: number },
  { register }: Pick<Metrics, "register">,
  trouble: () => string | undefined,
): Promise<Listening> {
  const app = new Hono();
  app.get("/metrics", async (context) =>
    context.text(await register.metrics(), 200, { "content-type": register.contentType }),
  );
  app.get("/health", (context) => {
    const reason = trouble();
    return reason === undefined
      ? context.json({ status: "ok" })
      : context.json({ status: "degraded", reason }, 503);
  });
  return listen(app.fetch, place, { name: "The server of metrics", setting: "metrics.port" });
}
