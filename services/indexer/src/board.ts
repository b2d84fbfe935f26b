import { ponder } from "ponder:registry";
import { microgrid } from "ponder:schema";
import { hashOrder, marketDomain } from "@wattline/sdk";
import { eq } from "ponder";
import { readSettings } from "../settings.ts";
import { type Db, occasionOf } from "./records/occasion.ts";
import { pinOrder } from "./records/orders.ts";

const { chainId, marketplace } = readSettings(process.env).deployment;
const domain = marketDomain(chainId, marketplace);
/** The board accepts any 32-bit number, the column one bit less. */
const MOST_MICROGRID = 2 ** 31 - 1;

ponder.on("Board:Pinned", async ({ event, context: { db } }) => {
  const occasion = await occasionOf(db, event);
  const { order, signature, microgrid: id } = event.args;
  // Nobody can trade in a microgrid that does not exist.
  if (id > MOST_MICROGRID || !(await isFounded(db, id))) return;
  await pinOrder(db, occasion, hashOrder(domain, order), { order, signature });
});

/**
 * Queries the database itself: when rows are looked up by event arguments, Ponder prefetches them for all such events,
 * and fails for good at a number that does not fit into the column.
 */
async function isFounded(db: Db, id: number): Promise<boolean> {
  const found = await db.sql
    .select({ id: microgrid.id })
    .from(microgrid)
    .where(eq(microgrid.id, id));
  return found.length > 0;
}
