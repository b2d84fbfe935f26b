import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { clientOf, type Env, type Relay } from "../relay.ts";
import {
  microgridParam,
  problemSchema,
  publishedSchema,
  signedDirectorySchema,
} from "../schemas.ts";

const problem = (description: string) => ({
  description,
  content: { "application/json": { schema: problemSchema } },
});

/** Routes to publish and read a microgrid's directory of names. */
export function directoryRoutes(app: OpenAPIHono<Env>, relay: Relay): void {
  const { directories, book } = relay;

  app.openapi(
    createRoute({
      method: "post",
      path: "/directories",
      summary: "Publish a microgrid's directory of names, signed by its operator",
      description:
        "A Directory(uint32 microgrid,uint32 version,DirectoryListing[] listings) in the marketplace's EIP-712 domain. Everybody in it has signed a Listing.",
      request: {
        body: {
          required: true,
          content: { "application/json": { schema: signedDirectorySchema } },
        },
      },
      responses: {
        200: {
          description: "It is stored",
          content: { "application/json": { schema: publishedSchema } },
        },
        400: problem("It is malformed, or a signature is missing"),
        404: problem("There is no such microgrid"),
        409: problem("There is one of this or a later version"),
        413: problem("The body is too large"),
        429: problem("Too many requests from this address"),
        503: problem("The relay can't reach the chain"),
      },
    }),
    async (c) => {
      const signed = c.req.valid("json");
      await relay.inTurn(clientOf(c, relay), () => directories.publish(signed, book.snapshot));
      const { microgrid, version } = signed.directory;
      return c.json({ microgrid, version }, 200);
    },
  );

  app.openapi(
    createRoute({
      method: "get",
      path: "/directories/{microgrid}",
      summary: "A microgrid's directory of names; verify its signatures",
      request: { params: microgridParam },
      responses: {
        200: {
          description: "The directory",
          content: { "application/json": { schema: signedDirectorySchema } },
        },
        204: { description: "None was published" },
        400: problem("The number is malformed"),
        429: problem("Too many requests from this address"),
      },
    }),
    async (c) => {
      const { microgrid } = c.req.valid("param");
      const text = await directories.find(microgrid);
      if (text === undefined) return c.body(null, 204);
      return c.json(JSON.parse(text), 200);
    },
  );
}
