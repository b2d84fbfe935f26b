import { db } from "ponder:api";
import schema from "ponder:schema";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { client, graphql } from "ponder";
import { BLOCKS_HEADER } from "../../client/query.ts";

const tables = new Hono().use("/graphql", graphql({ db, schema }));

const app = new Hono();

app.use(cors({ origin: "*", allowMethods: ["GET", "POST"] }));
// GraphQL reads a block's number and its rows at the same time, so that either may be the newer one. Ponder writes them at once:
// rows that are read between two looks at the number are of no block before the first, and of none after the second.
app.post("/graphql", async (context, next) => {
  const first = await newestBlock();
  await next();
  const last = await newestBlock();
  if (first !== undefined && last !== undefined) {
    context.header(BLOCKS_HEADER, `${first}-${last}`);
    // Here, since the answer of GraphQL replaces what `cors` has set. Else pages could not read it.
    context.header("Access-Control-Expose-Headers", BLOCKS_HEADER);
  }
});
app.route("/", tables);
app.use("/sql/*", client({ db, schema }));

interface StatusAnswer {
  readonly data?: {
    readonly _meta: {
      readonly status: { readonly wattline?: { readonly block: { readonly number: number } } };
    };
  };
}

/** The newest block whose rows are in the tables; undefined as long as there is none, or while the database fails. */
async function newestBlock(): Promise<number | undefined> {
  const answer = await tables.request("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "{ _meta { status } }" }),
  });
  const { data }: StatusAnswer = await answer.json();
  return data?._meta.status.wattline?.block.number;
}

export default app;
