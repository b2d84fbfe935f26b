import { ponder } from "ponder:registry";
import { microgrid } from "ponder:schema";
import { hashOrder, marketDomain } from "@wattline/sdk";
import { eq } from "ponder";
import { readSettings } from "../settings.ts";
import { type Db, occasionOf } from "./books/occasion.ts";
import { pinOrder } from "./books/orders.ts";

const { chainId, marketplace } = readSettings(process.env).deployment;
const domain = marketDomain(chainId, marketplace);
/** The board takes any number of 32 bits, the column one less. */
const MOST_MICROGRID = 2 ** 31 - 1;

ponder.on("Board:Pinned", async ({ event, context: { db } }) => {
  const occasion = await occasionOf(db, event);
  const { order, signature, microgrid: id } = event.args;
  // Nobody can trade in a microgrid that isn't there.
  if (id > MOST_MICROGRID || !(await isFounded(db, id))) return;
  await pinOrder(db, occasion, hashOrder(domain, order), { order, signature });
});

/**
 * Asked of the database itself: once rows are found by what an event names, Ponder fetches them ahead for all such events,
 * and stops for good at a number that no column holds.
 */
async function isFounded(db: Db, id: number): Promise<boolean> {
  const found = await db.sql
    .select({ id: microgrid.id })
    .from(microgrid)
    .where(eq(microgrid.id, id));
  return found.length > 0;
}
