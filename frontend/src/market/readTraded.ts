import { type SlotPrice, slotPricesOf, tradesOf } from "@wattline/sdk";
import { type ChainContext, readActs } from "../chain/index.ts";

// In a file of its own because it is loaded only while no indexer answers.

/** Reads what was traded in a microgrid from the chain's own events, by slot. */
export const readTraded = async (
  context: ChainContext,
  microgrid: number,
): Promise<ReadonlyMap<number, SlotPrice>> =>
  slotPricesOf(tradesOf(await readActs(context)), microgrid);
