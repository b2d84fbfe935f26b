import { serve } from "@hono/node-server";
import { MendableError, reasonOf } from "@wattline/common/mendable";
import { Hono } from "hono";
import type { Metrics } from "./metrics.ts";

/** Metrics and health over HTTP. */
export interface MetricsServer {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Serves `/metrics` for Prometheus, and `/health`, which is 503 while something hinders the auctioneer.
 * @param trouble What hinders it at present.
 * @throws MendableError when the port is taken.
 */
export function serveMetrics(
  { host, port }: { readonly host: string; readonly port: number },
  { register }: Pick<Metrics, "register">,
  trouble: () => string | undefined,
): Promise<MetricsServer> {
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
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port }, (info) =>
      resolve({
        url: `http://${host}:${info.port}`,
        stop: () =>
          new Promise((stopped) => {
            server.close(() => stopped());
            if ("closeAllConnections" in server) server.closeAllConnections();
          }),
      }),
    );
    server.on("error", (error: unknown) =>
      reject(
        new MendableError(
          `Metrics can't be served at ${host}:${port}: ${reasonOf(error)}. Choose another metrics.port.`,
        ),
      ),
    );
  });
}
