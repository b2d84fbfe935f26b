import { type Order, type OrderFacts, readOrderFacts, type Signer } from "@wattline/sdk";
import { type ChainContext, readView } from "../chain/index.ts";

/** What the chain says of an order that `signer` has signed: what `judgeOrder` judges by. */
export const readFacts = async (
  context: ChainContext,
  order: Order,
  signer: Signer,
): Promise<OrderFacts> => readOrderFacts(await readView(context), order, signer);
