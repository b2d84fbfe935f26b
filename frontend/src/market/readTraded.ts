import { type SlotPrice, slotPricesOf, tradesOf } from "@wattline/sdk";
import { type ChainContext, readActs } from "../chain/index.ts";

// A separate file, because it is loaded only while no indexer answers.

/** Reads what was traded in a microgrid by slot, from the chain's events. */
export const readTraded = async (
  context: ChainContext,
  microgrid: number,
): Promise<ReadonlyMap<number, SlotPrice>> =>
  slotPricesOf(tradesOf(await readActs(context)), microgrid);
