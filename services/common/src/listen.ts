import { serve } from "@hono/node-server";
import { MendableError, reasonOf } from "./mendable.ts";

/** What listens. */
export interface Listening {
  readonly url: string;
  /** Ends with all connections. */
  stop(): Promise<void>;
}

/**
 * Answers requests at a host and port; port 0 is any that is free.
 * @param what What listens and how to mend it, in the words of an error: "The page" and "page.port".
 * @throws MendableError when it can't listen there.
 */
export function listen(
  fetch: Parameters<typeof serve>[0]["fetch"],
  { host, port }: { readonly host: string; readonly port: number },
  { name, setting }: { readonly name: string; readonly setting: string },
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, hostname: host, port }, (info) =>
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
          `${name} can't listen at ${host}:${port}: ${reasonOf(error)}. Choose another ${setting}.`,
        ),
      ),
    );
  });
}
