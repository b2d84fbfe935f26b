import { type SlotPrice, slotPricesOf, tradesOf } from "@wattline/sdk";
import { type ChainContext, readActs, readCommunities } from "../chain/index.ts";

// A separate file, because it is loaded only while no indexer answers.

/** Reads what was traded in a microgrid by slot, from the chain's events. */
export async function readTraded(
  context: ChainContext,
  microgrid: number,
): Promise<ReadonlyMap<number, SlotPrice>> {
  const [acts, { microgrids }] = await Promise.all([readActs(context), readCommunities(context)]);
  const known = (number: number) => {
    const found = microgrids.find((one) => one.microgrid === number);
    if (found === undefined) throw new Error(`Microgrid ${number} was never founded.`);
    return found;
  };
  return slotPricesOf(tradesOf(acts), { known }, microgrid);
}
