import { ponder } from "ponder:registry";
import { microgrid } from "ponder:schema";
import { hashOrder, marketDomain } from "@wattline/sdk";
import { readSettings } from "../settings.ts";
import { occasionOf } from "./books/occasion.ts";
import { pinOrder } from "./books/orders.ts";

const { chainId, marketplace } = readSettings(process.env).deployment;
const domain = marketDomain(chainId, marketplace);
/** The board takes any number, the table what fits its column. */
const MOST_MICROGRID = 2 ** 31 - 1;

ponder.on("Board:Pinned", async ({ event, context: { db } }) => {
  const occasion = await occasionOf(db, event);
  const { order, signature, microgrid: id } = event.args;
  // Nobody can trade in a microgrid that isn't there.
  if (id > MOST_MICROGRID || (await db.find(microgrid, { id })) === null) return;
  await pinOrder(db, occasion, hashOrder(domain, order), { order, signature });
});
